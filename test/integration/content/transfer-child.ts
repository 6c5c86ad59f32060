/**
 * A process that moves one staged content to the object store, for tests that kill it between any two steps.
 *
 *     bun transfer-child.ts DIRECTORY KILL_AT
 *
 * Every call of a back end counts twice: before it begins and after it has answered. At count KILL_AT the process kills
 * itself. Where nothing is left to do it writes `finished`, and ends.
 */
import { readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { sweepLost } from '../../../src/files/transfer/sweep.ts';
import { TRANSFER_POLICY, TRANSFER_QUEUE, Transfers } from '../../../src/files/transfer/transfers.ts';
import { Upkeep } from '../../../src/files/transfer/upkeep.ts';
import { dataDirPaths } from '../../../src/storage/embedded/data-dir.ts';
import { SqliteFileRecords } from '../../../src/storage/embedded/files/sqlite-file-records.ts';
import { FileObjects } from '../../../src/storage/embedded/objects/file-objects.ts';
import { SqliteJobs } from '../../../src/storage/embedded/queue/sqlite-jobs.ts';
import { SqliteRecords } from '../../../src/storage/embedded/records/sqlite-records.ts';
import { FileStaging } from '../../../src/storage/embedded/staging/file-staging.ts';
import { FileNotes } from '../../../src/storage/embedded/transfers/file-notes.ts';
import type { ObjectStore } from '../../../src/storage/ports/objects.ts';
import { S3Objects } from '../../../src/storage/s3/s3-objects.ts';

const [directory = '', killAt = '0'] = process.argv.slice(2);
const { hash, s3 } = JSON.parse(readFileSync(join(directory, 'settings.json'), 'utf8'));
const paths = dataDirPaths(directory);
/** Pauses are this much shorter than those of the engine. */
const HASTE = 200;

let count = 0;
function step(): void {
  count += 1;
  if (count === Number(killAt)) process.kill(process.pid, 'SIGKILL');
}

/** What has answered is known to nobody else until the next turn: there the process may die as well. */
function counted<Port extends object>(port: Port): Port {
  return new Proxy(port, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return (...args: readonly unknown[]): unknown => {
        step();
        const answer: unknown = member.apply(target, args);
        if (!(answer instanceof Promise)) return answer;
        return answer.finally(step);
      };
    },
  });
}

const records = new SqliteRecords(paths.records);
const fileRecords = new SqliteFileRecords(records.database);
const asked = counted({
  content: async (of: string) => fileRecords.content(of),
  staged: async (limit: number, after?: string) => fileRecords.staged(limit, after),
  stored: async (...args: Parameters<typeof fileRecords.stored>) => fileRecords.stored(...args),
  holders: async (of: string, limit: number) => fileRecords.holders(of, limit),
});
const objects = counted<ObjectStore>(s3 === undefined ? new FileObjects(paths.objects) : new S3Objects(s3));
const staging = counted(new FileStaging(paths.staging));
const notes = counted(new FileNotes(paths.transfers));
const jobs = new SqliteJobs(paths.jobs);
const inner = jobs.queue(TRANSFER_QUEUE, TRANSFER_POLICY);
const queue = counted({
  enqueue: inner.enqueue.bind(inner),
  dead: inner.dead.bind(inner),
  replay: inner.replay.bind(inner),
  discard: inner.discard.bind(inner),
  ping: inner.ping.bind(inner),
  close: inner.close.bind(inner),
  consume: ({ prefetch, deliver }: Parameters<typeof inner.consume>[0]) =>
    inner.consume({ prefetch, deliver: (delivery) => deliver({ ...counted(delivery), job: delivery.job }) }),
});

const host = {
  monotonicMs: () => performance.now(),
  setTimer: (ms: number, callback: () => void) => {
    const timer = setTimeout(callback, ms / HASTE);
    return () => clearTimeout(timer);
  },
};
const onDefect = (error: unknown): void => {
  writeSync(2, `${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(70);
};
const common = {
  objects,
  staging,
  notes,
  records: asked,
  node: readFileSync(paths.node, 'utf8').trim(),
  queue,
  host,
  wallMs: () => Date.now(),
  onDefect,
};
const transfers = new Transfers({ ...common, onMoved: () => undefined, onFailed: (_, reason) => onDefect(reason) });
const sweeping = { ...common, transfers, graceMs: 0, lostMs: 0, unfinishedMs: 86_400_000 };
const upkeep = new Upkeep({ ...sweeping, onSwept: () => undefined, onFault: onDefect });
await transfers.enqueue(hash);
transfers.start();
upkeep.start();

for (;;) {
  const staged = [...new Bun.Glob('*').scanSync(join(paths.staging, 'contents'))];
  const left = [...new Bun.Glob('*.{note,put}').scanSync(paths.transfers)];
  if (staged.length === 0 && left.length === 0) break;
  await Bun.sleep(5);
}
await upkeep.close();
await sweepLost(sweeping, { enqueued: 0, freed: 0, deleted: 0, lost: 0, abandoned: 0 });
await transfers.close();
await jobs.close();
await records.close();
writeSync(1, `finished ${count}\n`);
