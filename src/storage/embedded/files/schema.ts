/** Tables of the files, beside those of the records. */
import type { Migration } from '../migrations.ts';

export const FILE_TABLES: Migration = {
  name: 'files, grants and shares',
  sql: `
    CREATE TABLE file (
      id TEXT PRIMARY KEY,
      hash TEXT NOT NULL UNIQUE,
      name TEXT NOT NULL,
      size INTEGER NOT NULL,
      type TEXT NOT NULL,
      address TEXT NOT NULL,
      generation TEXT NOT NULL,
      status TEXT NOT NULL CHECK (status IN ('staged', 'stored', 'deleting')),
      created_at INTEGER NOT NULL,
      updated_at INTEGER NOT NULL,
      -- Since when nothing refers to it; null while something does. Kept in the transactions that change references.
      orphaned_at INTEGER,
      md5 TEXT,
      sha1 TEXT,
      crc32 TEXT,
      crc64 TEXT
    ) STRICT;
    CREATE INDEX file_orphaned ON file (orphaned_at, hash) WHERE orphaned_at IS NOT NULL;
    CREATE INDEX file_staged ON file (hash) WHERE status = 'staged';

    CREATE TABLE user_file (
      id TEXT PRIMARY KEY,
      user_id TEXT NOT NULL REFERENCES users (id),
      username TEXT NOT NULL REFERENCES users (username),
      file_hash TEXT NOT NULL REFERENCES file (hash),
      size INTEGER NOT NULL,
      name TEXT NOT NULL,
      search_name TEXT NOT NULL,
      uploaded_at INTEGER NOT NULL,
      updated_at INTEGER NOT NULL,
      status TEXT NOT NULL CHECK (status IN ('live', 'trashed')),
      trashed_at INTEGER,
      UNIQUE (username, file_hash)
    ) STRICT;
    CREATE INDEX user_file_list ON user_file (user_id, status, uploaded_at, id);
    CREATE INDEX user_file_by_content ON user_file (file_hash);
    CREATE INDEX user_file_trash ON user_file (trashed_at, id) WHERE trashed_at IS NOT NULL;

    CREATE TABLE room_file (
      room TEXT NOT NULL,
      file TEXT NOT NULL,
      via TEXT NOT NULL,
      owner TEXT NOT NULL,
      file_hash TEXT NOT NULL REFERENCES file (hash),
      name TEXT NOT NULL,
      granted_by TEXT NOT NULL,
      granted_at INTEGER NOT NULL,
      PRIMARY KEY (room, file, via)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX room_file_by_file ON room_file (file, room);
    CREATE INDEX room_file_by_content ON room_file (file_hash);

    CREATE TABLE share (
      id TEXT PRIMARY KEY,
      file TEXT NOT NULL REFERENCES user_file (id),
      owner TEXT NOT NULL,
      kind TEXT NOT NULL CHECK (kind IN ('user', 'room', 'link')),
      target_user TEXT REFERENCES users (id),
      target_room TEXT,
      token_hash TEXT UNIQUE,
      secret TEXT,
      password_hash TEXT,
      max_downloads INTEGER,
      downloads INTEGER NOT NULL,
      created_at INTEGER NOT NULL,
      expires_at INTEGER,
      UNIQUE (file, target_user),
      UNIQUE (file, target_room)
    ) STRICT;
    CREATE INDEX share_by_user ON share (target_user, created_at, id) WHERE target_user IS NOT NULL;
    CREATE INDEX share_by_expiry ON share (expires_at) WHERE expires_at IS NOT NULL;

    CREATE TABLE file_usage (
      user_id TEXT PRIMARY KEY REFERENCES users (id),
      used_bytes INTEGER NOT NULL CHECK (used_bytes >= 0),
      reserved_bytes INTEGER NOT NULL CHECK (reserved_bytes >= 0)
    ) STRICT;

    CREATE TABLE upload_reservation (
      upload_id TEXT PRIMARY KEY,
      user_id TEXT NOT NULL REFERENCES users (id),
      bytes INTEGER NOT NULL
    ) STRICT;`,
};
