/**
 * A process that enqueues jobs and finishes every other one, for a test that kills it.
 *
 *     bun queue-child.ts DIRECTORY FIRST
 *
 * It says `enqueued ID` and `done ID` once that is so, and names its jobs from FIRST on.
 */
import { writeSync } from 'node:fs';
import { SqliteJobs } from '../../src/storage/embedded/queue/sqlite-jobs.ts';

const [directory = '', first = '1'] = process.argv.slice(2);
const jobs = new SqliteJobs(directory);
const queue = jobs.queue('test', { maxAttempts: 1_000, delaysMs: [1_000], maxJobs: 100_000, maxDead: 10 });

const say = (line: string): void => {
  writeSync(1, `${line}\n`);
};

queue.consume({
  prefetch: 20,
  deliver: ({ job, done }) => {
    if (Number(job.id) % 2 !== 0) return;
    done().then(
      () => say(`done ${job.id}`),
      (error) => {
        throw error;
      },
    );
  },
});

for (let id = Number(first); ; id += 1) {
  await queue.enqueue({ id: String(id), body: new TextEncoder().encode(`body of ${id}`) });
  say(`enqueued ${id}`);
  await new Promise((resolve) => setImmediate(resolve));
}
