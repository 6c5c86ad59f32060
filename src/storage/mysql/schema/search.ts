/**
 * Tables of the search index.
 *
 * Words are tokens of our own, so that the server's stop words and its least and greatest lengths of a word do not matter.
 * Each row names its room as a word too: the index then intersects words with a room and does not look at everybody's.
 */
import type { Schema } from '../migrations.ts';

const OPTIONS = 'ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin';
const ID = 'VARBINARY(255) NOT NULL';
const COUNT = 'BIGINT UNSIGNED NOT NULL';

export const SEARCH_SCHEMA: Schema = {
  part: 'search',
  migrations: [
    {
      name: 'rooms, messages and words',
      statements: [
        `CREATE TABLE search_version (
          only TINYINT UNSIGNED NOT NULL,
          version INT UNSIGNED NOT NULL,
          PRIMARY KEY (only)
        ) ${OPTIONS}`,
        `CREATE TABLE search_room (
          id INT UNSIGNED NOT NULL AUTO_INCREMENT,
          room ${ID},
          seq ${COUNT},
          \`change\` ${COUNT},
          PRIMARY KEY (id),
          UNIQUE KEY room (room)
        ) ${OPTIONS}`,
        `CREATE TABLE search_message (
          id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
          room INT UNSIGNED NOT NULL,
          seq ${COUNT},
          sender ${ID},
          at ${COUNT},
          tokens MEDIUMTEXT NOT NULL,
          PRIMARY KEY (id),
          UNIQUE KEY room_seq (room, seq),
          FULLTEXT KEY tokens (tokens)
        ) ${OPTIONS}`,
      ],
    },
  ],
};
