/** Dead letters in a database of their own, which the engine and the operator's command may have open at the same time. */

import type { Database, Statement } from 'bun:sqlite';
import { createHash } from 'node:crypto';
import type { DeadLetter, DeadLetterKind, DeadLetters, NewDeadLetter } from '../ports/dead-letters.ts';
import { openDatabase } from './database.ts';
import { guarded } from './faults.ts';
import { type Migration, migrate } from './migrations.ts';

const ID_CHARACTERS = 16;

const MIGRATIONS: readonly Migration[] = [
  {
    name: 'dead letters',
    sql: `
      CREATE TABLE dead_letter (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        kind TEXT NOT NULL,
        reason TEXT NOT NULL,
        at INTEGER NOT NULL,
        bytes BLOB NOT NULL
      ) STRICT;`,
  },
];

type Row = Omit<DeadLetter, 'kind'> & { readonly kind: DeadLetterKind };
type NewRow = [id: string, kind: string, reason: string, at: number, bytes: Uint8Array];

export class SqliteDeadLetters implements DeadLetters {
  readonly #db: Database;
  readonly #insert: Statement<unknown, NewRow>;
  readonly #remove: Statement<unknown, [string]>;

  /** Makes the database if it is not there. Throws a `StorageFault` that names it. */
  constructor(path: string) {
    this.#db = guarded(`open ${path}`, () => openDatabase(path));
    guarded(`open ${path}`, () => migrate(this.#db, MIGRATIONS));
    this.#insert = this.#db.prepare(`
      INSERT INTO dead_letter (id, kind, reason, at, bytes) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`);
    this.#remove = this.#db.prepare('DELETE FROM dead_letter WHERE id = ?');
  }

  add(letters: readonly NewDeadLetter[]): void {
    const all = this.#db.transaction(() => {
      for (const { kind, reason, at, bytes } of letters) this.#insert.run(idOf(kind, bytes), kind, reason, at, bytes);
    });
    guarded('put dead letters aside', () => all.immediate());
  }

  list(limit: number): readonly DeadLetter[] {
    const query = 'SELECT id, kind, reason, at, bytes FROM dead_letter ORDER BY number LIMIT ?';
    return guarded('list dead letters', () => this.#db.query<Row, [number]>(query).all(limit));
  }

  remove(ids: readonly string[]): number {
    const all = this.#db.transaction(() => ids.reduce((sum, id) => sum + this.#remove.run(id).changes, 0));
    return guarded('remove dead letters', () => all.immediate());
  }

  close(): void {
    guarded('close the dead letters', () => this.#db.close(true));
  }
}

/** Equal bytes are one letter, however often they are put aside. */
function idOf(kind: DeadLetterKind, bytes: Uint8Array): string {
  return createHash('sha256').update(kind).update(bytes).digest('hex').slice(0, ID_CHARACTERS);
}
