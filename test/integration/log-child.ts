/**
 * A process that owns a message log, for tests that trace it, kill it or starve it.
 *
 *     bun log-child.ts MODE DIRECTORY
 *
 * The log's reader has a thread of its own, as in production. Its main thread tells it what it may trim and hears when
 * that is done.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { SegmentedLogReader } from '../../src/storage/embedded/log/reader.ts';
import { listSegments } from '../../src/storage/embedded/log/segments.ts';
import { SegmentedLogWriter } from '../../src/storage/embedded/log/writer.ts';
import { StorageFault } from '../../src/storage/ports/faults.ts';
import { groupAt } from './log-groups.ts';

const SMALL_SEGMENT_BYTES = 64 * 1024;
const FILE_SIZE_LIMIT = 300_000;
const FOLLOWED_GROUPS = 1_500;
const NOTHING = new Uint8Array(0);

const say = (line: string): void => {
  writeSync(1, `${line}\n`);
};

function startTrimmer(directory: string): (position: number) => Promise<void> {
  // A fault of the worker has no listener, so that it ends the process.
  const worker = new Worker(new URL(import.meta.url), { workerData: directory });
  return (position) =>
    new Promise((resolve) => {
      worker.once('message', () => resolve());
      worker.postMessage(position);
    });
}

/** 200 appends between two writes to a file called `marks`, which a trace shows. */
async function traced(directory: string, segmentBytes: number): Promise<void> {
  const writer = new SegmentedLogWriter(directory, { segmentBytes });
  const trim = startTrimmer(directory);
  const marks = openSync(join(directory, '..', 'marks'), 'w');
  await trim(0);
  writeSync(marks, 'begin');
  for (let position = 1; position <= 200; position += 1) {
    writer.append(groupAt(position));
    await trim(0);
  }
  writeSync(marks, 'end');
  closeSync(marks);
  writer.close();
  process.exit(0);
}

/** Appends for ever and names each position once it is durable; in the second form the reader trims behind it. */
async function endless(directory: string, trimming: boolean): Promise<void> {
  const writer = new SegmentedLogWriter(directory, { segmentBytes: SMALL_SEGMENT_BYTES });
  const trim = startTrimmer(directory);
  let pending: Promise<void> | null = null;
  for (;;) {
    say(String(writer.append(groupAt(writer.head + 1))));
    if (trimming && pending === null) {
      pending = trim(Math.max(0, writer.head - 50)).finally(() => {
        pending = null;
      });
    }
    if (writer.head % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Appends through many segments as fast as it can, while the other thread reads, checks and trims behind it. */
async function followed(directory: string): Promise<void> {
  const writer = new SegmentedLogWriter(directory, { segmentBytes: SMALL_SEGMENT_BYTES });
  const follower = new Worker(new URL(import.meta.url), { workerData: directory });
  const done = new Promise((resolve) => follower.once('message', resolve));
  follower.postMessage('follow');
  for (let position = 1; position <= FOLLOWED_GROUPS; position += 1) writer.append(groupAt(position));
  await done;
  say(JSON.stringify({ head: writer.head, segments: listSegments(directory).length }));
  process.exit(0);
}

function follow(reader: SegmentedLogReader, after: number): void {
  const batches = reader.read(after, 20_000);
  for (const { position, records } of batches) {
    const expected = groupAt(position);
    const same = records.every((record, index) => Buffer.compare(record, expected[index] ?? NOTHING) === 0);
    if (records.length !== expected.length || !same) throw new Error(`group ${position} is not what was appended`);
  }
  const last = batches.at(-1)?.position ?? after;
  if (last !== after + batches.length) throw new Error(`${batches.length} groups led from ${after} to ${last}`);
  reader.trim(last);
  if (last < FOLLOWED_GROUPS) setImmediate(() => follow(reader, last));
  else parentPort?.postMessage('done');
}

/** Appends until no file may grow any further, lifts the limit and appends again. */
function starved(directory: string): void {
  const limit = (bytes: string) => spawnSync('prlimit', ['--pid', String(process.pid), `--fsize=${bytes}:unlimited`]);
  const writer = new SegmentedLogWriter(directory);
  limit(String(FILE_SIZE_LIMIT));
  const faults: string[] = [];
  while (faults.length < 3) {
    try {
      writer.append(groupAt(writer.head + 1));
    } catch (error) {
      if (!(error instanceof StorageFault)) throw error;
      faults.push(error.code);
    }
  }
  const before = writer.head;
  limit('unlimited');
  const after = writer.append(groupAt(writer.head + 1));
  writer.append(groupAt(writer.head + 1));
  const reader = new SegmentedLogReader(directory);
  const read = reader.read(0, 1 << 30).map((batch) => batch.position);
  say(JSON.stringify({ faults, before, after, read: read.length, last: read.at(-1) }));
  process.exit(0);
}

if (isMainThread) {
  const [mode, directory = ''] = process.argv.slice(2);
  if (mode === 'traced') await traced(directory, 1 << 30);
  else if (mode === 'traced-switching') await traced(directory, SMALL_SEGMENT_BYTES);
  else if (mode === 'endless') await endless(directory, false);
  else if (mode === 'endless-trimming') await endless(directory, true);
  else if (mode === 'followed') await followed(directory);
  else if (mode === 'starved') starved(directory);
  else throw new Error(`no such mode: ${mode}`);
} else {
  const reader = new SegmentedLogReader(workerData as string);
  parentPort?.on('message', (request: number | 'follow') => {
    if (request === 'follow') return follow(reader, 0);
    reader.trim(request);
    parentPort?.postMessage('done');
  });
}
