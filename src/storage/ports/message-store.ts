/**
 * The message store: the lasting, indexed home of messages. The persister fills it from the log; history, resume and a
 * room's activation read it.
 */
import type { LogRecord } from './log-record.ts';
import type { Fence, LogPosition } from './message-log.ts';

/** Up to where a room's streams have reached the store. 0 means "nothing yet". */
export interface RoomHead {
  readonly seq: number;
  readonly change: number;
}

export interface ListedRoom extends RoomHead {
  readonly room: string;
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

/** What the persister moves in one transaction: a stretch of one partition of the log. */
export interface InsertBatch {
  /** 0 … partitions - 1. */
  readonly partition: number;
  /** Position of the last group of the stretch. */
  readonly position: LogPosition;
  /** In force before the records. */
  readonly fence?: Fence;
  readonly records: readonly LogRecord[];
}

/** What the persister met while inserting a batch. */
export interface InsertReport {
  readonly inserted: number;
  /** Records that were there already, equal in seq, sender, nonce and frame: a replay after a crash. */
  readonly repeated: number;
  /** Records of a lower epoch than their slot's: dropped. Their writer had lost the slot and has acknowledged none of them. */
  readonly outdated: number;
  /**
   * Records that contradict what is stored, or repeat a nonce of the sender's last 1,000 posts in the room at a new seq.
   * They go to the quarantine with the reason, and not into the room; each is a defect to alert on.
   */
  readonly refused: readonly { readonly record: LogRecord; readonly reason: string }[];
}

export interface MessageStoreWriter {
  /** A number that no earlier call has returned, higher than all of them, durable when it returns: 1 at first. */
  claimEpoch(): number | Promise<number>;
  /**
   * Stores records and, in the same transaction, that the partition is persisted up to `position`, and the fence. Durable
   * when it returns. Idempotent: a record that is there already, and is the same, counts as repeated.
   */
  insert(batch: InsertBatch): InsertReport | Promise<InsertReport>;
  /** The highest position of the partition that was given to a successful `insert`; 0 at first. */
  persisted(partition: number): LogPosition | Promise<LogPosition>;
  close(): void | Promise<void>;
}

export interface MessageStoreReader {
  head(room: string): RoomHead | Promise<RoomHead>;
  history(query: HistoryQuery): HistoryPage | Promise<HistoryPage>;
  /**
   * Rooms with their heads, ascending by id by byte: those after `after`, at most `limit`. All that have messages; others
   * that the store knows may be among them.
   */
  rooms(after: string, limit: number): readonly ListedRoom[] | Promise<readonly ListedRoom[]>;
  /** The sender's last posts in the room, at most `limit`, ascending by seq. */
  nonces(room: string, sender: string, limit: number): readonly PostedNonce[] | Promise<readonly PostedNonce[]>;
  close(): void | Promise<void>;
}
