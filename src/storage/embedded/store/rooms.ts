/** Short integer keys for room ids. */
import type { Database, Statement } from 'bun:sqlite';

interface RoomRow {
  readonly key: number;
}

const MAX_KNOWN = 100_000;

export class Rooms {
  readonly #find: Statement<RoomRow, [string]>;
  readonly #insert: Statement<RoomRow, [string]>;
  readonly #known = new Map<string, number>();

  constructor(db: Database) {
    this.#find = db.prepare('SELECT key FROM room WHERE id = ?');
    this.#insert = db.prepare('INSERT INTO room (id) VALUES (?) RETURNING key');
  }

  /** The room's key, made at the first meeting. */
  keyOf(id: string): number {
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    const row = this.#find.get(id) ?? this.#insert.get(id);
    if (row === null) throw new Error('an insert returns its row');
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    this.#known.set(id, row.key);
    return row.key;
  }

  /** Forgets everything, since the transaction that it belonged to was rolled back. */
  reset(): void {
    this.#known.clear();
  }
}
