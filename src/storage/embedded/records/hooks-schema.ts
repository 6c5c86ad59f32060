/** Hooks, in the file of the records. */
import type { Migration } from '../migrations.ts';

export const HOOK_TABLES: Migration = {
  name: 'hooks',
  sql: `
    CREATE TABLE hook (
      number INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      url TEXT NOT NULL,
      secret TEXT NOT NULL,
      rooms TEXT NOT NULL,
      created_at INTEGER NOT NULL
    ) STRICT;`,
};
