/** Tables of how rooms are governed, and rooms and members made anew for it. */
import type { Migration } from '../migrations.ts';

export const GOVERNANCE_TABLES: Migration = {
  // A check of a column cannot be changed, so that both tables are made anew; channels are a new kind of room.
  name: 'channels, fields of rooms, where members joined, mutes, bans, links and requests',
  sql: `
      CREATE TABLE new_rooms (
        id TEXT PRIMARY KEY,
        kind TEXT NOT NULL CHECK (kind IN ('group', 'channel', 'direct')),
        title TEXT NOT NULL,
        log TEXT NOT NULL,
        version INTEGER NOT NULL,
        created_at INTEGER NOT NULL,
        topic TEXT NOT NULL DEFAULT '',
        avatar TEXT NOT NULL DEFAULT '',
        announcement INTEGER NOT NULL DEFAULT 0,
        slow_mode INTEGER NOT NULL DEFAULT 0,
        join_policy TEXT NOT NULL DEFAULT 'open' CHECK (join_policy IN ('open', 'approval', 'invite')),
        past TEXT NOT NULL DEFAULT 'all' CHECK (past IN ('all', 'joined')),
        floor_seq INTEGER NOT NULL DEFAULT 0,
        deleted_at INTEGER NOT NULL DEFAULT 0
      ) STRICT;
      INSERT INTO new_rooms (id, kind, title, log, version, created_at)
        SELECT id, kind, title, log, version, created_at FROM rooms;
      CREATE TABLE new_room_member (
        room TEXT NOT NULL REFERENCES new_rooms (id),
        user TEXT NOT NULL REFERENCES users (id),
        role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'member')),
        read_seq INTEGER NOT NULL,
        joined_version INTEGER NOT NULL,
        joined_seq INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (room, user)
      ) STRICT, WITHOUT ROWID;
      INSERT INTO new_room_member (room, user, role, read_seq, joined_version)
        SELECT room, user, role, read_seq, joined_version FROM room_member;
      DROP TABLE room_member;
      DROP TABLE rooms;
      ALTER TABLE new_rooms RENAME TO rooms;
      ALTER TABLE new_room_member RENAME TO room_member;
      CREATE INDEX room_member_by_user ON room_member (user, room);
      CREATE INDEX room_member_by_joining ON room_member (room, joined_version, user);

      CREATE TABLE room_mute (
        room TEXT NOT NULL REFERENCES rooms (id),
        user TEXT NOT NULL REFERENCES users (id),
        until INTEGER NOT NULL,
        PRIMARY KEY (room, user)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE room_ban (
        room TEXT NOT NULL REFERENCES rooms (id),
        user TEXT NOT NULL REFERENCES users (id),
        banned_by TEXT NOT NULL,
        at INTEGER NOT NULL,
        until INTEGER NOT NULL,
        reason TEXT NOT NULL,
        PRIMARY KEY (room, user)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE room_link (
        id TEXT PRIMARY KEY,
        room TEXT NOT NULL REFERENCES rooms (id),
        hash TEXT NOT NULL UNIQUE,
        made_by TEXT NOT NULL,
        at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL,
        max_uses INTEGER NOT NULL,
        uses INTEGER NOT NULL
      ) STRICT;
      CREATE INDEX room_link_by_room ON room_link (room, id);
      CREATE TABLE room_request (
        room TEXT NOT NULL REFERENCES rooms (id),
        user TEXT NOT NULL REFERENCES users (id),
        at INTEGER NOT NULL,
        PRIMARY KEY (room, user)
      ) STRICT, WITHOUT ROWID;`,
};
