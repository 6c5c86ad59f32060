/**
 * Puts a dead letter's frame where the store keeps its seq with a placeholder, or has nothing. It works beside the engine's
 * own writer: neither a placeholder nor what takes its place is part of a sender's chain, which is all that the writer
 * remembers of rows.
 */
import type { Database } from 'bun:sqlite';
import type { FillOutcome, PlaceholderFiller } from '../../ports/dead-letters.ts';
import type { LogRecord } from '../../ports/log-record.ts';
import { openDatabase } from '../database.ts';
import { guarded } from '../faults.ts';
import { rowId, SEQ_MASK, SEQ_OF_ID, STREAM_TABLES } from './schema.ts';

export class SqlitePlaceholderFiller implements PlaceholderFiller {
  readonly #db: Database;

  /** The store must exist: its writer makes it. */
  constructor(path: string) {
    this.#db = guarded(`open ${path}`, () => openDatabase(path));
  }

  fill(record: LogRecord): FillOutcome {
    const within = this.#db.transaction(() => this.#fillWithin(record));
    return guarded('fill a placeholder', () => within.immediate());
  }

  close(): void {
    guarded('close the message store', () => this.#db.close(true));
  }

  #fillWithin({ stream, room, seq, at, frame }: LogRecord): FillOutcome {
    const table = STREAM_TABLES[stream];
    const key = this.#db.query<{ key: number }, [string]>('SELECT key FROM room WHERE id = ?').get(room)?.key;
    if (key === undefined) return 'ahead';
    const id = rowId('?1', '?2');
    const find = `SELECT sender, frame FROM ${table} WHERE id = ${id}`;
    const there = this.#db.query<{ sender: string; frame: Uint8Array }, [number, number]>(find).get(key, seq);
    if (there === null) {
      if (seq > this.#head(table, key)) return 'ahead';
      const values = `(${id}, 0, '', '', ?3, ?4)`;
      this.#db
        .query<unknown, [number, number, number, Uint8Array]>(
          `INSERT INTO ${table} (id, prev, sender, nonce, at, frame) VALUES ${values}`,
        )
        .run(key, seq, at, frame);
      return 'filled';
    }
    if (Buffer.compare(there.frame, frame) === 0) return 'present';
    // What was recalled has a sender still, and stays recalled.
    if (there.frame.length > 0 || there.sender !== '') return 'taken';
    const set = `UPDATE ${table} SET at = ?3, frame = ?4 WHERE id = ${id}`;
    this.#db.query<unknown, [number, number, number, Uint8Array]>(set).run(key, seq, at, frame);
    return 'filled';
  }

  #head(table: string, key: number): number {
    const highest = `SELECT max(${SEQ_OF_ID}) AS seq FROM ${table} WHERE id BETWEEN ${rowId('?1', '0')} AND ${rowId('?1', String(SEQ_MASK))}`;
    return this.#db.query<{ seq: number | null }, [number]>(highest).get(key)?.seq ?? 0;
  }
}
