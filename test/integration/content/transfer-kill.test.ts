/** Transfers whose process is killed between any two steps. */
import { expect, setDefaultTimeout, test } from 'bun:test';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TRANSFER_POLICY, TRANSFER_QUEUE } from '../../../src/files/transfer/transfers.ts';
import { dataDirPaths } from '../../../src/storage/embedded/data-dir.ts';
import { FileObjects } from '../../../src/storage/embedded/objects/file-objects.ts';
import { SqliteJobs } from '../../../src/storage/embedded/queue/sqlite-jobs.ts';
import { type ObjectStore, objectKey } from '../../../src/storage/ports/objects.ts';
import { S3Objects, type S3Options } from '../../../src/storage/s3/s3-objects.ts';
import { PART_BYTES, s3OptionsOf } from '../../contract/objects-s3.ts';
import { readAll, sampleBytes, sha256Of } from '../../contract/objects-samples.ts';
import { tempDir } from '../../contract/temp-dir.ts';
import { describeWith } from '../../support/back-ends.ts';
import { TEST_MS, within } from '../../support/wait.ts';
import { seed, seedUser, withFileRecords } from './seeding.ts';

setDefaultTimeout(2 * TEST_MS);

const CHILD = join(import.meta.dir, 'transfer-child.ts');
/** More steps than a transfer has. */
const MAX_STEPS = 200;

test('[TRF1] a transfer that is killed before or after any step is finished by the next start, and leaves nothing', async () => {
  await killAtEachStep(undefined, 1);
});

describeWith(['ceph'], 'the gateway of Ceph', (variables) => {
  test('[TRF1] the same into a bucket, in parts', async () => {
    await killAtEachStep(s3OptionsOf(variables), 3);
  });
});

async function killAtEachStep(s3: (S3Options & { readonly partBytes: number }) | undefined, stride: number) {
  for (let killAt = 1; ; killAt += stride) {
    expect(killAt).toBeLessThan(MAX_STEPS);
    using dir = tempDir();
    const paths = dataDirPaths(dir.path);
    mkdirSync(paths.path, { recursive: true });
    writeFileSync(paths.node, 'this-node\n');
    await seedUser(dir.path, 'anna');
    // Other content each time, so that no run meets the object of the one before.
    const bytes = sampleBytes((s3 === undefined ? 100_000 : 2 * PART_BYTES) + killAt, killAt);
    const { hash, content } = await seed(dir.path, { user: 'anna', bytes, name: 'a', type: 'image/png' });
    writeFileSync(join(dir.path, 'settings.json'), JSON.stringify({ hash, s3 }));
    const first = await run(dir.path, killAt);
    const second = first.killed ? await run(dir.path, 0) : first;
    expect({ killAt, said: second.said }).toEqual({ killAt, said: expect.stringMatching(/^finished \d+\n$/) });
    await expectMoved(
      s3 === undefined ? new FileObjects(paths.objects) : new S3Objects(s3),
      dir.path,
      hash,
      content.generation,
    );
    if (!first.killed) return;
  }
}

async function run(directory: string, killAt: number): Promise<{ killed: boolean; said: string }> {
  const child = Bun.spawn([process.execPath, CHILD, directory, String(killAt)], { stdout: 'pipe', stderr: 'inherit' });
  const said = await within(`the transfer that is killed at step ${killAt}`, new Response(child.stdout).text());
  await child.exited;
  return { killed: child.signalCode === 'SIGKILL', said };
}

async function expectMoved(objects: ObjectStore, directory: string, hash: string, generation: string): Promise<void> {
  const paths = dataDirPaths(directory);
  const key = objectKey(hash, generation);
  const content = await withFileRecords(directory, (records) => records.content(hash));
  expect(content).toMatchObject({ status: 'stored', address: `object:${key}`, generation });
  const body = await objects.get(key);
  expect(sha256Of(await readAll(body!.stream))).toBe(hash);
  expect(readdirSync(join(paths.staging, 'contents'))).toEqual([]);
  expect(readdirSync(paths.transfers).filter((name) => !name.endsWith('.new'))).toEqual([]);
  const unfinished = await objects.unfinished(Number.MAX_SAFE_INTEGER, 1_000);
  // Parts that a killed process began and could not note down stay until they are old.
  expect(unfinished.filter((put) => put.key === key).length).toBeLessThanOrEqual(1);
  const jobs = new SqliteJobs(paths.jobs);
  expect(await jobs.queue(TRANSFER_QUEUE, TRANSFER_POLICY).dead(10)).toEqual([]);
  await jobs.close();
  await objects.delete(key);
  for (const put of unfinished.filter((each) => each.key === key)) await objects.abandon(put);
  await objects.close();
}
