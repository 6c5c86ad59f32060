/**
 * The writing side of the segmented log. It owns the directory's lock and the newest segment, and on its thread nothing
 * happens but appends: each is one row, one sequential write to the WAL, one `fdatasync`.
 */
import type { Database, Statement } from 'bun:sqlite';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { StorageFault } from '../../ports/faults.ts';
import type { Fence, LogPosition, MessageLogWriter } from '../../ports/message-log.ts';
import { closeWithoutCheckpoint, createPrivateDirectory } from '../database.ts';
import { acquireLock, type ExclusiveLock } from '../exclusive-lock.ts';
import { guarded } from '../faults.ts';
import { encodeFence, encodeRecords } from './batch-codec.ts';
import { listSegments, openForAppend, openForRead, type Segment, segmentAt, sweep } from './segments.ts';

export interface LogWriterOptions {
  /** Bytes of WAL after which the next segment is taken. */
  readonly segmentBytes?: number;
  /** Segments that may wait to be trimmed; past them an append is refused as `unavailable`. */
  readonly maxSegments?: number;
  /**
   * Position up to which the message store has everything. The log goes on after it even if the log itself is gone or
   * older, for a reader would never see positions that it believes to have passed.
   */
  readonly startAfter?: LogPosition;
  /** The first group that is written; without it the log goes on as if its owner had not changed. */
  readonly fence?: Fence;
}

export class SegmentedLogWriter implements MessageLogWriter {
  readonly #directory: string;
  readonly #segmentBytes: number;
  readonly #maxSegments: number;
  readonly #lock: ExclusiveLock;
  #segment: Segment;
  #db: Database;
  #insert: Statement<unknown, [number, Uint8Array]>;
  #head: LogPosition;
  /** Head at which the segment was taken: it is empty while this is still the head. */
  #headBefore: LogPosition;
  /** False after a failed append until one succeeds. */
  #settled = true;

  constructor(directory: string, options: LogWriterOptions = {}) {
    this.#directory = directory;
    this.#segmentBytes = options.segmentBytes ?? 32 * 1024 * 1024;
    this.#maxSegments = options.maxSegments ?? 256;
    guarded(`create ${directory}`, () => createPrivateDirectory(directory));
    this.#lock = acquireLock(join(directory, 'lock.db'), `the message log ${directory} has a writer already`);
    try {
      const found = guarded(`recover the message log ${directory}`, () => recover(directory));
      this.#head = Math.max(found.head, options.startAfter ?? 0);
      this.#headBefore = this.#head;
      this.#segment = found.next;
      this.#db = guarded(`open ${found.next.path}`, () => openForAppend(found.next));
      this.#insert = prepareInsert(this.#db);
      if (options.fence !== undefined) this.#write(encodeFence(options.fence));
    } catch (error) {
      this.#lock.release();
      throw error;
    }
  }

  get head(): LogPosition {
    return this.#head;
  }

  append(records: readonly Uint8Array[]): LogPosition {
    if (records.length === 0) throw new StorageFault('refused', 'a group of the log holds at least one record');
    return this.#write(encodeRecords(records));
  }

  close(): void {
    guarded('close the message log', () => closeWithoutCheckpoint(this.#db));
    this.#lock.release();
  }

  #write(row: Uint8Array): LogPosition {
    if (this.#settled && this.#segmentIsFull()) guarded('start a log segment', () => this.#advance());
    const position = this.#head + 1;
    this.#settled = false;
    guarded('append to the message log', () => this.#insert.run(position, row));
    this.#settled = true;
    this.#head = position;
    return position;
  }

  #segmentIsFull(): boolean {
    if (this.#head === this.#headBefore) return false;
    return guarded('look at the log segment', () => statSync(`${this.#segment.path}-wal`).size >= this.#segmentBytes);
  }

  /**
   * Goes on to the next segment, which the reader has normally prepared.
   *
   * Never after a failed append: its frames may have reached the disk even so. In the same WAL the next group
   * overwrites them; left behind in an old segment they would come back to life at the next start.
   */
  #advance(): void {
    const oldest = listSegments(this.#directory)[0] ?? this.#segment;
    if (this.#segment.number - oldest.number + 1 >= this.#maxSegments) {
      throw new StorageFault(
        'unavailable',
        `the message log is full: ${this.#maxSegments} segments wait for the store`,
      );
    }
    const next = segmentAt(this.#directory, this.#segment.number + 1);
    const db = openForAppend(next);
    const previous = this.#db;
    this.#insert = prepareInsert(db);
    this.#db = db;
    this.#segment = next;
    this.#headBefore = this.#head;
    closeWithoutCheckpoint(previous);
  }
}

function prepareInsert(db: Database): Statement<unknown, [number, Uint8Array]> {
  return db.prepare<unknown, [number, Uint8Array]>('INSERT INTO batch VALUES (?, ?)');
}

/**
 * Finds the last position, and the segment to write: each writer starts a fresh one, or takes the newest if it is empty.
 * The newest segment that holds a group is never removed, so the last position is always on disk.
 */
function recover(directory: string): { readonly head: LogPosition; readonly next: Segment } {
  sweep(directory);
  const segments = listSegments(directory).reverse();
  const newest = segments[0];
  for (const segment of segments) {
    const last = lastPosition(segment);
    if (last === null) continue;
    return { head: last, next: segment === newest ? segmentAt(directory, segment.number + 1) : (newest ?? segment) };
  }
  return { head: 0, next: newest ?? segmentAt(directory, 1) };
}

function lastPosition(segment: Segment): LogPosition | null {
  const db = openForRead(segment);
  try {
    return db.query<{ last: number | null }, []>('SELECT max(position) AS last FROM batch').get()?.last ?? null;
  } finally {
    db.close(true);
  }
}
