/** Effects of changes: what is kept of each message's state, and what a recall deletes. */
import type { Database, Statement } from 'bun:sqlite';
import type { LogRecord } from '../../ports/log-record.ts';
import { ROOM_OF_ID, rowId } from './schema.ts';

type StateParams = [room: number, seq: number, change: number, pinned: number, recalled: number, state: Uint8Array];

export class Effects {
  readonly #recalled: Statement<{ recalled: number }, [number, number]>;
  readonly #save: Statement<unknown, StateParams>;
  readonly #setTarget: Statement<unknown, [room: number, change: number, target: number]>;
  readonly #eraseMessage: Statement<unknown, [number, number]>;
  readonly #eraseChanges: Statement<unknown, [room: number, target: number, before: number]>;

  constructor(db: Database) {
    this.#recalled = db.prepare(`SELECT recalled FROM message_state WHERE id = ${rowId('?', '?')}`);
    this.#save = db.prepare(`
      INSERT INTO message_state (id, change, pinned, recalled, state) VALUES (${rowId('?', '?')}, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET change = excluded.change, pinned = excluded.pinned, state = excluded.state,
        recalled = max(recalled, excluded.recalled)
      WHERE excluded.change > change`);
    this.#setTarget = db.prepare(`UPDATE change SET target = ?3 WHERE id = ${rowId('?1', '?2')}`);
    this.#eraseMessage = db.prepare(`UPDATE message SET frame = x'' WHERE id = ${rowId('?', '?')}`);
    this.#eraseChanges = db.prepare(`
      UPDATE change SET frame = x'' WHERE ${ROOM_OF_ID} = ?1 AND target = ?2 AND target > 0 AND id < ${rowId('?1', '?3')}`);
  }

  /** Of a change that has a placeholder: it names the message too. */
  name(room: number, { seq: change, effect }: LogRecord): void {
    if (effect !== undefined) this.#setTarget.run(room, change, effect.seq);
  }

  /** Of a change that was stored just now. */
  apply(room: number, { seq: change, effect }: LogRecord): void {
    if (effect === undefined) return;
    const { seq, state, recalls, pinned } = effect;
    this.#setTarget.run(room, change, seq);
    // A change that comes to the store behind a later one may find its message recalled already.
    const recalledBefore = this.#recalled.get(room, seq)?.recalled ?? 0;
    this.#save.run(room, seq, change, pinned ? 1 : 0, recalls ? change : 0, state);
    if (recalls) this.#eraseMessage.run(room, seq);
    const recalled = Math.max(recalledBefore, recalls ? change : 0);
    if (recalled > 0) this.#eraseChanges.run(room, seq, recalled);
  }
}
