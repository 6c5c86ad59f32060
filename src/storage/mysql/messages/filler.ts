/** Puts a dead letter's frame where the store keeps its seq with a placeholder, or has nothing. */
import type { FillOutcome, PlaceholderFiller } from '../../ports/dead-letters.ts';
import type { LogRecord } from '../../ports/log-record.ts';
import { openPool, type SqlPool } from '../pool.ts';
import type { SqlTransaction } from '../transaction.ts';
import { bytesOf, insertAgain } from './rows.ts';
import { STREAM_TABLES } from './schema.ts';

/** Opens nothing yet: the first call does. The tables must exist: the writer makes them. */
export function openPlaceholderFiller(url: string): PlaceholderFiller {
  return new MysqlPlaceholderFiller(openPool(url, { maxConnections: 1 }));
}

class MysqlPlaceholderFiller implements PlaceholderFiller {
  readonly #pool: SqlPool;

  constructor(pool: SqlPool) {
    this.#pool = pool;
  }

  async fill(record: LogRecord): Promise<FillOutcome> {
    return await this.#pool.transaction((tx) => fillWithin(tx, record));
  }

  async close(): Promise<void> {
    await this.#pool.close();
  }
}

async function fillWithin(tx: SqlTransaction, record: LogRecord): Promise<FillOutcome> {
  const table = STREAM_TABLES[record.stream];
  const { seq, at, frame } = record;
  const room = bytesOf(record.room);
  const [there] = await tx.rows<{ frame: Uint8Array; named: number }>(
    `SELECT frame, LENGTH(sender) AS named FROM ${table} WHERE room = ? AND seq = ? FOR UPDATE`,
    [room, seq],
  );
  if (there !== undefined) {
    if (Buffer.compare(there.frame, frame) === 0) return 'present';
    // What was recalled has a sender still, and stays recalled.
    if (there.frame.length > 0 || there.named > 0) return 'taken';
    await tx.run(`UPDATE ${table} SET frame = ?, at = ? WHERE room = ? AND seq = ?`, [frame, at, room, seq]);
    return 'filled';
  }
  const [head] = await tx.rows<{ seq: number | null }>(`SELECT MAX(seq) AS seq FROM ${table} WHERE room = ?`, [room]);
  if (seq > (head?.seq ?? 0)) return 'ahead';
  await insertAgain(tx, table, { ...record, sender: '', nonce: '' });
  return 'filled';
}
