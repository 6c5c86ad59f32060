/** Tables of the records: users, tokens, dead tokens, rooms, members, files and people. */
import { FILE_TABLES } from '../files/schema.ts';
import type { Migration } from '../migrations.ts';
import { GOVERNANCE_TABLES } from './governance-schema.ts';
import { HOOK_TABLES } from './hooks-schema.ts';
import { MODERATION_TABLES } from './moderation-schema.ts';
import { PEOPLE_MIGRATION } from './people-schema.ts';

export const RECORDS_MIGRATIONS: readonly Migration[] = [
  {
    name: 'users, tokens, rooms and members',
    sql: `
      CREATE TABLE users (
        id TEXT PRIMARY KEY,
        username TEXT NOT NULL UNIQUE,
        password_hash TEXT NOT NULL,
        created_at INTEGER NOT NULL
      ) STRICT;

      CREATE TABLE user_token (
        id INTEGER PRIMARY KEY,
        user_id TEXT NOT NULL REFERENCES users (id),
        username TEXT NOT NULL REFERENCES users (username),
        device TEXT NOT NULL,
        token_hash TEXT NOT NULL UNIQUE,
        created_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL,
        UNIQUE (username, device)
      ) STRICT;
      CREATE INDEX user_token_by_user ON user_token (user_id, created_at);

      CREATE TABLE rooms (
        id TEXT PRIMARY KEY,
        kind TEXT NOT NULL CHECK (kind IN ('group', 'direct')),
        title TEXT NOT NULL,
        log TEXT NOT NULL,
        version INTEGER NOT NULL,
        created_at INTEGER NOT NULL
      ) STRICT;

      CREATE TABLE room_member (
        room TEXT NOT NULL REFERENCES rooms (id),
        user TEXT NOT NULL REFERENCES users (id),
        role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'member')),
        read_seq INTEGER NOT NULL,
        joined_version INTEGER NOT NULL,
        PRIMARY KEY (room, user)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX room_member_by_user ON room_member (user, room);`,
  },
  {
    name: 'dead tokens',
    sql: `
      CREATE TABLE token_revocation (
        id INTEGER PRIMARY KEY,
        user_id TEXT NOT NULL,
        token_hash TEXT NOT NULL,
        died_at INTEGER NOT NULL
      ) STRICT;
      CREATE INDEX token_revocation_by_time ON token_revocation (died_at);`,
  },
  {
    name: 'when tokens were last seen',
    sql: 'ALTER TABLE user_token ADD COLUMN seen_at INTEGER NOT NULL DEFAULT 0;',
  },
  FILE_TABLES,
  {
    name: 'downloads',
    sql: `
      CREATE TABLE download (
        id TEXT PRIMARY KEY,
        user TEXT NOT NULL REFERENCES users (id),
        url TEXT NOT NULL,
        name TEXT NOT NULL,
        size INTEGER,
        received INTEGER NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'paused', 'done', 'failed', 'cancelled')),
        problem TEXT NOT NULL,
        file TEXT,
        validator TEXT,
        upload TEXT,
        created_at INTEGER NOT NULL,
        updated_at INTEGER NOT NULL
      ) STRICT;
      CREATE INDEX download_by_user ON download (user, created_at, id);
      CREATE INDEX download_by_state ON download (state, updated_at);`,
  },
  {
    name: 'marked rooms and hidden messages',
    sql: `
      CREATE TABLE room_mark (room TEXT NOT NULL, user TEXT NOT NULL, PRIMARY KEY (room, user)) STRICT, WITHOUT ROWID;
      CREATE TABLE hidden_message (
        room TEXT NOT NULL,
        user TEXT NOT NULL,
        seq INTEGER NOT NULL,
        PRIMARY KEY (room, user, seq)
      ) STRICT, WITHOUT ROWID;`,
  },
  GOVERNANCE_TABLES,
  MODERATION_TABLES,
  PEOPLE_MIGRATION,
  HOOK_TABLES,
];
