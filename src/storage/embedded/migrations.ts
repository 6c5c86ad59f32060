/** Versioned migrations: each runs once, all that are missing in one transaction. */
import type { Database } from 'bun:sqlite';
import { StorageFault } from '../ports/faults.ts';

export interface Migration {
  readonly name: string;
  readonly sql: string;
}

/**
 * Brings a database to the newest version. A migration's version is its place in the list, from 1; a shipped one never
 * changes. Throws a `StorageFault` for a database that a newer release has written.
 */
export function migrate(db: Database, migrations: readonly Migration[]): void {
  db.transaction(() => {
    db.run(`CREATE TABLE IF NOT EXISTS migration (
      version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT`);
    const applied = db.query<{ version: number }, []>('SELECT ifnull(max(version), 0) AS version FROM migration').get();
    const version = applied?.version ?? 0;
    if (version > migrations.length) {
      throw new StorageFault(
        'refused',
        `${db.filename} has version ${version}, this release knows ${migrations.length}: start a newer release`,
      );
    }
    for (const [index, migration] of migrations.entries()) {
      if (index < version) continue;
      db.run(migration.sql);
      db.run("INSERT INTO migration VALUES (?, ?, unixepoch('subsec') * 1000)", [index + 1, migration.name]);
    }
  }).immediate();
}
