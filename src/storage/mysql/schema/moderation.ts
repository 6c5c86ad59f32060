/** Tables of moderation, beside those of the records. */
import type { Schema } from '../migrations.ts';
import { COUNT, ID, OPTIONS } from './columns.ts';

export const MODERATION_TABLES: Schema['migrations'][number] = {
  name: 'standings, reports and the log of actions',
  statements: [
    // The name of a deleted user changes, and with it that of the owner of their files.
    'ALTER TABLE user_file DROP FOREIGN KEY user_file_username',
    `ALTER TABLE user_file ADD CONSTRAINT user_file_owner_name
       FOREIGN KEY (username) REFERENCES users (username) ON UPDATE CASCADE`,
    `CREATE TABLE user_standing (
      user_id ${ID} NOT NULL,
      admin TINYINT UNSIGNED NOT NULL DEFAULT 0,
      bot TINYINT UNSIGNED NOT NULL DEFAULT 0,
      suspended_until ${COUNT} DEFAULT 0,
      reason VARCHAR(1000) NOT NULL DEFAULT '',
      deleted_at ${COUNT} DEFAULT 0,
      PRIMARY KEY (user_id),
      CONSTRAINT user_standing_user FOREIGN KEY (user_id) REFERENCES users (id)
    ) ${OPTIONS}`,
    `CREATE TABLE report (
      id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
      reporter ${ID} NOT NULL,
      user ${ID} NOT NULL,
      room VARBINARY(255) NOT NULL,
      seq ${COUNT},
      reason VARCHAR(1000) NOT NULL,
      evidence MEDIUMBLOB NOT NULL,
      created_at ${COUNT},
      state ENUM('open', 'resolved') NOT NULL DEFAULT 'open',
      resolved_by ${ID} NOT NULL DEFAULT '',
      resolved_at ${COUNT} DEFAULT 0,
      note VARCHAR(1000) NOT NULL DEFAULT '',
      PRIMARY KEY (id),
      KEY state_id (state, id),
      KEY reporter_state (reporter, state)
    ) ${OPTIONS}`,
    `CREATE TABLE audit (
      id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
      at ${COUNT},
      actor ${ID} NOT NULL,
      action VARCHAR(64) NOT NULL,
      target VARBINARY(512) NOT NULL,
      detail TEXT NOT NULL,
      PRIMARY KEY (id)
    ) ${OPTIONS}`,
  ],
};
