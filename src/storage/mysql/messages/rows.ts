/** Rows of one stream: how they are inserted, in statements of few shapes, and how they are found by their keys. */
import type { LogRecord } from '../../ports/log-record.ts';
import type { SqlRunner, SqlValue } from '../connection.ts';
import { STREAM_TABLES, type StreamTableName } from './schema.ts';

/** What a row is made of; `again` goes by how it is inserted. */
export type Row = Pick<LogRecord, 'room' | 'seq' | 'sender' | 'nonce' | 'at' | 'frame' | 'effect'>;

/** A room's stored row, as far as a record is compared with it. */
export type StoredRow = Omit<Row, 'at' | 'effect'>;

/** Names one use of a nonce. */
export type NonceUse = Pick<Row, 'room' | 'sender' | 'nonce'>;

export interface SenderPost {
  readonly seq: number;
  readonly nonce: string;
}

interface StoredColumns {
  readonly room: Uint8Array;
  readonly seq: number;
  readonly sender: Uint8Array;
  readonly nonce: Uint8Array;
  readonly frame: Uint8Array;
}

/**
 * Sizes of the statements that are prepared, once a session. Fewer rows than the least travel as text, which costs more
 * for each, but takes one statement whatever their number. The largest is also the most keys in one look-up: past 1,000
 * MariaDB would turn it into a join.
 */
const PREPARED_ROWS = [512, 256, 128] as const;
const MAX_ROWS = PREPARED_ROWS[0];
/** A quarter of the smallest `max_allowed_packet` that the store takes, as text has two digits for each byte. */
const MAX_STATEMENT_BYTES = 4 * 1024 * 1024;
/** A statement of this shape differs from call to call. */
const TEXT = { prepared: false } as const;

/** Cuts a list into pieces that one statement takes. */
export function statementPieces<T>(rows: readonly T[], bytesOfRow: (row: T) => number): (readonly T[])[] {
  const pieces: (readonly T[])[] = [];
  let start = 0;
  while (start < rows.length) {
    const room = fitting(rows, start, bytesOfRow);
    const size = PREPARED_ROWS.find((rowCount) => rowCount <= room) ?? room;
    pieces.push(rows.slice(start, start + size));
    start += size;
  }
  return pieces;
}

/** How many rows from `start` on fit one statement, at least one. */
function fitting<T>(rows: readonly T[], start: number, bytesOfRow: (row: T) => number): number {
  let bytes = 0;
  let end = start;
  while (end < rows.length && end - start < MAX_ROWS) {
    bytes += bytesOfRow(rows[end] as T);
    if (end > start && bytes > MAX_STATEMENT_BYTES) break;
    end += 1;
  }
  return end - start;
}

/**
 * Inserts all rows or none, each as the first that has its nonce. `rows` is one of the `statementPieces`. Rejects for a
 * key that is taken (`isDuplicate`).
 */
export async function insertPiece(runner: SqlRunner, table: StreamTableName, rows: readonly Row[]): Promise<void> {
  const values: SqlValue[] = [];
  for (const row of rows) {
    const { room, seq, sender, nonce, at, frame } = row;
    values.push(room, seq, sender, nonce, at, frame, ...targetOf(table, row));
  }
  const isPrepared = PREPARED_ROWS.some((size) => size === rows.length);
  await runner.run(insertStatement(table, rows.length), values, isPrepared ? undefined : TEXT);
}

/** Inserts a row whose nonce is taken by an earlier one, or that has none. */
export async function insertAgain(runner: SqlRunner, table: StreamTableName, row: Row): Promise<void> {
  const { room, seq, sender, nonce, at, frame } = row;
  const { columns, places } = shapeOf(table);
  const sql = `INSERT INTO ${table} (${columns}) VALUES (?, ?, ?, ?, ?, ${places})`;
  await runner.run(sql, [room, seq, sender, nonce, seq, at, frame, ...targetOf(table, row)]);
}

function insertStatement(table: StreamTableName, rows: number): string {
  const { columns, places } = shapeOf(table);
  const values = Array<string>(rows).fill(`(?, ?, ?, ?, 0, ${places})`).join(', ');
  return `INSERT INTO ${table} (${columns}) VALUES ${values}`;
}

/** Changes name the message that they changed. */
function shapeOf(table: StreamTableName): { readonly columns: string; readonly places: string } {
  const columns = 'room, seq, sender, nonce, again, at, frame';
  return table === STREAM_TABLES.changes
    ? { columns: `${columns}, target`, places: '?, ?, ?' }
    : { columns, places: '?, ?' };
}

function targetOf(table: StreamTableName, { effect }: Row): readonly number[] {
  return table === STREAM_TABLES.changes ? [effect?.seq ?? 0] : [];
}

/** The rows that are stored at these seqs. */
export async function findBySeq(
  runner: SqlRunner,
  table: StreamTableName,
  keys: readonly Pick<Row, 'room' | 'seq'>[],
): Promise<readonly StoredRow[]> {
  if (keys.length === 0) return [];
  const sql = `
    SELECT room, seq, sender, nonce, frame FROM ${table} FORCE INDEX (PRIMARY)
    WHERE (room, seq) IN (${keys.map(() => '(?, ?)').join(', ')})`;
  const values = keys.flatMap(({ room, seq }) => [bytesOf(room), seq]);
  const rows = await runner.rows<StoredColumns>(sql, values, TEXT);
  return rows.map(({ room, seq, sender, nonce, frame }) => ({
    room: textOf(room),
    seq,
    sender: textOf(sender),
    nonce: textOf(nonce),
    frame,
  }));
}

/** Those of the uses that are stored, at whatever seq. */
export async function findUses(
  runner: SqlRunner,
  table: StreamTableName,
  uses: readonly NonceUse[],
): Promise<readonly NonceUse[]> {
  if (uses.length === 0) return [];
  const sql = `
    SELECT DISTINCT room, sender, nonce FROM ${table} FORCE INDEX (room_sender_nonce)
    WHERE (room, sender, nonce) IN (${uses.map(() => '(?, ?, ?)').join(', ')})`;
  const values = uses.flatMap(({ room, sender, nonce }) => [bytesOf(room), bytesOf(sender), bytesOf(nonce)]);
  const rows = await runner.rows<Pick<StoredColumns, 'room' | 'sender' | 'nonce'>>(sql, values, TEXT);
  return rows.map(({ room, sender, nonce }) => ({ room: textOf(room), sender: textOf(sender), nonce: textOf(nonce) }));
}

/** A sender's last posts in a room, at most `limit`, ascending by seq. */
export async function lastPosts(
  runner: SqlRunner,
  table: StreamTableName,
  { room, sender }: Pick<Row, 'room' | 'sender'>,
  limit: number,
): Promise<readonly (SenderPost & { readonly at: number })[]> {
  if (limit === 0) return [];
  const rows = await runner.rows<Pick<StoredColumns, 'seq' | 'nonce'> & { readonly at: number }>(
    `SELECT seq, nonce, at FROM ${table} FORCE INDEX (room_sender_seq)
     WHERE room = ? AND sender = ? ORDER BY seq DESC LIMIT ?`,
    [bytesOf(room), bytesOf(sender), limit],
  );
  return rows.map(({ seq, nonce, at }) => ({ seq, nonce: textOf(nonce), at })).reverse();
}

/** Ids are compared as the bytes that they are stored as. */
export function bytesOf(text: string): Uint8Array {
  return Buffer.from(text);
}

export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
}
