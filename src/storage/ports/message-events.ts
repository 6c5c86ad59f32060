/** Messages for programs beside the engine: search, notifications, statistics. */
import type { LogRecord } from './log-record.ts';

export interface MessageEvents {
  /**
   * Tells of records that the message store has taken, in the order of their log, before the log forgets them. After a crash
   * some are told of again. Never rejects and never waits for long: where they cannot be delivered they are dropped and
   * counted, for no message may wait for those who only listen.
   */
  stored(records: readonly LogRecord[]): Promise<void>;
  close(): Promise<void>;
}
