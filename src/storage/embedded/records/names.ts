/** The names that searches look through: written with the users and with their profiles. */
import type { Database, Statement } from 'bun:sqlite';

export class Names {
  readonly #insert: Statement<unknown, [string, string]>;
  readonly #deleteAll: Statement<unknown, [string]>;

  constructor(db: Database) {
    this.#insert = db.prepare('INSERT INTO person_name VALUES (?, ?) ON CONFLICT DO NOTHING');
    this.#deleteAll = db.prepare('DELETE FROM person_name WHERE user = ?');
  }

  /** Within the transaction of the write that they come from. */
  replace(user: string, keys: readonly string[]): void {
    this.#deleteAll.run(user);
    for (const key of keys) this.#insert.run(key, user);
  }
}
