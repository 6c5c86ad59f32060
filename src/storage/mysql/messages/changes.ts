/** Changes, and what they have made of messages, as one server has them. */
import { cutStates, fitting, noStates, statesPage } from '../../ports/history-page.ts';
import type { ChangesQuery, StatesPage, StatesQuery, StoredChange, StoredState } from '../../ports/message-store.ts';
import type { SqlRunner } from '../connection.ts';
import { bytesOf } from './rows.ts';
import { STREAM_TABLES } from './schema.ts';

interface Size {
  readonly seq: number;
  readonly bytes: number;
}

const CHANGES = `${STREAM_TABLES.changes} FORCE INDEX (PRIMARY)`;
const STATES = 'message_state FORCE INDEX (PRIMARY)';
const WITHIN = 'room = ? AND seq BETWEEN ? AND ?';

/** Number of the newest change of the room that the server has; 0 if it has none. */
export async function changeHead(runner: SqlRunner, room: string): Promise<number> {
  const sql = `SELECT MAX(seq) AS head FROM ${STREAM_TABLES.changes} WHERE room = ?`;
  const [row] = await runner.rows<{ head: number | null }>(sql, [bytesOf(room)]);
  return row?.head ?? 0;
}

export async function readChanges(runner: SqlRunner, query: ChangesQuery): Promise<readonly StoredChange[]> {
  const { after, to, limit, maxBytes } = query;
  const room = bytesOf(query.room);
  const sizes = await runner.rows<Size>(
    `SELECT seq, LENGTH(frame) AS bytes FROM ${CHANGES} WHERE ${WITHIN} ORDER BY seq LIMIT ?`,
    [room, after + 1, to, limit],
  );
  const last = sizes[fitting(sizes, limit, maxBytes) - 1];
  if (last === undefined) return [];
  return await runner.rows<StoredChange>(
    `SELECT seq AS \`change\`, target AS seq, frame FROM ${CHANGES} WHERE ${WITHIN} ORDER BY ${STREAM_TABLES.changes}.seq`,
    [room, after + 1, last.seq],
  );
}

export async function readStates(runner: SqlRunner, query: StatesQuery): Promise<StatesPage> {
  const room = bytesOf(query.room);
  const order = query.descending ? 'seq DESC' : 'seq';
  const sizes = await runner.rows<Size>(
    `SELECT seq, LENGTH(state) AS bytes FROM ${STATES} WHERE ${WITHIN} ORDER BY ${order}`,
    [room, query.from, query.to],
  );
  const cut = cutStates(query, sizes);
  if (cut === undefined) return noStates(query);
  const states = await runner.rows<StoredState>(
    `SELECT seq, \`change\`, state FROM ${STATES} WHERE ${WITHIN} ORDER BY seq`,
    [room, cut.from, cut.to],
  );
  return statesPage(query, states, cut.reached);
}

export async function readPins(runner: SqlRunner, room: string): Promise<readonly StoredState[]> {
  return await runner.rows<StoredState>(
    'SELECT seq, `change`, state FROM message_state WHERE room = ? AND pinned = 1 ORDER BY seq',
    [bytesOf(room)],
  );
}
