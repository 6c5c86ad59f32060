/**
 * The message log: the first durable home of everything that a room decides.
 *
 * The way of a post ends here before anybody is told of it. Records are opaque bytes (see `log-record.ts`), appended in
 * groups; the persister reads them back, moves them into the {@link MessageStore}, and trims what has arrived there.
 *
 * A log has one or more partitions, each with an order, positions, a writer and a reader of its own; a room's slot says
 * which one is the room's. What follows speaks of one partition.
 */

/** Position of one appended group: it ascends over the life of the partition. 0 means "before the first". */
export type LogPosition = number;

/**
 * Written by an owner before anything else: from here on, records of these slots with a lower epoch come from an owner
 * that has lost them, and are dropped.
 */
export interface Fence {
  readonly epoch: number;
  /** Ascending. */
  readonly slots: readonly number[];
}

/** One appended group as the persister reads it back. */
export interface LogBatch {
  readonly position: LogPosition;
  /** The encoded records in the order in which they were appended; none behind a fence. */
  readonly records: readonly Uint8Array[];
  readonly fence?: Fence;
}

/**
 * The writing side. It is opened with a fence, which is the first group that it writes, so that `head` is the fence's
 * position at first, durable or still on its way: whoever waits until the store has come to `head` has seen all that
 * earlier owners wrote.
 *
 * *Details.* `append` answers only when every record of the group is durable, and groups become durable in calling order.
 * *Gotchas.* After a failed append the caller rewinds (rule LOG4): the next group takes the failed one's position. If no
 * other append succeeds before the log is opened again, the failed group may turn out to be in it after all, so that
 * rooms start from the store and the log whenever the log is opened.
 */
export interface MessageLogWriter {
  /** Writes one group and makes it durable. Throws a `StorageFault` if it could not. */
  append(records: readonly Uint8Array[]): LogPosition | Promise<LogPosition>;
  /** Position of the last durable group, or of the fence. */
  readonly head: LogPosition;
  close(): void | Promise<void>;
}

/** The reading and trimming side, used by the persister on its own thread and connection. Never delays the writer. */
export interface MessageLogReader {
  /**
   * Calls the listener whenever there may be more to read. A log that does not know leaves this out: then its writer's
   * word is what the persister goes by.
   */
  onArrival?(listener: () => void): void;
  /** Groups after `position`, in order, up to about `maxBytes` (always at least one group if there is one). */
  read(after: LogPosition, maxBytes: number): readonly LogBatch[] | Promise<readonly LogBatch[]>;
  /** Says that everything up to and including `position` is in the message store and may go. */
  trim(position: LogPosition): void | Promise<void>;
  close(): void | Promise<void>;
}
