/**
 * Tables of the message store.
 *
 * A room's messages lie side by side in the tree of the primary key. Ids and nonces are VARBINARY and compare by byte;
 * 255 bytes are what a log record can hold.
 *
 * The unique key by (room, sender, nonce) is what tells that a nonce was used before, without a look at each sender's
 * last posts. But idempotence covers the last 1,000 posts of a sender in a room only, and an older nonce may be used
 * again: were it unique for all time, such a post, which was acknowledged, would be lost to a placeholder. Therefore the
 * key ends in `again`. It is 0 for the first post that has a nonce, so that any later one meets a duplicate and is looked
 * at; one that is found to be beyond the window gets its own seq there. Placeholders have neither sender nor nonce, and
 * their seq in `again` as well. Whoever deletes rows must keep this: no row may stay whose nonce's first one is gone.
 *
 * The key by (room, sender, seq) gives a sender's last posts in order; it costs a tenth of an insert's work.
 *
 * `message_state` has what its changes have made of a message, as the room encodes it; `recalled` is the number of the change
 * that recalled it, or 0. `target` of a change is the seq of its message.
 *
 * `slot_epoch` has its rows from the beginning, so that locking them never locks a gap.
 */
import type { Schema } from '../migrations.ts';

/** The two streams have tables of the same shape, but that changes name the message that they changed. */
export const STREAM_TABLES = { messages: 'message', changes: 'message_change' } as const;

export type StreamTableName = (typeof STREAM_TABLES)[keyof typeof STREAM_TABLES];

/** As in the embedded store, so that rooms can move from one to the other. One more is left for a seq above every message's. */
export const MAX_SEQ = 2 ** 36 - 2;

/** Slots that there are: 0 … 1023. */
const SLOTS = 1_024;

const OPTIONS = 'ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin';
const ID = 'VARBINARY(255) NOT NULL';
const COUNT = 'BIGINT UNSIGNED NOT NULL';

const streamTable = (table: StreamTableName): string => `
  CREATE TABLE ${table} (
    room ${ID},
    seq ${COUNT},
    sender ${ID},
    nonce ${ID},
    again ${COUNT},
    at ${COUNT},
    frame MEDIUMBLOB NOT NULL,
    PRIMARY KEY (room, seq),
    UNIQUE KEY room_sender_nonce (room, sender, nonce, again),
    KEY room_sender_seq (room, sender, seq)
  ) ${OPTIONS}`;

const allSlots = Array.from({ length: SLOTS }, (_, slot) => `(${slot}, 0)`).join(', ');

export const MESSAGES_SCHEMA: Schema = {
  part: 'messages',
  migrations: [
    {
      name: 'messages, changes, partitions, epochs and quarantine',
      statements: [
        streamTable(STREAM_TABLES.messages),
        streamTable(STREAM_TABLES.changes),
        `CREATE TABLE log_partition (
          \`partition\` SMALLINT UNSIGNED NOT NULL,
          position ${COUNT},
          PRIMARY KEY (\`partition\`)
        ) ${OPTIONS}`,
        `CREATE TABLE slot_epoch (
          slot SMALLINT UNSIGNED NOT NULL,
          epoch ${COUNT},
          PRIMARY KEY (slot)
        ) ${OPTIONS}`,
        `INSERT INTO slot_epoch (slot, epoch) VALUES ${allSlots} ON DUPLICATE KEY UPDATE slot = slot_epoch.slot`,
        `CREATE TABLE last_epoch (
          id TINYINT UNSIGNED NOT NULL,
          epoch ${COUNT},
          PRIMARY KEY (id)
        ) ${OPTIONS}`,
        'INSERT INTO last_epoch (id, epoch) VALUES (1, 0) ON DUPLICATE KEY UPDATE id = last_epoch.id',
        `CREATE TABLE quarantine (
          id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
          room ${ID},
          stream ENUM('messages', 'changes') NOT NULL,
          seq ${COUNT},
          reason VARCHAR(255) NOT NULL,
          quarantined_at ${COUNT},
          record_hash BINARY(32) NOT NULL,
          record LONGBLOB NOT NULL,
          PRIMARY KEY (id),
          UNIQUE KEY room_stream_seq_record (room, stream, seq, record_hash)
        ) ${OPTIONS}`,
      ],
    },
    {
      name: 'what changes have made of messages',
      statements: [
        `ALTER TABLE ${STREAM_TABLES.changes}
          ADD COLUMN target ${COUNT} DEFAULT 0, ADD KEY room_target_seq (room, target, seq)`,
        `CREATE TABLE message_state (
          room ${ID},
          seq ${COUNT},
          \`change\` ${COUNT},
          pinned TINYINT UNSIGNED NOT NULL,
          recalled ${COUNT},
          state MEDIUMBLOB NOT NULL,
          PRIMARY KEY (room, seq),
          KEY room_pinned (room, pinned, seq)
        ) ${OPTIONS}`,
      ],
    },
    {
      name: 'who is spoken to',
      statements: [
        `CREATE TABLE mention (
          room ${ID},
          user ${ID},
          seq ${COUNT},
          PRIMARY KEY (room, user, seq),
          KEY room_seq (room, seq)
        ) ${OPTIONS}`,
      ],
    },
  ],
};
