/** What is particular to the segmented log: its files, what crashes leave of them, and damage. */
import { Database } from 'bun:sqlite';
import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { copyFileSync, existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SegmentedLogReader } from '../../src/storage/embedded/log/reader.ts';
import { listSegments } from '../../src/storage/embedded/log/segments.ts';
import { type LogWriterOptions, SegmentedLogWriter } from '../../src/storage/embedded/log/writer.ts';
import { faultOf } from '../contract/fault-of.ts';
import { tempDir } from '../contract/temp-dir.ts';
import { TEST_MS } from '../support/wait.ts';

setDefaultTimeout(TEST_MS);

const ONE_GROUP_EACH = 1;
const record = new Uint8Array(100).fill(1);

interface Log extends Disposable {
  readonly directory: string;
  open(options?: LogWriterOptions): SegmentedLogWriter;
  reader(): SegmentedLogReader;
  segments(): number[];
  file(number: number, suffix?: string): string;
}

/** A log whose segments hold one group each, unless a test says otherwise. */
function makeLog(): Log {
  const dir = tempDir();
  const directory = join(dir.path, 'log');
  return {
    directory,
    open: (options) => new SegmentedLogWriter(directory, { segmentBytes: ONE_GROUP_EACH, ...options }),
    reader: () => new SegmentedLogReader(directory),
    segments: () => listSegments(directory).map((segment) => segment.number),
    file: (number, suffix = '') => join(directory, `${String(number).padStart(8, '0')}.db${suffix}`),
    [Symbol.dispose]: () => dir[Symbol.dispose](),
  };
}

function append(writer: SegmentedLogWriter, count: number): void {
  for (let index = 0; index < count; index += 1) writer.append([record]);
}

const positions = (reader: SegmentedLogReader, after: number): number[] =>
  reader.read(after, 1 << 30).map((batch) => batch.position);

describe('segmented log: segments', () => {
  test('[LOG7] closing leaves the WAL as it is, whoever closes last', () => {
    using log = makeLog();
    const writer = log.open({ segmentBytes: 1 << 30 });
    append(writer, 50);
    const before = [statSync(log.file(1)).size, statSync(log.file(1, '-wal')).size];
    writer.close();
    const reader = log.reader();
    expect(positions(reader, 0)).toHaveLength(50);
    reader.close();
    expect([statSync(log.file(1)).size, statSync(log.file(1, '-wal')).size]).toEqual(before);
  });

  test('[LOG5] a second writer is refused while the first is open', async () => {
    using log = makeLog();
    const writer = log.open();
    expect(await faultOf(() => log.open())).toBe('unavailable');
    append(writer, 1);
    writer.close();
    const next = log.open();
    expect(next.head).toBe(1);
    next.close();
  });

  test('[LOG8] the writer goes on to the next segment on its own when the reader has prepared none', () => {
    using log = makeLog();
    const writer = log.open();
    append(writer, 4);
    expect(log.segments()).toEqual([1, 2, 3, 4]);
    expect(positions(log.reader(), 0)).toEqual([1, 2, 3, 4]);
    writer.close();
  });

  test('[LOG8] trimming prepares one segment ahead, which the writer takes', () => {
    using log = makeLog();
    const writer = log.open();
    const reader = log.reader();
    append(writer, 1);
    reader.trim(0);
    reader.trim(0);
    expect(log.segments()).toEqual([1, 2]);
    const prepared = statSync(log.file(2)).ino;
    append(writer, 1);
    expect(statSync(log.file(2)).ino).toBe(prepared);
    expect(positions(reader, 0)).toEqual([1, 2]);
    writer.close();
  });

  test('[LOG9] trimming removes whole segments, and never the newest that holds a group', () => {
    using log = makeLog();
    const writer = log.open();
    const reader = log.reader();
    append(writer, 5);
    reader.trim(3);
    expect(log.segments()).toEqual([4, 5, 6]);
    expect(existsSync(log.file(1, '-wal'))).toBe(false);
    reader.trim(99);
    expect(log.segments()).toEqual([5, 6]);
    writer.close();
  });

  test('[LOG11] a log with too many segments refuses appends until it is trimmed', async () => {
    using log = makeLog();
    const writer = log.open({ maxSegments: 3 });
    const reader = log.reader();
    append(writer, 3);
    expect(await faultOf(() => writer.append([record]))).toBe('unavailable');
    expect(writer.head).toBe(3);
    reader.trim(1);
    expect(writer.append([record])).toBe(4);
    expect(await faultOf(() => writer.append([record]))).toBe('unavailable');
    writer.close();
  });

  test('[LOG13] positions start after what the store has already', () => {
    using log = makeLog();
    const first = log.open({ startAfter: 40 });
    expect(first.append([record])).toBe(41);
    first.close();
    const second = log.open({ startAfter: 50 });
    expect(second.append([record])).toBe(51);
    second.close();
    const third = log.open({ startAfter: 10 });
    expect(third.head).toBe(51);
    const reader = log.reader();
    expect(positions(reader, 50)).toEqual([51]);
    reader.trim(50);
    expect(log.segments()).toEqual([2, 3]);
    third.close();
  });
});

describe('segmented log: what a crash leaves', () => {
  test('[LOG10] drafts, and side files without a segment, are removed', () => {
    using log = makeLog();
    const writer = log.open();
    append(writer, 2);
    writer.close();
    for (const suffix of ['.f00d.tmp', '.f00d.tmp-wal', '.f00d.tmp-journal'])
      writeFileSync(log.file(3, suffix), 'torn');
    rmSync(log.file(1));
    log.open().close();
    expect(readdirSync(log.directory).filter((name) => name.includes('tmp'))).toEqual([]);
    expect(existsSync(log.file(1, '-wal'))).toBe(false);
    expect(existsSync(log.file(1, '-shm'))).toBe(false);
    expect(log.segments()).toEqual([2, 3]);
  });

  test('[LOG10] a prepared segment that was never used is taken by the next writer', () => {
    using log = makeLog();
    const writer = log.open();
    append(writer, 1);
    log.reader().trim(0);
    writer.close();
    const next = log.open();
    expect(log.segments()).toEqual([1, 2]);
    expect(next.append([record])).toBe(2);
    next.close();
  });

  test('[LOG10] a segment that was linked and not yet primed is primed by whoever takes it', () => {
    using log = makeLog();
    const writer = log.open();
    append(writer, 1);
    log.reader().trim(0);
    // The segment's main file is complete from the start; without its WAL it is as it was before it was primed.
    rmSync(log.file(2, '-wal'));
    rmSync(log.file(2, '-shm'));
    expect(writer.append([record])).toBe(2);
    expect(statSync(log.file(2, '-wal')).size).toBeGreaterThan(4_096);
    expect(positions(log.reader(), 0)).toEqual([1, 2]);
    writer.close();
  });

  test('[LOG10] a WAL that ends in the middle of a group loses that group only', () => {
    using log = makeLog();
    const writer = log.open({ segmentBytes: 1 << 30 });
    append(writer, 5);
    const wal = log.file(1, '-wal');
    const complete = statSync(wal).size;
    writer.append([new Uint8Array(20_000)]);
    copyFileSync(wal, `${wal}.copy`);
    writer.close();
    rmSync(log.file(1, '-shm'));
    writeFileSync(wal, new Uint8Array(0));
    writeFileSync(wal, Bun.mmap(`${wal}.copy`).slice(0, complete + 9_000));
    const next = log.open();
    expect(next.head).toBe(5);
    expect(next.append([record])).toBe(6);
    expect(positions(log.reader(), 0)).toEqual([1, 2, 3, 4, 5, 6]);
    next.close();
  });
});

describe('segmented log: damage', () => {
  test('[LOG12] a missing segment in the middle is reported and not jumped over', async () => {
    using log = makeLog();
    const writer = log.open();
    append(writer, 4);
    writer.close();
    for (const suffix of ['', '-wal', '-shm']) rmSync(log.file(2, suffix));
    const reader = log.reader();
    expect(await faultOf(() => reader.read(0, 1 << 30))).toBe('corrupt');
    expect(await faultOf(() => reader.read(1, 1 << 30))).toBe('corrupt');
    expect(positions(reader, 2)).toEqual([3, 4]);
  });

  test('[LOG12] a group that does not match its checksum is reported', async () => {
    using log = makeLog();
    const writer = log.open();
    append(writer, 2);
    const other = new Database(log.file(1));
    other.run("UPDATE batch SET records = CAST(records || 'x' AS BLOB)");
    other.close(true);
    const reader = log.reader();
    expect(await faultOf(() => reader.read(0, 1 << 30))).toBe('corrupt');
    expect(positions(reader, 1)).toEqual([2]);
    writer.close();
  });

  test('[LOG12] a file that is no segment of this format is reported', async () => {
    using log = makeLog();
    log.open().close();
    const foreign = new Database(log.file(2));
    foreign.run('CREATE TABLE batch (position INTEGER PRIMARY KEY, records BLOB)');
    foreign.close(true);
    expect(await faultOf(() => log.open())).toBe('corrupt');
    writeFileSync(log.file(2), 'no database at all, and long enough to look at');
    expect(await faultOf(() => log.open())).toBe('corrupt');
    rmSync(log.file(2));
    const writer = log.open();
    expect(writer.head).toBe(0);
    writer.close();
  });
});
