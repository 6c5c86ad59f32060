/**
 * Tables of the search index, in a file of its own.
 *
 * A message's id begins with its time, so that the index's own order is the order of time and a page of the newest needs
 * no sorting. The index of words keeps neither text nor places of words in it. Its rows name their room as a word, so that a
 * room's messages are found without a look at everybody's.
 */
import type { Migration } from '../migrations.ts';

export const SEARCH_MIGRATIONS: readonly Migration[] = [
  {
    name: 'rooms, messages and words',
    sql: `
      CREATE TABLE words_version (only INTEGER PRIMARY KEY CHECK (only = 1), version INTEGER NOT NULL) STRICT;
      CREATE TABLE room (
        key INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        seq INTEGER NOT NULL,
        change INTEGER NOT NULL
      ) STRICT;
      CREATE TABLE message (
        id INTEGER PRIMARY KEY,
        room INTEGER NOT NULL REFERENCES room (key),
        seq INTEGER NOT NULL,
        sender TEXT NOT NULL,
        at INTEGER NOT NULL,
        UNIQUE (room, seq)
      ) STRICT;
      CREATE VIRTUAL TABLE words USING fts5(
        tokens, content = '', contentless_delete = 1, detail = 'none', tokenize = 'ascii'
      );`,
  },
];

const IDS_PER_MS = 2 ** 11;
/** Its ids are below 2^53. */
const MAX_AT = 2 ** 42 - 1;

/** The lowest id of a message of this time. */
export function firstIdAt(at: number): number {
  return Math.min(Math.max(0, Math.floor(at)), MAX_AT) * IDS_PER_MS;
}
