/** Tables of how rooms are governed, and what rooms and members got for it. */
import type { Schema } from '../migrations.ts';
import { COUNT, HASH, ID, OPTIONS } from './columns.ts';

export const GOVERNANCE_TABLES: Schema['migrations'][number] = {
  name: 'channels, fields of rooms, where members joined, mutes, bans, links and requests',
  statements: [
    `ALTER TABLE rooms
          MODIFY kind ENUM('group', 'direct', 'channel') NOT NULL,
          ADD topic VARCHAR(1024) NOT NULL DEFAULT '',
          ADD avatar ${ID} NOT NULL DEFAULT '',
          ADD announcement TINYINT UNSIGNED NOT NULL DEFAULT 0,
          ADD slow_mode INT UNSIGNED NOT NULL DEFAULT 0,
          ADD join_policy ENUM('open', 'approval', 'invite') NOT NULL DEFAULT 'open',
          ADD past ENUM('all', 'joined') NOT NULL DEFAULT 'all',
          ADD floor_seq BIGINT UNSIGNED NOT NULL DEFAULT 0,
          ADD deleted_at BIGINT UNSIGNED NOT NULL DEFAULT 0`,
    `ALTER TABLE room_member
          ADD joined_seq BIGINT UNSIGNED NOT NULL DEFAULT 0,
          ADD KEY room_joining (room, joined_version, user)`,
    `CREATE TABLE room_mute (
          room ${ID} NOT NULL,
          user ${ID} NOT NULL,
          until ${COUNT},
          PRIMARY KEY (room, user),
          CONSTRAINT room_mute_room FOREIGN KEY (room) REFERENCES rooms (id),
          CONSTRAINT room_mute_user FOREIGN KEY (user) REFERENCES users (id)
        ) ${OPTIONS}`,
    `CREATE TABLE room_ban (
          room ${ID} NOT NULL,
          user ${ID} NOT NULL,
          banned_by ${ID} NOT NULL,
          at ${COUNT},
          until ${COUNT},
          reason VARCHAR(255) NOT NULL,
          PRIMARY KEY (room, user),
          CONSTRAINT room_ban_room FOREIGN KEY (room) REFERENCES rooms (id),
          CONSTRAINT room_ban_user FOREIGN KEY (user) REFERENCES users (id)
        ) ${OPTIONS}`,
    `CREATE TABLE room_link (
          id ${ID} NOT NULL,
          room ${ID} NOT NULL,
          hash ${HASH} NOT NULL,
          made_by ${ID} NOT NULL,
          at ${COUNT},
          expires_at ${COUNT},
          max_uses ${COUNT},
          uses ${COUNT},
          PRIMARY KEY (id),
          UNIQUE KEY hash (hash),
          KEY room_id (room, id),
          CONSTRAINT room_link_room FOREIGN KEY (room) REFERENCES rooms (id)
        ) ${OPTIONS}`,
    `CREATE TABLE room_request (
          room ${ID} NOT NULL,
          user ${ID} NOT NULL,
          at ${COUNT},
          PRIMARY KEY (room, user),
          CONSTRAINT room_request_room FOREIGN KEY (room) REFERENCES rooms (id),
          CONSTRAINT room_request_user FOREIGN KEY (user) REFERENCES users (id)
        ) ${OPTIONS}`,
  ],
};
