/** Tables of people: profiles, settings, the names that searches look through, contacts, blocks. */
import type { Migration } from '../migrations.ts';

const OPTIONS = 'ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin';
const ID = 'VARBINARY(64) NOT NULL';
const TIME = 'BIGINT UNSIGNED NOT NULL';
/** 128 code points, which is where `searchKeyOf` ends. */
const NAME_KEY = 'VARBINARY(512) NOT NULL';

/** Names from before are folded as the server can; newer ones by `searchKeyOf`. */
export const PEOPLE_MIGRATION: Migration = {
  name: 'people',
  statements: [
    `CREATE TABLE person (
      user ${ID},
      display_name VARCHAR(64) NOT NULL DEFAULT '',
      avatar VARBINARY(64) NOT NULL DEFAULT '',
      about VARCHAR(512) NOT NULL DEFAULT '',
      presence ENUM('everyone', 'contacts', 'nobody') NOT NULL DEFAULT 'everyone',
      receipts TINYINT UNSIGNED NOT NULL DEFAULT 1,
      discoverable TINYINT UNSIGNED NOT NULL DEFAULT 1,
      last_seen ${TIME} DEFAULT 0,
      PRIMARY KEY (user),
      CONSTRAINT person_user FOREIGN KEY (user) REFERENCES users (id)
    ) ${OPTIONS}`,
    `CREATE TABLE person_name (
      name_key ${NAME_KEY},
      user ${ID},
      PRIMARY KEY (name_key, user),
      KEY user_name_key (user, name_key),
      CONSTRAINT person_name_user FOREIGN KEY (user) REFERENCES users (id)
    ) ${OPTIONS}`,
    // Done again where it was cut off; a name that was put in meanwhile stays.
    `INSERT INTO person_name (name_key, user)
     SELECT folded, id FROM (
       SELECT CAST(LOWER(CONVERT(username USING utf8mb4)) AS BINARY) AS folded, id FROM users
     ) AS named WHERE NOT EXISTS (SELECT 1 FROM person_name AS known WHERE known.user = named.id)`,
    `CREATE TABLE contact (
      user ${ID},
      other ${ID},
      state ENUM('outgoing', 'incoming', 'accepted') NOT NULL,
      note VARCHAR(256) NOT NULL,
      at ${TIME},
      PRIMARY KEY (user, other),
      KEY other (other),
      CONSTRAINT contact_user FOREIGN KEY (user) REFERENCES users (id),
      CONSTRAINT contact_other FOREIGN KEY (other) REFERENCES users (id)
    ) ${OPTIONS}`,
    `CREATE TABLE user_block (
      user ${ID},
      blocked ${ID},
      at ${TIME},
      PRIMARY KEY (user, blocked),
      KEY blocked (blocked),
      CONSTRAINT user_block_user FOREIGN KEY (user) REFERENCES users (id),
      CONSTRAINT user_block_blocked FOREIGN KEY (blocked) REFERENCES users (id)
    ) ${OPTIONS}`,
  ],
};
