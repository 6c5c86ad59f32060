/** Tables of marked rooms and hidden messages. Ids compare by byte. */
import type { Schema } from '../migrations.ts';

const OPTIONS = 'ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin';
const ID = 'VARBINARY(255) NOT NULL';

export const READING_SCHEMA: Schema = {
  part: 'reading',
  migrations: [
    {
      name: 'marked rooms and hidden messages',
      statements: [
        `CREATE TABLE room_mark (room ${ID}, user ${ID}, PRIMARY KEY (room, user)) ${OPTIONS}`,
        `CREATE TABLE hidden_message (
          room ${ID},
          user ${ID},
          seq BIGINT UNSIGNED NOT NULL,
          PRIMARY KEY (room, user, seq)
        ) ${OPTIONS}`,
      ],
    },
  ],
};
