/** A log whose owner is killed at random moments, starved of room, or followed by a busy reader, each in a process of its own. */
import { expect, setDefaultTimeout, test } from 'bun:test';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { SegmentedLogReader } from '../../src/storage/embedded/log/reader.ts';
import { SegmentedLogWriter } from '../../src/storage/embedded/log/writer.ts';
import { tempDir } from '../contract/temp-dir.ts';
import { TEST_MS } from '../support/wait.ts';
import { groupAt } from './log-groups.ts';

setDefaultTimeout(TEST_MS);

const CHILD = join(import.meta.dir, 'log-child.ts');
const SEED = Number(process.env.MAILROOM_TEST_SEED ?? Date.now() % 1_000_000);
const KILLS = 6;
const MAX_APPENDS = 200;
/** What the trimming child leaves behind its head. */
const KEPT = 50;

/** Starts the child, kills it after so many acknowledged groups, and returns the last position that it named. */
async function killedAfter(mode: string, directory: string, appends: number): Promise<number> {
  const child = spawn(process.execPath, [CHILD, mode, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  let output = '';
  for await (const chunk of child.stdout) {
    output += String(chunk);
    if (output.split('\n').length > appends) child.kill('SIGKILL');
  }
  const [, signal] = await closed;
  expect(signal).toBe('SIGKILL');
  // What came before the last line break was said in full.
  return Number(output.split('\n').at(-2) ?? 0);
}

/** Opens the log as the next owner would; returns its head. */
function checkLog(directory: string, acknowledged: number, after: number): number {
  const writer = new SegmentedLogWriter(directory);
  const reader = new SegmentedLogReader(directory);
  expect(writer.head).toBeGreaterThanOrEqual(acknowledged);
  const batches = reader.read(after, 1 << 30);
  expect(batches.map((batch) => batch.position)).toEqual(
    Array.from({ length: writer.head - after }, (_, index) => after + index + 1),
  );
  for (const { position, records } of batches) {
    const expected = groupAt(position);
    expect(records.length).toBe(expected.length);
    for (const [index, record] of records.entries()) {
      expect(Buffer.compare(record, expected[index] ?? new Uint8Array(0))).toBe(0);
    }
  }
  const head = writer.head;
  reader.close();
  writer.close();
  return head;
}

for (const mode of ['endless', 'endless-trimming']) {
  test(`[LOG6] what was acknowledged before a kill is there after it (${mode}, seed ${SEED})`, async () => {
    using dir = tempDir();
    const log = join(dir.path, 'log');
    let head = 0;
    let random = SEED;
    for (let kill = 0; kill < KILLS; kill += 1) {
      random = (random * 1_103_515_245 + 12_345) % 2_147_483_648;
      const acknowledged = await killedAfter(mode, log, 1 + (random % MAX_APPENDS));
      expect(acknowledged).toBeGreaterThan(head);
      head = checkLog(log, acknowledged, mode === 'endless' ? 0 : Math.max(0, acknowledged - KEPT));
    }
  });
}

test('[LOG4] an append that the disk has no room for fails, and the log goes on when there is room again', () => {
  using dir = tempDir();
  const log = join(dir.path, 'log');
  // A write past the size limit fails like one to a full disk once the signal that comes with it is ignored.
  const command = `trap '' XFSZ; exec '${process.execPath}' '${CHILD}' starved '${log}'`;
  const { status, stdout, stderr } = spawnSync('sh', ['-c', command], { encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
  const said = JSON.parse(stdout);
  expect(said.faults).toEqual(['unavailable', 'unavailable', 'unavailable']);
  expect(said.before).toBeGreaterThan(10);
  expect(said).toMatchObject({ after: said.before + 1, read: said.before + 2, last: said.before + 2 });
  expect(checkLog(log, said.last, 0)).toBe(said.last);
});

test('[LOG3] a reader on a thread of its own gets every group once, in order, while it trims behind a busy writer', () => {
  using dir = tempDir();
  const { status, stdout, stderr } = spawnSync(process.execPath, [CHILD, 'followed', join(dir.path, 'log')], {
    encoding: 'utf8',
  });
  expect([status, stderr]).toEqual([0, '']);
  const said = JSON.parse(stdout);
  expect(said.head).toBe(1_500);
  expect(said.segments).toBeLessThan(4);
});
