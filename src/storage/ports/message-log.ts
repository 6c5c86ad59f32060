/**
 * The message log: the first durable home of everything that a room decides.
 *
 * The way of a post ends here before anybody is told of it. Records are opaque bytes (see `log-record.ts`), appended in
 * groups; the persister reads them back, moves them into the {@link MessageStore}, and trims what has arrived there.
 */

/** Position of one appended group: 1, 2, 3 … over the life of the log, without a hole. 0 means "before the first". */
export type LogPosition = number;

/** One appended group as the persister reads it back. */
export interface LogBatch {
  readonly position: LogPosition;
  /** The encoded records in the order in which they were appended. */
  readonly records: readonly Uint8Array[];
}

/**
 * The writing side. One instance owns the log; a second one on the same log is refused when it opens.
 *
 * *Details.* `append` answers only when every record of the group is durable, and groups become durable in calling order.
 * *Gotchas.* After a failed append the caller rewinds (rule LOG4): the next group takes the failed one's position. If no
 * other append succeeds before the log is opened again, the failed group may turn out to be in it after all, so that
 * rooms start from the store and the log whenever the log is opened.
 */
export interface MessageLogWriter {
  /** Writes one group and makes it durable. Throws a `StorageFault` if it could not. */
  append(records: readonly Uint8Array[]): LogPosition | Promise<LogPosition>;
  /** Position of the last durable group. */
  readonly head: LogPosition;
  close(): void | Promise<void>;
}

/** The reading and trimming side, used by the persister on its own thread and connection. Never delays the writer. */
export interface MessageLogReader {
  /** Groups after `position`, in order, up to about `maxBytes` (always at least one group if there is one). */
  read(after: LogPosition, maxBytes: number): readonly LogBatch[] | Promise<readonly LogBatch[]>;
  /** Says that everything up to and including `position` is in the message store and may go. */
  trim(position: LogPosition): void | Promise<void>;
  close(): void | Promise<void>;
}
