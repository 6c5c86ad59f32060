/** The search index in a FULLTEXT table. Replicas search; what this process has indexed they show, or the primary does. */
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
import type { SqlRunner, SqlValue } from '../connection.ts';
import type { MysqlServers } from '../mysql-servers.ts';
import { text } from '../records/text.ts';
import type { SqlTransaction } from '../transaction.ts';

/** These statements differ from call to call. */
const TEXT = { prepared: false } as const;
/** Well under the smallest `max_allowed_packet` that the engine takes. */
const MAX_STATEMENT_BYTES = 2 * 1024 * 1024;
const MAX_STATEMENT_ROWS = 256;

interface Row {
  readonly id: number;
  readonly room: Uint8Array;
  readonly seq: number;
  readonly sender: Uint8Array;
  readonly at: number;
}

export class MysqlSearch implements Search {
  readonly #servers: Pick<MysqlServers, 'primary' | 'replicas'>;

  /** The servers stay the caller's to close; their schema has to be the newest. */
  constructor(servers: Pick<MysqlServers, 'primary' | 'replicas'>) {
    this.#servers = servers;
  }

  /** A version that is not there yet, or not any more, says that the index is to be emptied: a crash in between is mended. */
  async prepare(version: number, anew: boolean): Promise<boolean> {
    const { primary } = this.#servers;
    const [made] = await primary.rows<{ version: number }>('SELECT version FROM search_version WHERE only = 1');
    if (made?.version === version && !anew) {
      const rooms = await primary.rows('SELECT id FROM search_room LIMIT 1');
      return rooms.length === 0;
    }
    await primary.run('DELETE FROM search_version');
    await primary.run('TRUNCATE TABLE search_message', [], TEXT);
    await primary.run('TRUNCATE TABLE search_room', [], TEXT);
    await primary.run('INSERT INTO search_version (only, version) VALUES (1, ?)', [version]);
    return true;
  }

  async positions(rooms: readonly string[]): Promise<readonly SearchPosition[]> {
    if (rooms.length === 0) return [];
    const rows = await this.#servers.primary.rows<{ room: Uint8Array; seq: number; change: number }>(
      `SELECT room, seq, \`change\` FROM search_room WHERE room IN (${places(rooms)})`,
      rooms.map(bytesOf),
      TEXT,
    );
    return rows.map(({ room, seq, change }) => ({ room: text(room), seq, change }));
  }

  async index(batch: SearchBatch): Promise<void> {
    await this.#servers.primary.transaction((tx) => indexWithin(tx, batch));
  }

  async search(query: SearchQuery): Promise<SearchPage> {
    const { rooms, terms, limit } = query;
    const after = cursorOf(query.cursor);
    if (rooms.length === 0 || terms.length === 0) return { hits: [] };
    const { primary, replicas } = this.#servers;
    const found = await replicas.read(primary.committed, (runner) => find(runner, query, after));
    const hits = found.slice(0, limit).map(hitOf);
    const last = found.length > limit ? found[limit - 1] : undefined;
    return last === undefined ? { hits } : { hits, cursor: `${last.at}.${last.id}` };
  }

  /** Has nothing of its own open. */
  close(): Promise<void> {
    return Promise.resolve();
  }
}

async function find(
  runner: SqlRunner,
  { rooms, terms, sender, before, limit }: SearchQuery,
  after: readonly [at: number, id: number] | undefined,
): Promise<readonly Row[]> {
  const keys = await runner.rows<{ id: number }>(
    `SELECT id FROM search_room WHERE room IN (${places(rooms)})`,
    rooms.map(bytesOf),
    TEXT,
  );
  if (keys.length === 0) return [];
  const ids = keys.map(({ id }) => id);
  const conditions = ['MATCH (m.tokens) AGAINST (? IN BOOLEAN MODE)', `m.room IN (${ids.join(', ')})`];
  const values: SqlValue[] = [matchOf(ids, terms)];
  if (sender !== undefined) {
    conditions.push('m.sender = ?');
    values.push(bytesOf(sender));
  }
  if (before !== undefined) {
    conditions.push('m.at < ?');
    values.push(before);
  }
  if (after !== undefined) {
    conditions.push('(m.at < ? OR (m.at = ? AND m.id < ?))');
    values.push(after[0], after[0], after[1]);
  }
  return await runner.rows<Row>(
    `SELECT m.id, r.room, m.seq, m.sender, m.at FROM search_message AS m JOIN search_room AS r ON r.id = m.room
     WHERE ${conditions.join(' AND ')} ORDER BY m.at DESC, m.id DESC LIMIT ${limit + 1}`,
    values,
    TEXT,
  );
}

async function indexWithin(tx: SqlTransaction, { position, messages }: SearchBatch): Promise<void> {
  const { room, seq, change } = position;
  await tx.run(
    `INSERT INTO search_room (room, seq, \`change\`) VALUES (?, ?, ?)
     ON DUPLICATE KEY UPDATE seq = VALUES(seq), \`change\` = VALUES(\`change\`)`,
    [bytesOf(room), seq, change],
  );
  const [key] = await tx.rows<{ id: number }>('SELECT id FROM search_room WHERE room = ?', [bytesOf(room)]);
  if (key === undefined) throw new Error('a room that was inserted is not there');
  for (const piece of pieces(messages)) {
    const seqs = piece.map((message) => message.seq);
    await tx.run(`DELETE FROM search_message WHERE room = ? AND seq IN (${places(seqs)})`, [key.id, ...seqs], TEXT);
    const rows = piece.filter(({ tokens }) => tokens.length > 0);
    if (rows.length === 0) continue;
    await tx.run(
      `INSERT INTO search_message (room, seq, sender, at, tokens) VALUES ${rows.map(() => '(?, ?, ?, ?, ?)').join(', ')}`,
      rows.flatMap((row): SqlValue[] => [key.id, row.seq, bytesOf(row.sender), row.at, wordsOfRow(key.id, row)]),
      TEXT,
    );
  }
}

/** What one statement takes, at least one message. */
function pieces(messages: readonly SearchableMessage[]): (readonly SearchableMessage[])[] {
  const found: SearchableMessage[][] = [];
  let bytes = 0;
  for (const message of messages) {
    const size = message.tokens.reduce((sum, token) => sum + token.length + 1, 64);
    const piece = found.at(-1);
    bytes += size;
    if (piece === undefined || piece.length === MAX_STATEMENT_ROWS || bytes > MAX_STATEMENT_BYTES) {
      found.push([message]);
      bytes = size;
    } else piece.push(message);
  }
  return found;
}

/** No token of a text begins so, and it is long enough for every server. */
function roomToken(id: number): string {
  return `qr${id}`;
}

function wordsOfRow(room: number, { tokens }: SearchableMessage): string {
  return `${roomToken(room)} ${tokens.join(' ')}`;
}

function matchOf(rooms: readonly number[], terms: readonly SearchTerm[]): string {
  const words = terms.map(({ token, prefix }) => (prefix ? `+${token}*` : `+${token}`));
  return `+(${rooms.map(roomToken).join(' ')}) ${words.join(' ')}`;
}

function hitOf({ room, seq, sender, at }: Row): SearchHit {
  return { room: text(room), seq, sender: text(sender), at };
}

function cursorOf(cursor: string | undefined): readonly [number, number] | undefined {
  if (cursor === undefined) return undefined;
  const parts = /^(\d{1,16})\.(\d{1,16})$/.exec(cursor);
  if (parts === null) throw new StorageFault('refused', 'no search has made this cursor');
  return [Number(parts[1]), Number(parts[2])];
}

function places(values: readonly unknown[]): string {
  return values.map(() => '?').join(', ');
}

/** Ids are compared as the bytes that they are stored as. */
function bytesOf(id: string): Uint8Array {
  return Buffer.from(id);
}
