/**
 * The message store: the lasting, indexed home of messages. The persister fills it from the log; history, resume and a
 * room's activation read it.
 */
import type { LogRecord } from './log-record.ts';
import type { LogPosition } from './message-log.ts';

/** Up to where a room's streams have reached the store. 0 means "nothing yet". */
export interface RoomHead {
  readonly seq: number;
  readonly change: number;
}

/** A post as idempotence needs it. */
export interface PostedNonce {
  readonly nonce: string;
  readonly seq: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export interface HistoryQuery {
  readonly room: string;
  /** Only messages with a higher seq, the lowest first to be kept; exclusive with `before`. */
  readonly after?: number;
  /** Only messages with a lower seq, the highest first to be kept. Neither of the two: the newest. */
  readonly before?: number;
  /** 1 … 200. */
  readonly limit: number;
  /** Stops before the frame that would exceed this many bytes, but never before the first. */
  readonly maxBytes: number;
}

export interface HistoryPage {
  /**
   * Encoded `message` notifications, always ascending by seq and without a hole. An empty frame stands for a record that
   * was refused because its nonce repeats an earlier one: its seq is taken, and there is nothing to show.
   */
  readonly frames: readonly Uint8Array[];
  /** Seq of `frames[0]`; 0 if there is none. */
  readonly firstSeq: number;
  /** Whether there is more in the direction that was asked for. */
  readonly more: boolean;
}

/** What the persister met while inserting a batch. */
export interface InsertReport {
  readonly inserted: number;
  /** Records that were there already, equal in seq, sender, nonce and frame: a replay after a crash. */
  readonly repeated: number;
  /**
   * Records that contradict what is stored, carry a lower epoch, or repeat a nonce of the sender's last 1,000 posts in the
   * room at a new seq. They go to the quarantine with the reason, and not into the room; each is a defect to alert on.
   */
  readonly refused: readonly { readonly record: LogRecord; readonly reason: string }[];
}

export interface MessageStoreWriter {
  /**
   * Stores records and, in the same transaction, that the log is persisted up to `position`. Durable when it returns.
   * Idempotent: a record that is there already, and is the same, counts as repeated.
   */
  insert(records: readonly LogRecord[], position: LogPosition): InsertReport | Promise<InsertReport>;
  /** The highest position given to a successful `insert`; 0 at first. */
  persisted(): LogPosition | Promise<LogPosition>;
  close(): void | Promise<void>;
}

export interface MessageStoreReader {
  head(room: string): RoomHead | Promise<RoomHead>;
  history(query: HistoryQuery): HistoryPage | Promise<HistoryPage>;
  /** The sender's last posts in the room, at most `limit`, ascending by seq. */
  nonces(room: string, sender: string, limit: number): readonly PostedNonce[] | Promise<readonly PostedNonce[]>;
  close(): void | Promise<void>;
}
