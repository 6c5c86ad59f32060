/** The table of jobs, those of all queues together. */
import type { Migration } from '../migrations.ts';

export const JOBS_MIGRATIONS: readonly Migration[] = [
  {
    name: 'jobs',
    sql: `
      CREATE TABLE job (
        key INTEGER PRIMARY KEY,
        queue TEXT NOT NULL,
        id TEXT NOT NULL,
        body BLOB NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        enqueued_at INTEGER NOT NULL,
        due_at INTEGER NOT NULL,
        -- Set while a consumer has it.
        taken INTEGER NOT NULL DEFAULT 0 CHECK (taken IN (0, 1)),
        -- Set once it is dead, with the reason.
        died_at INTEGER,
        reason TEXT
      ) STRICT;
      CREATE INDEX job_waiting ON job (queue, due_at, key) WHERE died_at IS NULL AND taken = 0;
      CREATE INDEX job_taken ON job (key) WHERE taken = 1;
      CREATE INDEX job_dead ON job (queue, died_at, key) WHERE died_at IS NOT NULL;`,
  },
];
