/** What is particular to job queues in a file: crashes, owners, a database that is locked. */

import { Database } from 'bun:sqlite';
import { expect, setDefaultTimeout, test } from 'bun:test';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { SqliteJobs } from '../../src/storage/embedded/queue/sqlite-jobs.ts';
import type { StorageFault } from '../../src/storage/ports/faults.ts';
import type { QueuePolicy } from '../../src/storage/ports/queue.ts';
import { eventually, TEST_MS } from '../support/wait.ts';
import { faultOf } from './fault-of.ts';
import { Hands, job } from './queue.ts';
import { tempDir } from './temp-dir.ts';

setDefaultTimeout(TEST_MS);

const CHILD = join(import.meta.dir, 'queue-child.ts');
const POLICY: QueuePolicy = { maxAttempts: 1_000, delaysMs: [1_000], maxJobs: 100_000, maxDead: 10 };

test('[QUE16] after a kill every job that was taken and is not done comes again, and none that is done', async () => {
  using dir = tempDir();
  const directory = join(dir.path, 'jobs');
  const enqueued = new Set<string>();
  const done = new Set<string>();
  let first = 1;
  for (const lines of [10, 60, 35]) {
    const output = await killedAfter(directory, first, lines);
    for (const line of output) {
      const [what, id = ''] = line.split(' ');
      if (what === 'enqueued') enqueued.add(id);
      if (what === 'done') done.add(id);
    }
    first = Math.max(...[...enqueued].map(Number)) + 100;
    const jobs = new SqliteJobs(directory);
    const hands = new Hands(jobs.queue('test', POLICY), 1_000);
    const missing = [...enqueued].filter((id) => !done.has(id));
    const got = (await hands.received(missing.length)).map((delivery) => delivery.job.id);
    // What the child was about to say when it was killed may be there or not; nothing else may.
    const known = got.filter((id) => enqueued.has(id));
    expect(known.filter((id) => done.has(id))).toEqual([]);
    expect(known.sort().filter((id) => Number(id) % 2 === 1)).toEqual(
      missing.sort().filter((id) => Number(id) % 2 === 1),
    );
    expect(missing.filter((id) => !known.includes(id)).length).toBeLessThanOrEqual(20);
    for (const { delivery } of hands.got)
      expect(new TextDecoder().decode(delivery.job.body)).toBe(`body of ${delivery.job.id}`);
    await jobs.close();
  }
});

/** Kills the child after so many lines; those that it said in full. */
async function killedAfter(directory: string, first: number, count: number): Promise<string[]> {
  const child = spawn(process.execPath, [CHILD, directory, String(first)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  let output = '';
  for await (const chunk of child.stdout) {
    output += String(chunk);
    if (output.split('\n').length > count) child.kill('SIGKILL');
  }
  const [, signal] = await closed;
  expect(signal).toBe('SIGKILL');
  return output.split('\n').slice(0, -1);
}

test('[QUE17] a second owner is refused while the first is there, and the queues of one owner do not mix', async () => {
  using dir = tempDir();
  const directory = join(dir.path, 'jobs');
  const jobs = new SqliteJobs(directory);
  expect(await faultOf(() => new SqliteJobs(directory))).toBe('unavailable');
  const [one, other] = [jobs.queue('one', POLICY), jobs.queue('other', POLICY)];
  expect(jobs.queue('one', POLICY)).toBe(one);
  await one.enqueue(job('a'));
  await other.enqueue(job('b'));
  const hands = new Hands(other);
  await (await hands.next()).giveUp('only here');
  expect(await one.dead(10)).toEqual([]);
  expect(await one.replay(['b'])).toBe(0);
  expect(await other.replay(['b'])).toBe(1);
  expect((await hands.next()).job.id).toBe('b');
  await jobs.close();
  await new SqliteJobs(directory).close();
});

test('[QUE18] while the file is locked all is unavailable and told, and jobs flow again afterwards', async () => {
  using dir = tempDir();
  const directory = join(dir.path, 'jobs');
  const faults: StorageFault[] = [];
  const jobs = new SqliteJobs(directory, { lockWaitMs: 20, onFault: (fault) => faults.push(fault) });
  const queue = jobs.queue('test', POLICY);
  await queue.enqueue(job('a'));
  const intruder = new Database(join(directory, 'jobs.db'));
  intruder.run('BEGIN IMMEDIATE');
  const hands = new Hands(queue);
  await eventually(
    'the fault to be told',
    () => faults.length,
    (count) => count > 0,
  );
  expect(faults[0]).toMatchObject({ code: 'unavailable' });
  expect(await faultOf(() => queue.enqueue(job('b')))).toBe('unavailable');
  expect(hands.got).toEqual([]);
  intruder.run('ROLLBACK');
  intruder.close();
  const delivery = await hands.next();
  expect(delivery.job).toMatchObject({ id: 'a', attempt: 1 });
  await delivery.done();
  await jobs.close();
});
