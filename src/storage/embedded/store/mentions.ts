/** The index of mentions: by room and user, which messages speak to them. */
import type { Database, Statement } from 'bun:sqlite';
import type { LogRecord } from '../../ports/log-record.ts';

export class Mentions {
  readonly #insert: Statement<unknown, [number, string, number]>;
  readonly #deleteNamed: Statement<unknown, [number, number]>;
  readonly #deleteAll: Statement<unknown, [number, number]>;

  constructor(db: Database) {
    this.#insert = db.prepare('INSERT INTO mention VALUES (?, ?, ?) ON CONFLICT DO NOTHING');
    this.#deleteNamed = db.prepare("DELETE FROM mention WHERE room = ? AND seq = ? AND user <> '*'");
    this.#deleteAll = db.prepare('DELETE FROM mention WHERE room = ? AND seq = ?');
  }

  /** Of a record that was stored just now. */
  apply(room: number, { stream, seq, effect }: LogRecord, users: readonly string[] | undefined): void {
    if (effect?.recalls === true) this.#deleteAll.run(room, effect.seq);
    if (users === undefined) return;
    const message = stream === 'messages' ? seq : effect?.seq;
    if (message === undefined) return;
    if (stream === 'changes') this.#deleteNamed.run(room, message);
    for (const user of users) this.#insert.run(room, user, message);
  }
}
