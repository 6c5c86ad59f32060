/**
 * Tables of the message store.
 *
 * A row's id is its room's key and its seq in one integer: a room's messages lie side by side, and the tree that finds
 * them holds integers only. `prev` is the seq of the same sender's previous record in the room, and the `_sender` tables
 * hold each sender's last one. This chain takes the place of an index by (room, sender, seq), which would dirty one page
 * for nearly every row and so cost several times what the row itself does.
 */
import type { Migration } from '../migrations.ts';

/** The two streams have tables of the same shape, but that changes name the message that they changed. */
export const STREAM_TABLES = { messages: 'message', changes: 'change' } as const;

const SEQ_BITS = 36;
export const SEQ_MASK = 2 ** SEQ_BITS - 1;
/** One below the mask, so that there is a seq above every message's. */
export const MAX_SEQ = SEQ_MASK - 1;
const MAX_ROOM_KEY = 2 ** (63 - SEQ_BITS) - 1;

/** SQL of the id of a row, from the SQL of its room's key and seq. */
export const rowId = (room: string, seq: string): string => `((${room} << ${SEQ_BITS}) | ${seq})`;

/** SQL of a row's room. */
export const ROOM_OF_ID = `(id >> ${SEQ_BITS})`;

/** SQL of a row's seq. */
export const SEQ_OF_ID = `(id & ${SEQ_MASK})`;

const streamTables = (table: string): string => `
  CREATE TABLE ${table} (
    id INTEGER PRIMARY KEY,
    prev INTEGER NOT NULL,
    sender TEXT NOT NULL,
    nonce TEXT NOT NULL,
    at INTEGER NOT NULL,
    frame BLOB NOT NULL
  ) STRICT;
  CREATE TABLE ${table}_sender (
    room INTEGER NOT NULL,
    sender TEXT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (room, sender)
  ) STRICT, WITHOUT ROWID;`;

export const MESSAGE_STORE_MIGRATIONS: readonly Migration[] = [
  {
    name: 'rooms, messages, changes, partitions, epochs and quarantine',
    sql: `
      CREATE TABLE room (
        key INTEGER PRIMARY KEY CHECK (key <= ${MAX_ROOM_KEY}),
        id TEXT NOT NULL UNIQUE
      ) STRICT;
      ${streamTables('message')}
      ${streamTables('change')}
      CREATE TABLE log_partition (partition INTEGER PRIMARY KEY, position INTEGER NOT NULL) STRICT;
      CREATE TABLE slot_epoch (slot INTEGER PRIMARY KEY, epoch INTEGER NOT NULL) STRICT;
      CREATE TABLE last_epoch (only INTEGER PRIMARY KEY CHECK (only = 1), epoch INTEGER NOT NULL) STRICT;
      INSERT INTO last_epoch VALUES (1, 0);
      CREATE TABLE quarantine (
        id INTEGER PRIMARY KEY,
        room TEXT NOT NULL,
        stream TEXT NOT NULL,
        seq INTEGER NOT NULL,
        reason TEXT NOT NULL,
        quarantined_at INTEGER NOT NULL,
        record BLOB NOT NULL,
        UNIQUE (room, stream, seq, record)
      ) STRICT;`,
  },
  {
    name: 'what changes have made of messages',
    // `target` is the seq of the message that a change changed. `recalled` is the number of the change that recalled it.
    sql: `
      ALTER TABLE change ADD COLUMN target INTEGER NOT NULL DEFAULT 0;
      CREATE INDEX change_by_target ON change (${ROOM_OF_ID}, target) WHERE target > 0;
      CREATE TABLE message_state (
        id INTEGER PRIMARY KEY,
        change INTEGER NOT NULL,
        pinned INTEGER NOT NULL,
        recalled INTEGER NOT NULL,
        state BLOB NOT NULL
      ) STRICT;
      CREATE INDEX pinned_message ON message_state (id) WHERE pinned = 1;`,
  },
  {
    name: 'who is spoken to',
    sql: `
      CREATE TABLE mention (
        room INTEGER NOT NULL,
        user TEXT NOT NULL,
        seq INTEGER NOT NULL,
        PRIMARY KEY (room, user, seq)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX mention_by_message ON mention (room, seq);`,
  },
];
