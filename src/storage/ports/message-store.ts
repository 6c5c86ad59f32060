/**
 * The message store: the lasting, indexed home of messages. The persister fills it from the log; history, resume and a
 * room's activation read it.
 */
import type { LogRecord, RecordStream } from './log-record.ts';
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
   * Encoded `message` notifications, always ascending by seq and without a hole, as they were posted. An empty frame stands
   * for a record that was refused because its nonce repeats an earlier one, or for a message that was recalled: its seq is
   * taken, and there is nothing to show. A cache or a replica may have the frame of a recalled message for a while: what its
   * {@link StoredState} says counts.
   */
  readonly frames: readonly Uint8Array[];
  /** Seq of `frames[0]`; 0 if there is none. */
  readonly firstSeq: number;
  /** Whether there is more in the direction that was asked for. */
  readonly more: boolean;
}

export interface ChangesQuery {
  readonly room: string;
  /** Only changes with a higher number … */
  readonly after: number;
  /** … and none above this one. */
  readonly to: number;
  /** 1 … 200. */
  readonly limit: number;
  /** Stops before the frame that would exceed this many bytes, but never before the first. */
  readonly maxBytes: number;
  /** The answer knows of all changes up to this one, which may be above `to`. */
  readonly known: number;
}

export interface StoredChange {
  readonly change: number;
  /** The message that it changed; 0 where that is not known. */
  readonly seq: number;
  /** The encoded `changed` notification; empty where it was refused, or its message was recalled since. */
  readonly frame: Uint8Array;
}

export interface StatesQuery {
  readonly room: string;
  /** Messages, both ends included. */
  readonly from: number;
  readonly to: number;
  /** From the highest seq down. */
  readonly descending: boolean;
  /** Stops before the state that would exceed this many bytes, but never before the first. */
  readonly maxBytes: number;
  /** The answer has all changes up to this one applied. */
  readonly known: number;
}

/** What its changes have made of a message. */
export interface StoredState {
  readonly seq: number;
  /** Number of the newest change in it. */
  readonly change: number;
  readonly state: Uint8Array;
}

export interface StatesPage {
  /** Of the messages that have changed, in the order that was asked for. */
  readonly states: readonly StoredState[];
  /** How far the answer reaches: seq of the last message that it speaks of, `to` or `from` where it is whole. */
  readonly reached: number;
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
  /**
   * Who is spoken to by a record's message, as the index of mentions keeps it in the same transaction. Undefined leaves
   * what is there; a message that is recalled loses it. In the place of a user `*` is everybody, and outlives edits.
   */
  readonly mentionsOf?: (record: LogRecord) => readonly string[] | undefined;
}

/** Whose mentions are counted, and after which message. */
export interface MentionQuery {
  readonly user: string;
  readonly after: number;
}

/** What the persister met while inserting a batch. */
export interface InsertReport {
  readonly inserted: number;
  /**
   * Records that were there already, equal in seq, sender, nonce and frame, or with a frame that a recall has deleted: a
   * replay after a crash.
   */
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
   * Stores records, their effects and, in the same transaction, that the partition is persisted up to `position`, and the
   * fence. Of a message's effects the one of the highest change stays. Durable when it returns. Idempotent: a record that is there already, and is the same, counts as repeated.
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
  /** The sender's last posts, or changes, in the room, at most `limit`, ascending by seq. */
  nonces(
    room: string,
    sender: string,
    limit: number,
    stream?: RecordStream,
  ): readonly PostedNonce[] | Promise<readonly PostedNonce[]>;
  /** How many messages up to `to` speak to each of these users, or to everybody, after the one that they name. */
  mentions(room: string, users: readonly MentionQuery[], to: number): readonly number[] | Promise<readonly number[]>;
  /** Ascending, without a hole where there is none in the room. */
  changes(query: ChangesQuery): readonly StoredChange[] | Promise<readonly StoredChange[]>;
  states(query: StatesQuery): StatesPage | Promise<StatesPage>;
  /** States of the pinned messages, ascending by seq, with all changes up to `known` applied. */
  pins(room: string, known: number): readonly StoredState[] | Promise<readonly StoredState[]>;
  close(): void | Promise<void>;
}
