/**
 * A page of history as one server has it. Rows never change but for a recall, which only empties frames, so that its two
 * steps need no common snapshot.
 */
import { fitting } from '../../ports/history-page.ts';
import type { HistoryPage, HistoryQuery } from '../../ports/message-store.ts';
import type { SqlRunner } from '../connection.ts';
import { bytesOf } from './rows.ts';
import { MAX_SEQ, STREAM_TABLES } from './schema.ts';

interface Size {
  readonly seq: number;
  readonly bytes: number;
}

/** A page with what tells whether it could lack rows that other servers have. */
export interface FoundPage extends HistoryPage {
  /** Seq of the last frame; 0 if there is none. */
  readonly lastSeq: number;
}

const EMPTY_PAGE: FoundPage = { frames: [], firstSeq: 0, lastSeq: 0, more: false };
const TABLE = `${STREAM_TABLES.messages} FORCE INDEX (PRIMARY)`;
const SIZES_UP = `SELECT seq, LENGTH(frame) AS bytes FROM ${TABLE} WHERE room = ? AND seq > ? ORDER BY seq LIMIT ?`;
const SIZES_DOWN = `SELECT seq, LENGTH(frame) AS bytes FROM ${TABLE} WHERE room = ? AND seq < ? ORDER BY seq DESC LIMIT ?`;
const FRAMES = `SELECT frame FROM ${TABLE} WHERE room = ? AND seq BETWEEN ? AND ? ORDER BY seq`;

export async function readPage(runner: SqlRunner, query: HistoryQuery): Promise<FoundPage> {
  const room = bytesOf(query.room);
  // One row more than asked for, to know whether there is more.
  const [sql, from] =
    query.after === undefined
      ? [SIZES_DOWN, Math.max(Math.min(query.before ?? MAX_SEQ + 1, MAX_SEQ + 1), 0)]
      : [SIZES_UP, Math.max(query.after, 0)];
  const sizes = await runner.rows<Size>(sql, [room, from, query.limit + 1]);
  const count = fitting(sizes, query.limit, query.maxBytes);
  const near = sizes[0];
  const far = sizes[count - 1];
  if (near === undefined || far === undefined) return EMPTY_PAGE;
  const firstSeq = Math.min(near.seq, far.seq);
  const lastSeq = Math.max(near.seq, far.seq);
  const rows = await runner.rows<{ frame: Uint8Array }>(FRAMES, [room, firstSeq, lastSeq]);
  return { frames: rows.map((row) => row.frame), firstSeq, lastSeq, more: sizes.length > count };
}
