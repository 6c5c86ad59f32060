/**
 * Dead letters: what the log holds and the store cannot take. They are put aside with the reason, so that the records
 * behind them go on, and wait for an operator (`npm run dead-letters`).
 */
import type { LogRecord } from './log-record.ts';

/**
 * - `record`: a record that contradicts the store, or that cannot be decoded.
 * - `group`: the bytes of a whole group that cannot be read.
 */
export type DeadLetterKind = 'record' | 'group';

export interface NewDeadLetter {
  readonly kind: DeadLetterKind;
  /** In words, for an operator. */
  readonly reason: string;
  /** When it was put aside: milliseconds since the epoch. */
  readonly at: number;
  /** The record as it is encoded in the log (`log-record.ts`), or the group as its log encodes it. */
  readonly bytes: Uint8Array;
}

export interface DeadLetter extends NewDeadLetter {
  /** Of ASCII letters and digits. */
  readonly id: string;
}

export interface DeadLetters {
  /** Durable when it returns. The same bytes may be added again, after a crash: they are one letter. */
  add(letters: readonly NewDeadLetter[]): void | Promise<void>;
  /** The oldest first, at most `limit`. */
  list(limit: number): readonly DeadLetter[] | Promise<readonly DeadLetter[]>;
  /** Removes letters for good; how many of the ids there were. */
  remove(ids: readonly string[]): number | Promise<number>;
  close(): void | Promise<void>;
}

/**
 * - `filled`: the message is where it belongs now.
 * - `present`: it was there already, byte for byte.
 * - `taken`: another message has its seq.
 * - `ahead`: the room has not come to that seq, so that it is still to be given to another message.
 */
export type FillOutcome = 'filled' | 'present' | 'taken' | 'ahead';

/** What replaying a dead letter needs of the message store. It may be used while the engine runs. */
export interface PlaceholderFiller {
  /**
   * Puts the record's frame where its (room, stream, seq) holds a placeholder or nothing. Its nonce is not made known to
   * idempotence: where a placeholder stands, that nonce belongs to an earlier seq.
   */
  fill(record: LogRecord): FillOutcome | Promise<FillOutcome>;
  close(): void | Promise<void>;
}
