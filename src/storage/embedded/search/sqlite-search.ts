/** The search index on SQLite's FTS5. A crash of the machine may cost its last moments, which are then indexed again. */
import type { Database, Statement } from 'bun:sqlite';
import { StorageFault } from '../../ports/faults.ts';
import type {
  Search,
  SearchableMessage,
  SearchBatch,
  SearchHit,
  SearchPage,
  SearchPosition,
  SearchQuery,
} from '../../ports/search.ts';
import type { SearchTerm } from '../../ports/search-words.ts';
import { openDatabase } from '../database.ts';
import { guarded } from '../faults.ts';
import { migrate } from '../migrations.ts';
import { firstIdAt, SEARCH_MIGRATIONS } from './schema.ts';

const CACHE_KIB = 16 * 1024;

type FindParams = [words: string, before: number, sender: string | null, limit: number];

export class SqliteSearch implements Search {
  readonly #db: Database;
  readonly #position: Statement<SearchPosition, [string]>;
  readonly #key: Statement<{ key: number }, [string]>;
  readonly #setPosition: Statement<{ key: number }, [string, number, number]>;
  readonly #message: Statement<{ id: number }, [number, number]>;
  readonly #lastId: Statement<{ id: number | null }, [number, number]>;
  readonly #insert: Statement<unknown, [number, number, number, string, number]>;
  readonly #delete: Statement<unknown, [number]>;
  readonly #addWords: Statement<unknown, [number, string]>;
  readonly #dropWords: Statement<unknown, [number]>;
  readonly #find: Statement<SearchHit & { readonly id: number }, FindParams>;

  constructor(path: string) {
    this.#db = guarded(`open ${path}`, () => {
      const db = openDatabase(path, { cacheKib: CACHE_KIB });
      try {
        db.run('PRAGMA synchronous = NORMAL');
        migrate(db, SEARCH_MIGRATIONS);
        return db;
      } catch (error) {
        db.close(true);
        throw error;
      }
    });
    const db = this.#db;
    this.#position = db.prepare('SELECT id AS room, seq, change FROM room WHERE id = ?');
    this.#key = db.prepare('SELECT key FROM room WHERE id = ?');
    this.#setPosition = db.prepare(`
      INSERT INTO room (id, seq, change) VALUES (?1, ?2, ?3)
      ON CONFLICT (id) DO UPDATE SET seq = ?2, change = ?3 RETURNING key`);
    this.#message = db.prepare('SELECT id FROM message WHERE room = ? AND seq = ?');
    this.#lastId = db.prepare('SELECT max(id) AS id FROM message WHERE id >= ? AND id < ?');
    this.#insert = db.prepare('INSERT INTO message VALUES (?, ?, ?, ?, ?)');
    this.#delete = db.prepare('DELETE FROM message WHERE id = ?');
    this.#addWords = db.prepare('INSERT INTO words (rowid, tokens) VALUES (?, ?)');
    this.#dropWords = db.prepare('DELETE FROM words WHERE rowid = ?');
    // CROSS JOIN keeps the order: words first, newest first, and only then the rows.
    this.#find = db.prepare(`
      SELECT message.id, room.id AS room, message.seq, sender, at
      FROM words CROSS JOIN message ON message.id = words.rowid CROSS JOIN room ON room.key = message.room
      WHERE words MATCH ?1 AND words.rowid < ?2 AND (?3 IS NULL OR sender = ?3)
      ORDER BY words.rowid DESC LIMIT ?4`);
  }

  prepare(version: number, anew: boolean): boolean {
    return guarded('prepare the search index', () =>
      this.#db.transaction(() => this.#prepare(version, anew)).immediate(),
    );
  }

  positions(rooms: readonly string[]): readonly SearchPosition[] {
    return guarded('read what is indexed', () => rooms.flatMap((room) => this.#position.get(room) ?? []));
  }

  index(batch: SearchBatch): void {
    guarded('index messages', () => this.#db.transaction(() => this.#indexWithin(batch)).immediate());
  }

  search({ terms, rooms, sender, before, limit, cursor }: SearchQuery): SearchPage {
    const below = Math.min(idOf(cursor), before === undefined ? Number.MAX_SAFE_INTEGER : firstIdAt(before));
    return guarded('search', () => {
      const keys = rooms.flatMap((room) => this.#key.get(room)?.key ?? []);
      if (keys.length === 0 || terms.length === 0) return { hits: [] };
      const found = this.#find.all(matchOf(keys, terms), below, sender ?? null, limit + 1);
      const last = found.length > limit ? found[limit - 1] : undefined;
      const hits = found.slice(0, limit).map(({ id: _, ...hit }) => hit);
      return last === undefined ? { hits } : { hits, cursor: String(last.id) };
    });
  }

  close(): void {
    guarded('close the search index', () => this.#db.close(true));
  }

  #prepare(version: number, anew: boolean): boolean {
    const made = this.#db.query<{ version: number }, []>('SELECT version FROM words_version').get()?.version;
    if (made === version && !anew) return this.#db.query('SELECT 1 FROM room LIMIT 1').get() === null;
    this.#db.run("INSERT INTO words (words) VALUES ('delete-all')");
    this.#db.run('DELETE FROM message');
    this.#db.run('DELETE FROM room');
    this.#db.run('INSERT INTO words_version VALUES (1, ?1) ON CONFLICT DO UPDATE SET version = ?1', [version]);
    return true;
  }

  #indexWithin({ position: { room, seq, change }, messages }: SearchBatch): void {
    const { key } = this.#setPosition.get(room, seq, change) as { key: number };
    for (const message of messages) this.#put(key, message);
  }

  #put(room: number, { seq, sender, at, tokens }: SearchableMessage): void {
    const there = this.#message.get(room, seq);
    if (there !== null) {
      this.#dropWords.run(there.id);
      this.#delete.run(there.id);
    }
    if (tokens.length === 0) return;
    const id = there?.id ?? this.#freeId(at);
    this.#insert.run(id, room, seq, sender, at);
    this.#addWords.run(id, `${roomToken(room)} ${tokens.join(' ')}`);
  }

  /** Where one millisecond has more messages than ids, they flow over into those that follow. */
  #freeId(at: number): number {
    for (let ms = at; ; ms += 1) {
      const first = firstIdAt(ms);
      const end = firstIdAt(ms + 1);
      const id = (this.#lastId.get(first, end)?.id ?? first - 1) + 1;
      if (id < end || end === first) return id;
    }
  }
}

/** No token of a text begins so. */
function roomToken(key: number): string {
  return `qr${key}`;
}

function matchOf(rooms: readonly number[], terms: readonly SearchTerm[]): string {
  const words = terms.map(({ token, prefix }) => (prefix ? `${token}*` : token));
  return `(${rooms.map(roomToken).join(' OR ')}) AND ${words.join(' AND ')}`;
}

function idOf(cursor: string | undefined): number {
  if (cursor === undefined) return Number.MAX_SAFE_INTEGER;
  const id = /^\d{1,16}$/.test(cursor) ? Number(cursor) : Number.NaN;
  if (!Number.isSafeInteger(id)) throw new StorageFault('refused', 'no search has made this cursor');
  return id;
}
