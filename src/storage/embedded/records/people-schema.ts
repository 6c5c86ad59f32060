/** Tables of people: profiles, settings, the names that searches look through, contacts, blocks. */
import type { Migration } from '../migrations.ts';

/** Names from before are folded as SQLite can; newer ones by `searchKeyOf`. */
export const PEOPLE_MIGRATION: Migration = {
  name: 'people',
  sql: `
    CREATE TABLE person (
      user TEXT PRIMARY KEY REFERENCES users (id),
      display_name TEXT NOT NULL DEFAULT '',
      avatar TEXT NOT NULL DEFAULT '',
      about TEXT NOT NULL DEFAULT '',
      presence TEXT NOT NULL DEFAULT 'everyone' CHECK (presence IN ('everyone', 'contacts', 'nobody')),
      receipts INTEGER NOT NULL DEFAULT 1,
      discoverable INTEGER NOT NULL DEFAULT 1,
      last_seen INTEGER NOT NULL DEFAULT 0
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE person_name (
      name_key TEXT NOT NULL,
      user TEXT NOT NULL REFERENCES users (id),
      PRIMARY KEY (name_key, user)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX person_name_by_user ON person_name (user, name_key);
    INSERT INTO person_name SELECT lower(username), id FROM users;

    CREATE TABLE contact (
      user TEXT NOT NULL REFERENCES users (id),
      other TEXT NOT NULL REFERENCES users (id),
      state TEXT NOT NULL CHECK (state IN ('outgoing', 'incoming', 'accepted')),
      note TEXT NOT NULL,
      at INTEGER NOT NULL,
      PRIMARY KEY (user, other)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE user_block (
      user TEXT NOT NULL REFERENCES users (id),
      blocked TEXT NOT NULL REFERENCES users (id),
      at INTEGER NOT NULL,
      PRIMARY KEY (user, blocked)
    ) STRICT, WITHOUT ROWID;`,
};
