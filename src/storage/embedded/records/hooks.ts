/** Hooks, in the file of the records. */
import type { Database } from 'bun:sqlite';
import type { Hook, Hooks } from '../../ports/hooks.ts';
import type { NewAudit } from '../../ports/moderation.ts';
import { guarded } from '../faults.ts';

interface HookRow extends Omit<Hook, 'rooms'> {
  readonly rooms: string;
}

export class SqliteHooks implements Hooks {
  readonly #db: Database;

  /** On the connection of the records, which closes it. */
  constructor(db: Database) {
    this.#db = db;
  }

  addHook({ id, url, secret, rooms, createdAt }: Hook, most: number, audit: NewAudit): boolean {
    return this.#acting('store a hook', () => {
      const { changes } = this.#db
        .query(
          `INSERT INTO hook (id, url, secret, rooms, created_at)
           SELECT ?1, ?2, ?3, ?4, ?5 WHERE (SELECT count(*) FROM hook) < ?6`,
        )
        .run(id, url, secret, JSON.stringify(rooms), createdAt, most);
      if (changes > 0) this.#append(audit);
      return changes > 0;
    });
  }

  hooks(): readonly Hook[] {
    return guarded('read the hooks', () =>
      this.#db
        .query<HookRow, []>('SELECT id, url, secret, rooms, created_at AS createdAt FROM hook ORDER BY number')
        .all()
        .map((row) => ({ ...row, rooms: JSON.parse(row.rooms) as string[] })),
    );
  }

  removeHook(id: string, audit: NewAudit): boolean {
    return this.#acting('remove a hook', () => {
      const { changes } = this.#db.query('DELETE FROM hook WHERE id = ?').run(id);
      if (changes > 0) this.#append(audit);
      return changes > 0;
    });
  }

  /** The connection is the records'. */
  close(): Promise<void> {
    return Promise.resolve();
  }

  #acting<T>(doing: string, work: () => T): T {
    return guarded(doing, () => this.#db.transaction(work).immediate());
  }

  #append({ at, actor, action, target, detail }: NewAudit): void {
    this.#db
      .query('INSERT INTO audit (at, actor, action, target, detail) VALUES (?, ?, ?, ?, ?)')
      .run(at, actor, action, target, detail);
  }
}
