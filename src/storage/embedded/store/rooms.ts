/** Short integer keys for room ids, and the highest epoch that each room's records have had. */
import type { Database, Statement } from 'bun:sqlite';

export interface RoomState {
  readonly key: number;
  epoch: number;
}

const MAX_KNOWN = 100_000;

export class Rooms {
  readonly #find: Statement<RoomState, [string]>;
  readonly #insert: Statement<RoomState, [string, number]>;
  readonly #raise: Statement<unknown, [number, number]>;
  readonly #known = new Map<string, RoomState>();

  constructor(db: Database) {
    this.#find = db.prepare('SELECT key, epoch FROM room WHERE id = ?');
    this.#insert = db.prepare('INSERT INTO room (id, epoch) VALUES (?, ?) RETURNING key, epoch');
    this.#raise = db.prepare('UPDATE room SET epoch = ?2 WHERE key = ?1');
  }

  /** The room as a record of this epoch finds it; the record may raise the room's epoch. */
  meet(id: string, epoch: number): RoomState {
    let room = this.#known.get(id);
    if (room === undefined) {
      room = this.#find.get(id) ?? this.#insert.get(id, epoch) ?? undefined;
      if (room === undefined) throw new Error('an insert returns its row');
      if (this.#known.size >= MAX_KNOWN) this.#known.clear();
      this.#known.set(id, room);
    }
    if (epoch > room.epoch) {
      this.#raise.run(room.key, epoch);
      room.epoch = epoch;
    }
    return room;
  }

  /** Forgets everything, since the transaction that it belonged to was rolled back. */
  reset(): void {
    this.#known.clear();
  }
}
