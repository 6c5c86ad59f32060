/** Tables of the files, as they stand after the first ones beside the records. */
import type { Schema } from '../migrations.ts';
import { COUNT, HASH, ID, OPTIONS } from './columns.ts';

export const FILE_TABLES: Schema['migrations'][number] = {
  name: 'contents by generation, grants, shares and quotas',
  statements: [
    `ALTER TABLE file
        ADD COLUMN type VARBINARY(255) NOT NULL,
        ADD COLUMN generation ${ID} NOT NULL,
        ADD COLUMN orphaned_at BIGINT UNSIGNED NULL,
        ADD COLUMN md5 VARBINARY(64) NULL,
        ADD COLUMN sha1 VARBINARY(64) NULL,
        ADD COLUMN crc32 VARBINARY(64) NULL,
        ADD COLUMN crc64 VARBINARY(64) NULL,
        ADD KEY orphaned_at (orphaned_at, hash),
        ADD KEY status_hash (status, hash)`,
    `ALTER TABLE user_file
        ADD COLUMN user_id ${ID} NOT NULL,
        ADD COLUMN search_name VARBINARY(4096) NOT NULL,
        ADD COLUMN trashed_at BIGINT UNSIGNED NULL,
        ADD UNIQUE KEY user_file_hash (user_id, file_hash),
        ADD KEY user_list (user_id, status, uploaded_at, id),
        ADD KEY trashed_at (trashed_at, id),
        ADD CONSTRAINT user_file_user FOREIGN KEY (user_id) REFERENCES users (id)`,
    `CREATE TABLE room_file (
        room ${ID} NOT NULL,
        file ${ID} NOT NULL,
        via VARBINARY(160) NOT NULL,
        owner ${ID} NOT NULL,
        file_hash ${HASH} NOT NULL,
        name VARCHAR(255) NOT NULL,
        granted_by ${ID} NOT NULL,
        granted_at ${COUNT},
        PRIMARY KEY (room, file, via),
        KEY file_room (file, room),
        KEY file_hash (file_hash),
        CONSTRAINT room_file_file FOREIGN KEY (file_hash) REFERENCES file (hash)
      ) ${OPTIONS}`,
    `CREATE TABLE share (
        id ${ID} NOT NULL,
        file ${ID} NOT NULL,
        owner ${ID} NOT NULL,
        kind ENUM('user', 'room', 'link') NOT NULL,
        target_user ${ID} NULL,
        target_room ${ID} NULL,
        token_hash ${HASH} NULL,
        secret VARBINARY(128) NULL,
        password_hash VARBINARY(512) NULL,
        max_downloads BIGINT UNSIGNED NULL,
        downloads ${COUNT},
        created_at ${COUNT},
        expires_at BIGINT UNSIGNED NULL,
        PRIMARY KEY (id),
        UNIQUE KEY token_hash (token_hash),
        UNIQUE KEY file_target_user (file, target_user),
        UNIQUE KEY file_target_room (file, target_room),
        KEY target_user (target_user, created_at, id),
        KEY expires_at (expires_at),
        CONSTRAINT share_file FOREIGN KEY (file) REFERENCES user_file (id),
        CONSTRAINT share_user FOREIGN KEY (target_user) REFERENCES users (id)
      ) ${OPTIONS}`,
    `CREATE TABLE file_usage (
        user_id ${ID} NOT NULL,
        used_bytes BIGINT NOT NULL,
        reserved_bytes BIGINT NOT NULL,
        PRIMARY KEY (user_id),
        CONSTRAINT file_usage_user FOREIGN KEY (user_id) REFERENCES users (id)
      ) ${OPTIONS}`,
    `CREATE TABLE upload_reservation (
        upload_id ${ID} NOT NULL,
        user_id ${ID} NOT NULL,
        bytes BIGINT NOT NULL,
        PRIMARY KEY (upload_id),
        CONSTRAINT upload_reservation_user FOREIGN KEY (user_id) REFERENCES users (id)
      ) ${OPTIONS}`,
  ],
};
