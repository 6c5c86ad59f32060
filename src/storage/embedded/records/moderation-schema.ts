/** Tables of moderation, in the file of the records. */
import type { Migration } from '../migrations.ts';

export const MODERATION_TABLES: Migration = {
  name: 'standings, reports and the log of actions',
  sql: `
    CREATE TABLE user_standing (
      user_id TEXT PRIMARY KEY REFERENCES users (id),
      admin INTEGER NOT NULL DEFAULT 0,
      bot INTEGER NOT NULL DEFAULT 0,
      suspended_until INTEGER NOT NULL DEFAULT 0,
      reason TEXT NOT NULL DEFAULT '',
      deleted_at INTEGER NOT NULL DEFAULT 0
    ) STRICT;

    CREATE TABLE report (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      reporter TEXT NOT NULL,
      user TEXT NOT NULL,
      room TEXT NOT NULL,
      seq INTEGER NOT NULL,
      reason TEXT NOT NULL,
      evidence BLOB NOT NULL,
      created_at INTEGER NOT NULL,
      state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'resolved')),
      resolved_by TEXT NOT NULL DEFAULT '',
      resolved_at INTEGER NOT NULL DEFAULT 0,
      note TEXT NOT NULL DEFAULT ''
    ) STRICT;
    CREATE INDEX report_by_state ON report (state, id);
    CREATE INDEX report_by_reporter ON report (reporter, state);

    CREATE TABLE audit (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      at INTEGER NOT NULL,
      actor TEXT NOT NULL,
      action TEXT NOT NULL,
      target TEXT NOT NULL,
      detail TEXT NOT NULL
    ) STRICT;`,
};
