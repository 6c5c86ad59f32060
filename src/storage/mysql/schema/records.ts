/**
 * Tables of the records: users, tokens, dead tokens, rooms, members, files and people.
 *
 * What is compared is VARBINARY, so that it compares by byte: the collations that MySQL and MariaDB have in common take
 * `ann` and `ann ` for the same name. Text that is only shown is VARCHAR. Times are milliseconds since the epoch (UTC).
 */

import type { Schema } from '../migrations.ts';
import { COUNT, DEVICE, HASH, ID, OPTIONS, STATUS, USERNAME } from './columns.ts';
import { FILE_TABLES } from './files.ts';
import { GOVERNANCE_TABLES } from './governance.ts';
import { HOOK_TABLES } from './hooks.ts';
import { MODERATION_TABLES } from './moderation.ts';
import { PEOPLE_MIGRATION } from './people.ts';

export const RECORDS_SCHEMA: Schema = {
  part: 'records',
  migrations: [
    {
      name: 'users, tokens, rooms and members',
      statements: [
        `CREATE TABLE users (
          id ${ID} NOT NULL,
          username ${USERNAME} NOT NULL,
          password_hash VARBINARY(512) NOT NULL,
          created_at ${COUNT},
          PRIMARY KEY (id),
          UNIQUE KEY username (username)
        ) ${OPTIONS}`,
        `CREATE TABLE user_token (
          id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
          user_id ${ID} NOT NULL,
          username ${USERNAME} NOT NULL,
          device ${DEVICE} NOT NULL,
          token_hash ${HASH} NOT NULL,
          created_at ${COUNT},
          expires_at ${COUNT},
          PRIMARY KEY (id),
          UNIQUE KEY username_device (username, device),
          UNIQUE KEY token_hash (token_hash),
          KEY user_id_created_at (user_id, created_at),
          CONSTRAINT user_token_user FOREIGN KEY (user_id) REFERENCES users (id),
          CONSTRAINT user_token_username FOREIGN KEY (username) REFERENCES users (username)
        ) ${OPTIONS}`,
        `CREATE TABLE rooms (
          id ${ID} NOT NULL,
          kind ENUM('group', 'direct') NOT NULL,
          title VARCHAR(255) NOT NULL,
          log ${ID} NOT NULL,
          version ${COUNT},
          created_at ${COUNT},
          PRIMARY KEY (id)
        ) ${OPTIONS}`,
        `CREATE TABLE room_member (
          room ${ID} NOT NULL,
          user ${ID} NOT NULL,
          role ENUM('owner', 'admin', 'member') NOT NULL,
          read_seq ${COUNT},
          joined_version ${COUNT},
          PRIMARY KEY (room, user),
          KEY user_room (user, room),
          CONSTRAINT room_member_room FOREIGN KEY (room) REFERENCES rooms (id),
          CONSTRAINT room_member_user FOREIGN KEY (user) REFERENCES users (id)
        ) ${OPTIONS}`,
      ],
    },
    {
      name: 'files',
      statements: [
        `CREATE TABLE file (
          id ${ID} NOT NULL,
          hash ${HASH} NOT NULL,
          name VARCHAR(255) NOT NULL,
          size ${COUNT},
          address VARBINARY(1024) NOT NULL,
          created_at ${COUNT},
          updated_at ${COUNT},
          status ${STATUS},
          PRIMARY KEY (id),
          UNIQUE KEY hash (hash),
          KEY status (status)
        ) ${OPTIONS}`,
        `CREATE TABLE user_file (
          id ${ID} NOT NULL,
          username ${USERNAME} NOT NULL,
          file_hash ${HASH} NOT NULL,
          size ${COUNT},
          name VARCHAR(255) NOT NULL,
          uploaded_at ${COUNT},
          updated_at ${COUNT},
          status ${STATUS},
          PRIMARY KEY (id),
          UNIQUE KEY username_file_hash (username, file_hash),
          KEY username (username),
          KEY status (status),
          CONSTRAINT user_file_file FOREIGN KEY (file_hash) REFERENCES file (hash),
          CONSTRAINT user_file_username FOREIGN KEY (username) REFERENCES users (username)
        ) ${OPTIONS}`,
      ],
    },
    {
      name: 'dead tokens',
      statements: [
        // By the clock of the server: nodes compare what they read with nothing else.
        `CREATE TABLE token_revocation (
          id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
          user_id ${ID} NOT NULL,
          token_hash ${HASH} NOT NULL,
          died_at ${COUNT},
          PRIMARY KEY (id),
          KEY died_at (died_at)
        ) ${OPTIONS}`,
      ],
    },
    {
      name: 'when tokens were last seen',
      statements: [`ALTER TABLE user_token ADD COLUMN seen_at ${COUNT} DEFAULT 0`],
    },
    FILE_TABLES,
    {
      name: 'downloads',
      statements: [
        `CREATE TABLE download (
          id ${ID} NOT NULL,
          user ${ID} NOT NULL,
          url VARBINARY(4096) NOT NULL,
          name VARCHAR(255) NOT NULL,
          size BIGINT UNSIGNED NULL,
          received ${COUNT},
          state ENUM('queued', 'running', 'paused', 'done', 'failed', 'cancelled') NOT NULL,
          problem VARCHAR(64) NOT NULL,
          file ${ID} NULL,
          validator VARBINARY(1024) NULL,
          upload ${ID} NULL,
          created_at ${COUNT},
          updated_at ${COUNT},
          PRIMARY KEY (id),
          KEY user_created_at (user, created_at, id),
          KEY state_updated_at (state, updated_at),
          CONSTRAINT download_user FOREIGN KEY (user) REFERENCES users (id)
        ) ${OPTIONS}`,
      ],
    },
    GOVERNANCE_TABLES,
    MODERATION_TABLES,
    PEOPLE_MIGRATION,
    HOOK_TABLES,
  ],
};
