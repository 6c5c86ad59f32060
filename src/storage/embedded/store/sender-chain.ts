/** A sender's last records in a room, found by walking the chain of `prev` from the newest one back. */
import type { Database, Statement } from 'bun:sqlite';
import type { PostedNonce } from '../../ports/message-store.ts';
import { rowId, SEQ_OF_ID } from './schema.ts';

export class SenderChain {
  readonly #last: Statement<{ seq: number }, [number, string]>;
  readonly #walk: Statement<PostedNonce, [number, number, number]>;

  constructor(db: Database, table: 'message' | 'change') {
    this.#last = db.prepare(`SELECT seq FROM ${table}_sender WHERE room = ? AND sender = ?`);
    this.#walk = db.prepare(`
      WITH RECURSIVE chain (seq, prev, nonce, at, length) AS (
        SELECT ${SEQ_OF_ID}, prev, nonce, at, 1 FROM ${table} WHERE id = ${rowId('?1', '?2')}
        UNION ALL
        SELECT chain.prev, t.prev, t.nonce, t.at, chain.length + 1
        FROM chain CROSS JOIN ${table} AS t ON t.id = ${rowId('?1', 'chain.prev')}
        WHERE chain.prev > 0 AND chain.length < ?3
      )
      SELECT seq, nonce, at FROM chain ORDER BY seq`);
  }

  /** Seq of the sender's newest record in the room; 0 if there is none. */
  last(room: number, sender: string): number {
    return this.#last.get(room, sender)?.seq ?? 0;
  }

  /** The records that end with `last`, at most `limit`, ascending by seq. */
  before(room: number, last: number, limit: number): PostedNonce[] {
    return last === 0 || limit === 0 ? [] : this.#walk.all(room, last, limit);
  }
}
