/**
 * The reading side of the segmented log: reads groups back, removes segments that are no longer needed and prepares the
 * next one, all off the writer's thread. The two sides share nothing but the directory.
 *
 * A segment is *sealed* once a later one holds a group, for the writer never goes back. Only sealed segments are removed.
 */
import type { Database, Statement } from 'bun:sqlite';
import { existsSync } from 'node:fs';
import { StorageFault } from '../../ports/faults.ts';
import type { LogBatch, LogPosition, MessageLogReader } from '../../ports/message-log.ts';
import { closeWithoutCheckpoint } from '../database.ts';
import { guarded } from '../faults.ts';
import { decodeGroup } from './batch-codec.ts';
import { listSegments, openForAppend, openForRead, removeSegment, type Segment, segmentAt } from './segments.ts';

interface Row {
  readonly position: LogPosition;
  readonly records: Uint8Array;
}

interface View {
  readonly db: Database;
  readonly next: Statement<Row, [LogPosition]>;
}

export class SegmentedLogReader implements MessageLogReader {
  readonly #directory: string;
  readonly #views = new Map<number, View>();
  /** First position of the segments that hold a group; it never changes. */
  readonly #firsts = new Map<number, LogPosition>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  read(after: LogPosition, maxBytes: number): readonly LogBatch[] {
    return guarded('read the message log', () => {
      const segments = this.#segments();
      const batches: LogBatch[] = [];
      let bytes = 0;
      for (let index = this.#indexOf(segments, after + 1); index < segments.length; index += 1) {
        const segment = segments[index] as Segment;
        // Asked before reading: what the writer adds between the two questions must not be jumped over.
        const sealed = this.#firstFrom(segments, index + 1) !== null;
        for (;;) {
          const expected = after + batches.length + 1;
          const row = this.#view(segment).next.get(expected);
          if (row === null) break;
          const batch = checkedBatch(row, expected);
          batches.push(batch);
          bytes += row.records.length;
          if (bytes >= maxBytes) return batches;
        }
        if (!sealed) break;
        this.#closeView(segment.number);
      }
      return batches;
    });
  }

  trim(position: LogPosition): void {
    guarded('trim the message log', () => {
      const segments = this.#segments();
      for (const [index, segment] of segments.entries()) {
        const nextFirst = this.#firstFrom(segments, index + 1);
        if (nextFirst === null || nextFirst - 1 > position) break;
        this.#closeView(segment.number);
        this.#firsts.delete(segment.number);
        removeSegment(segment);
      }
      this.#prepareSpare(segments);
    });
  }

  close(): void {
    for (const number of [...this.#views.keys()]) this.#closeView(number);
  }

  #segments(): Segment[] {
    return existsSync(this.#directory) ? listSegments(this.#directory) : [];
  }

  /** Index of the segment that holds `position`, or would. */
  #indexOf(segments: readonly Segment[], position: LogPosition): number {
    let index = 0;
    for (let next = 1; next < segments.length; next += 1) {
      const first = this.#first(segments[next] as Segment);
      if (first === null || first > position) break;
      index = next;
    }
    return index;
  }

  /** First position at or after the segment at `index`; null if there is no group there. */
  #firstFrom(segments: readonly Segment[], index: number): LogPosition | null {
    for (const segment of segments.slice(index)) {
      const first = this.#first(segment);
      if (first !== null) return first;
    }
    return null;
  }

  #first(segment: Segment): LogPosition | null {
    const known = this.#firsts.get(segment.number);
    if (known !== undefined) return known;
    const row = this.#view(segment).next.get(0);
    if (row === null) return null;
    this.#firsts.set(segment.number, row.position);
    return row.position;
  }

  /** Keeps one empty segment ahead of the writer, so that going on to it costs the writer next to nothing. */
  #prepareSpare(segments: readonly Segment[]): void {
    const newest = segments.at(-1);
    if (newest === undefined || this.#first(newest) === null) return;
    closeWithoutCheckpoint(openForAppend(segmentAt(this.#directory, newest.number + 1)));
  }

  #view(segment: Segment): View {
    const open = this.#views.get(segment.number);
    if (open) return open;
    const db = openForRead(segment);
    const next = db.prepare<Row, [LogPosition]>(
      'SELECT position, records FROM batch WHERE position >= ? ORDER BY position LIMIT 1',
    );
    const view = { db, next };
    this.#views.set(segment.number, view);
    return view;
  }

  #closeView(number: number): void {
    this.#views.get(number)?.db.close(true);
    this.#views.delete(number);
  }
}

function checkedBatch(row: Row, expected: LogPosition): LogBatch {
  if (row.position !== expected) {
    throw new StorageFault('corrupt', `the message log lacks the groups ${expected} to ${row.position - 1}`);
  }
  return decodeGroup(row.records, row.position);
}
