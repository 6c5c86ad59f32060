/**
 * The message store's reading side. Each read is over when its method returns, so that no reader keeps the WAL from being
 * checkpointed. Rows never change but for a recall, which only empties frames, so that the steps of one read need no common
 * snapshot.
 */
import type { Database, Statement } from 'bun:sqlite';
import { checkQuery, fitting, noStates } from '../../ports/history-page.ts';
import type { RecordStream } from '../../ports/log-record.ts';
import type {
  ChangesQuery,
  HistoryPage,
  HistoryQuery,
  ListedRoom,
  MentionQuery,
  MessageStoreReader,
  PostedNonce,
  RoomHead,
  StatesPage,
  StatesQuery,
  StoredChange,
  StoredState,
} from '../../ports/message-store.ts';
import { openDatabase } from '../database.ts';
import { guarded } from '../faults.ts';
import { ChangeReader } from './change-reader.ts';
import { rowId, SEQ_MASK, SEQ_OF_ID, STREAM_TABLES } from './schema.ts';
import { SenderChain } from './sender-chain.ts';

interface Size {
  readonly seq: number;
  readonly bytes: number;
}

const CACHE_KIB = 16 * 1024;
const NOTHING: RoomHead = { seq: 0, change: 0 };
const EMPTY_PAGE: HistoryPage = { frames: [], firstSeq: 0, more: false };

export class SqliteMessageStoreReader implements MessageStoreReader {
  readonly #db: Database;
  readonly #room: Statement<{ key: number }, [string]>;
  readonly #head: Statement<{ seq: number; change: number }, [number]>;
  readonly #sizesUp: Statement<Size, [room: number, after: number, limit: number]>;
  readonly #sizesDown: Statement<Size, [room: number, before: number, limit: number]>;
  readonly #frames: Statement<{ frame: Uint8Array }, [room: number, first: number, last: number]>;
  readonly #mentions: Statement<{ count: number }, [room: number, user: string, after: number, to: number]>;
  readonly #rooms: Statement<{ key: number; room: string }, [after: string, limit: number]>;
  readonly #chains: Readonly<Record<RecordStream, SenderChain>>;
  readonly #changes: ChangeReader;

  /** The store must exist: its writer creates it. */
  constructor(path: string) {
    this.#db = guarded(`open ${path} for reading`, () => openDatabase(path, { readonly: true, cacheKib: CACHE_KIB }));
    const db = this.#db;
    const start = rowId('?1', '0');
    const end = rowId('(?1 + 1)', '0');
    const newest = (table: string) => `
      ifnull((SELECT ${SEQ_OF_ID} FROM ${table} WHERE id > ${start} AND id < ${end} ORDER BY id DESC LIMIT 1), 0)`;
    const size = `SELECT ${SEQ_OF_ID} AS seq, length(frame) AS bytes FROM message`;
    this.#room = db.prepare('SELECT key FROM room WHERE id = ?');
    this.#head = db.prepare(`SELECT ${newest('message')} AS seq, ${newest('change')} AS change`);
    this.#sizesUp = db.prepare(`${size} WHERE id > ${rowId('?1', '?2')} AND id < ${end} ORDER BY id LIMIT ?3`);
    this.#sizesDown = db.prepare(`${size} WHERE id > ${start} AND id < ${rowId('?1', '?2')} ORDER BY id DESC LIMIT ?3`);
    this.#frames = db.prepare(`
      SELECT frame FROM message WHERE id BETWEEN ${rowId('?1', '?2')} AND ${rowId('?1', '?3')} ORDER BY id`);
    this.#mentions = db.prepare(`
      SELECT count(DISTINCT seq) AS count FROM mention
      WHERE room = ?1 AND user IN (?2, '*') AND seq > ?3 AND seq <= ?4`);
    this.#rooms = db.prepare('SELECT key, id AS room FROM room WHERE id > ? ORDER BY id LIMIT ?');
    this.#chains = {
      messages: new SenderChain(db, STREAM_TABLES.messages),
      changes: new SenderChain(db, STREAM_TABLES.changes),
    };
    this.#changes = new ChangeReader(db);
  }

  head(room: string): RoomHead {
    return guarded("read a room's head", () => {
      const key = this.#key(room);
      return (key === null ? null : this.#head.get(key)) ?? NOTHING;
    });
  }

  history(query: HistoryQuery): HistoryPage {
    checkQuery(query);
    return guarded('read history', () => {
      const key = this.#key(query.room);
      if (key === null) return EMPTY_PAGE;
      const sizes = this.#sizes(key, query);
      const count = fitting(sizes, query.limit, query.maxBytes);
      const near = sizes[0];
      const far = sizes[count - 1];
      if (near === undefined || far === undefined) return EMPTY_PAGE;
      const firstSeq = Math.min(near.seq, far.seq);
      const rows = this.#frames.all(key, firstSeq, Math.max(near.seq, far.seq));
      return { frames: rows.map((row) => row.frame), firstSeq, more: sizes.length > count };
    });
  }

  rooms(after: string, limit: number): readonly ListedRoom[] {
    return guarded('list rooms', () =>
      this.#rooms.all(after, limit).map(({ key, room }) => ({ room, ...(this.#head.get(key) ?? NOTHING) })),
    );
  }

  mentions(room: string, users: readonly MentionQuery[], to: number): readonly number[] {
    return guarded('count mentions', () => {
      const key = this.#key(room);
      return users.map(({ user, after }) =>
        key === null ? 0 : (this.#mentions.get(key, user, after, to)?.count ?? 0),
      );
    });
  }

  nonces(room: string, sender: string, limit: number, stream: RecordStream = 'messages'): readonly PostedNonce[] {
    return guarded('read nonces', () => {
      const key = this.#key(room);
      const chain = this.#chains[stream];
      return key === null ? [] : chain.before(key, chain.last(key, sender), limit);
    });
  }

  changes(query: ChangesQuery): readonly StoredChange[] {
    return guarded('read changes', () => {
      const key = this.#key(query.room);
      return key === null ? [] : this.#changes.changes(key, query);
    });
  }

  states(query: StatesQuery): StatesPage {
    return guarded('read what changes have made of messages', () => {
      const key = this.#key(query.room);
      return key === null ? noStates(query) : this.#changes.states(key, query);
    });
  }

  pins(room: string): readonly StoredState[] {
    return guarded('read pins', () => {
      const key = this.#key(room);
      return key === null ? [] : this.#changes.pins(key);
    });
  }

  close(): void {
    guarded('close the message store', () => this.#db.close(true));
  }

  #key(room: string): number | null {
    return this.#room.get(room)?.key ?? null;
  }

  /** One row more than asked for, to know whether there is more. */
  #sizes(room: number, query: HistoryQuery): Size[] {
    if (query.after !== undefined) return this.#sizesUp.all(room, clamp(query.after), query.limit + 1);
    return this.#sizesDown.all(room, clamp(query.before ?? SEQ_MASK), query.limit + 1);
  }
}

/** Keeps a seq within its bits of a row's id. */
function clamp(seq: number): number {
  return Math.min(Math.max(seq, 0), SEQ_MASK);
}
