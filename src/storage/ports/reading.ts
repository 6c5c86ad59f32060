/**
 * What a user has said of a room's messages for themself alone: the room marked as unread, messages that they do not want to
 * see any more. Every write is durable before it answers. Who is a member is not looked at here.
 */
import type { Promised } from './records.ts';

/** What a room has to know of its users when it opens. */
export interface RoomReading {
  /** Users who have marked the room as unread. */
  readonly marked: readonly string[];
  /** Users who have hidden messages, with how many. */
  readonly hiders: readonly { readonly user: string; readonly count: number }[];
}

export interface Reading {
  readingOf(room: string): Promised<RoomReading>;
  /** Sets the mark or takes it off; doing it twice does nothing. */
  mark(room: string, user: string, marked: boolean): Promised<void>;
  /**
   * Hides messages from the user; those that are hidden already stay so. Returns how many are hidden now, or null where that
   * would be more than `most`: then nothing is changed.
   */
  hide(room: string, user: string, seqs: readonly number[], most: number): Promised<number | null>;
  /** Seqs that the user has hidden in `from` … `to`, both included, ascending. */
  hidden(room: string, user: string, from: number, to: number): Promised<readonly number[]>;
  close(): Promised<void>;
}
