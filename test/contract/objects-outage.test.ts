/**
 * The S3 driver while its gateway is killed, stopped and started again. It needs a set of services of its own and half a
 * minute, so it runs where MAILROOM_TEST_SERVICES=1 asks for it; elsewhere this file holds no test.
 */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { S3Objects, type S3Options } from '../../src/storage/s3/s3-objects.ts';
import { TEST_MS } from '../support/wait.ts';
import { faultOf } from './fault-of.ts';
import { PART_BYTES, s3OptionsOf } from './objects-s3.ts';
import { disguised, readAll, sampleBytes, sourceOf } from './objects-samples.ts';
import { type OwnServices, ownServices } from './own-services.ts';

setDefaultTimeout(TEST_MS);

if (process.env.MAILROOM_TEST_SERVICES === '1') {
  let services: OwnServices;
  let options: S3Options;

  beforeAll(async () => {
    services = await ownServices('ceph');
    options = s3OptionsOf(await services.variables());
  });
  afterAll(() => services[Symbol.asyncDispose]());

  test('[OBJ18] a gateway that hangs costs a deadline, and the same store works when it goes on', async () => {
    const store = new S3Objects({ ...options, requestMs: 300, attempts: 2 });
    await store.ping();
    const gateway = await services.pid('ceph-rgw');
    process.kill(gateway, 'SIGSTOP');
    try {
      expect(await faultOf(() => store.head('a'))).toBe('unavailable');
      expect(await faultOf(() => store.put('a', sourceOf(sampleBytes(100))))).toBe('unavailable');
    } finally {
      process.kill(gateway, 'SIGCONT');
    }
    await store.close();
    const patient = new S3Objects(options);
    // The put that was refused may have arrived after all.
    expect(['stored', 'present']).toContain(await patient.put('a', sourceOf(sampleBytes(100))));
    await patient.close();
  });

  test('[OBJ16] a gateway killed in the middle of a put leaves nothing to read; the rest can be abandoned', async () => {
    const store = new S3Objects(options);
    const bytes = sampleBytes(4 * PART_BYTES);
    const killing = async function* () {
      yield bytes.subarray(0, 3 * PART_BYTES);
      await services.kill('ceph-rgw');
      yield bytes.subarray(3 * PART_BYTES);
    };
    expect(await faultOf(() => store.put('torn', disguised(bytes, killing())))).toBe('unavailable');
    await services.up('ceph');
    expect(await store.head('torn')).toBeNull();
    const left = await store.unfinished(Number.MAX_SAFE_INTEGER, 10);
    expect(left.map((put) => put.key)).toEqual(['torn']);
    for (const put of left) await store.abandon(put);
    expect(await store.unfinished(Number.MAX_SAFE_INTEGER, 10)).toEqual([]);
    expect(await store.put('torn', sourceOf(bytes, 1_000_000))).toBe('stored');
    expect(Buffer.compare(await readAll((await store.get('torn'))!.stream), bytes)).toBe(0);
    await store.close();
  });

  test('[OBJ19] a read goes on where it was when its gateway was killed and has come back', async () => {
    const store = new S3Objects({ ...options, attempts: 12, pauseMs: 50 });
    const bytes = sampleBytes(24 * 1024 * 1024);
    await store.put('read', sourceOf(bytes, 1_000_000));
    const reader = (await store.get('read'))!.stream.getReader();
    const chunks = [(await reader.read()).value!];
    await services.kill('ceph-rgw');
    await services.up('ceph');
    for (let read = await reader.read(); !read.done; read = await reader.read()) chunks.push(read.value);
    expect(Buffer.compare(Buffer.concat(chunks), bytes)).toBe(0);
    await store.close();
  });
}
