/** The S3 driver against a real gateway behind a proxy that does harm. */
import { expect, setDefaultTimeout, test } from 'bun:test';
import { S3Objects, type S3Options } from '../../src/storage/s3/s3-objects.ts';
import { describeWith } from '../support/back-ends.ts';
import { eventually, TEST_MS, within } from '../support/wait.ts';
import { faultFrom, faultOf } from './fault-of.ts';
import { S3Proxy, type SeenRequest, type Treatment } from './objects-proxy.ts';
import { emptied, PART_BYTES, s3OptionsOf, uniquePrefix } from './objects-s3.ts';
import { disguised, readAll, sampleBytes, sha256Of, sourceOf } from './objects-samples.ts';

setDefaultTimeout(TEST_MS);

const isPart = ({ method, url }: SeenRequest): boolean => method === 'PUT' && url.includes('partNumber=');
const isEnd = ({ method, url }: SeenRequest): boolean => method === 'POST' && url.includes('uploadId=');
const isAbort = ({ method, url }: SeenRequest): boolean => method === 'DELETE' && url.includes('uploadId=');
const isRead = ({ method }: SeenRequest): boolean => method === 'GET';

describeWith(['ceph'], 'the S3 driver behind a harmful line', (variables) => {
  const direct = s3OptionsOf(variables);

  /** A store behind a proxy, and a key that is gone afterwards. */
  async function scene(treat: (request: SeenRequest) => Treatment, options: Partial<S3Options> = {}) {
    const proxy = new S3Proxy(direct.url, treat);
    const prefix = uniquePrefix();
    const store = new S3Objects({ ...direct, url: await proxy.listen(), pauseMs: 1, ...options });
    return {
      proxy,
      store,
      key: `${prefix}object`,
      prefix,
      straight: new S3Objects(direct),
      [Symbol.asyncDispose]: async () => {
        await store.close();
        await proxy[Symbol.asyncDispose]();
        await emptied(direct, prefix);
      },
    };
  }

  test('[OBJ14] no more of a source is in memory than the parts in flight, and they are sent in parallel', async () => {
    const held: (() => void)[] = [];
    await using at = await scene(
      (request) => (isPart(request) ? new Promise((resolve) => held.push(resolve)) : 'pass'),
      { partsInFlight: 3 },
    );
    const bytes = sampleBytes(8 * PART_BYTES + 5);
    const pieceBytes = 1024 * 1024;
    let pulled = 0;
    let released = 0;
    const counted = async function* () {
      for (let from = 0; from < bytes.length; from += pieceBytes) {
        const piece = bytes.subarray(from, from + pieceBytes);
        pulled += piece.length;
        expect(pulled).toBeLessThanOrEqual((3 + released) * PART_BYTES + pieceBytes);
        yield piece;
      }
    };
    const put = at.store.put(at.key, disguised(bytes, counted()));
    for (let part = 0; part < 9; part += 1) {
      await at.proxy.came('parts', Math.min(9, part + 3), isPart);
      expect(at.proxy.seen.filter(isPart)).toHaveLength(Math.min(9, part + 3));
      released += 1;
      held[part]!();
    }
    expect(await put).toBe('stored');
    expect(await at.straight.head(at.key)).toEqual({ size: bytes.length, sha256: sha256Of(bytes) });
  });

  for (const [what, treatment] of [
    ['damaged on its way', 'damage'],
    ['sent without an answer', 'lose'],
  ] as const) {
    test(`[OBJ15] a part that was ${what} is sent again`, async () => {
      let harmed = 0;
      await using at = await scene((request) => (isPart(request) && ++harmed === 2 ? treatment : 'pass'));
      const bytes = sampleBytes(3 * PART_BYTES);
      expect(await at.store.put(at.key, sourceOf(bytes, 1_000_000))).toBe('stored');
      expect(at.proxy.seen.filter(isPart)).toHaveLength(4);
      const body = await at.straight.get(at.key);
      expect(Buffer.compare(await readAll(body!.stream), bytes)).toBe(0);
    });
  }

  test('[OBJ15] a small object whose answer was lost is stored once', async () => {
    let harmed = 0;
    await using at = await scene(({ method }) => (method === 'PUT' && ++harmed === 1 ? 'lose' : 'pass'));
    const bytes = sampleBytes(1_000);
    expect(['stored', 'present']).toContain(await at.store.put(at.key, sourceOf(bytes)));
    expect(await at.straight.head(at.key)).toEqual({ size: 1_000, sha256: sha256Of(bytes) });
  });

  test('[OBJ16] a put that fails ends its parts after the last one in flight has ended', async () => {
    await using at = await scene((request) =>
      isPart(request) && request.url.includes('partNumber=2') ? 'lose' : 'pass',
    );
    const bytes = sampleBytes(4 * PART_BYTES);
    expect(await faultOf(() => at.store.put(at.key, sourceOf(bytes, 1_000_000)))).toBe('unavailable');
    const seen = at.proxy.seen;
    expect(seen.filter((request) => request.url.includes('partNumber=2'))).toHaveLength(3);
    expect(isAbort(seen.at(-1)!)).toBe(true);
    expect(await at.straight.head(at.key)).toBeNull();
    const left = await at.straight.unfinished(Number.MAX_SAFE_INTEGER, 1_000);
    expect(left.filter((put) => put.key === at.key)).toEqual([]);
  });

  test('[OBJ17] a completion whose answer is lost has stored the object', async () => {
    let ends = 0;
    await using at = await scene((request) => (isEnd(request) && ++ends > 0 ? 'lose' : 'pass'));
    const bytes = sampleBytes(2 * PART_BYTES);
    expect(await at.store.put(at.key, sourceOf(bytes, 1_000_000))).toBe('stored');
    expect(ends).toBe(3);
    expect(await at.straight.head(at.key)).toEqual({ size: bytes.length, sha256: sha256Of(bytes) });
  });

  test('[OBJ17] a completion of unknown outcome is not abandoned, and the put may be repeated', async () => {
    let ends = 0;
    await using at = await scene((request) => (isEnd(request) && ++ends <= 3 ? 'busy' : 'pass'));
    const bytes = sampleBytes(2 * PART_BYTES);
    expect(await faultOf(() => at.store.put(at.key, sourceOf(bytes, 1_000_000)))).toBe('unavailable');
    expect(at.proxy.seen.filter(isAbort)).toEqual([]);
    expect(await at.store.put(at.key, sourceOf(bytes, 1_000_000))).toBe('stored');
    const left = await at.straight.unfinished(Number.MAX_SAFE_INTEGER, 1_000);
    expect(left.filter((put) => put.key === at.key)).toHaveLength(1);
  });

  test('[OBJ18] a request without an answer ends at its deadline, repeated as often as said and no more', async () => {
    await using at = await scene(() => 'silence', { requestMs: 100, attempts: 4 });
    const asks = [
      () => at.store.head(at.key),
      () => at.store.get(at.key),
      () => at.store.delete(at.key),
      () => at.store.list({ prefix: at.prefix, limit: 1 }),
      () => at.store.ping(),
      () => at.store.put(at.key, sourceOf(sampleBytes(10))),
    ];
    for (const ask of asks) {
      const before = at.proxy.seen.length;
      const fault = await faultFrom(ask);
      expect(fault).toMatchObject({ code: 'unavailable' });
      expect(fault.message).toContain('no answer within 100 ms');
      expect(at.proxy.seen.length - before).toBe(4);
    }
  });

  test('[OBJ19] a read that breaks off again and again goes on where it was', async () => {
    await using at = await scene((request) => (isRead(request) ? { cutAfter: 700_000 } : 'pass'));
    const bytes = sampleBytes(3_000_000);
    await at.straight.put(at.key, sourceOf(bytes));
    for (const range of [{ offset: 0 }, { offset: 1_000, length: 2_500_000 }]) {
      const body = await at.store.get(at.key, range);
      const expected = bytes.subarray(range.offset, range.offset + (range.length ?? bytes.length));
      expect(Buffer.compare(await readAll(body!.stream), expected)).toBe(0);
    }
    expect(at.proxy.seen.filter(isRead).length).toBeGreaterThanOrEqual(8);
  });

  test('[OBJ19] a read that breaks off for good, or whose object is deleted meanwhile, ends in a fault', async () => {
    let reads = 0;
    await using at = await scene(
      (request) => {
        if (!isRead(request)) return 'pass';
        reads += 1;
        return reads === 1 ? { cutAfter: 500_000 } : 'lose';
      },
      { requestMs: 200 },
    );
    const bytes = sampleBytes(1_000_000);
    await at.straight.put(at.key, sourceOf(bytes));
    const body = await at.store.get(at.key);
    expect(await faultOf(() => readAll(body!.stream))).toBe('unavailable');
    reads = 0;
    const other = await at.store.get(at.key);
    await at.straight.delete(at.key);
    expect(await faultOf(() => readAll(other!.stream))).toBe('unavailable');
  });

  test('[OBJ19] a read whose object was replaced meanwhile is not taken up with other content', async () => {
    let reads = 0;
    await using at = await scene((request) => (isRead(request) && ++reads === 1 ? { cutAfter: 500_000 } : 'pass'));
    await at.straight.put(at.key, sourceOf(sampleBytes(1_000_000, 1)));
    const body = await at.store.get(at.key, { offset: 10 });
    await at.straight.delete(at.key);
    await at.straight.put(at.key, sourceOf(sampleBytes(1_000_000, 2)));
    expect(await faultOf(() => readAll(body!.stream))).toBe('unavailable');
  });

  test('[OBJ19] a reader who gives up while nothing comes is let go at once', async () => {
    await using at = await scene((request) => (isRead(request) ? { stallAfter: 500_000 } : 'pass'), {
      requestMs: 10 * TEST_MS,
    });
    await at.straight.put(at.key, sourceOf(sampleBytes(1_000_000)));
    const body = await at.store.get(at.key);
    const reader = body!.stream.getReader();
    let isStuck = false;
    const reading = (async () => {
      for (let read = await reader.read(); !read.done; read = await reader.read());
      isStuck = true;
    })();
    await eventually(
      'the bytes to be sent',
      () => at.proxy.sentBytes,
      (sent) => sent === 500_000,
    );
    expect(isStuck).toBe(false);
    await within('the reader to be let go', reader.cancel());
    await within('its read to end', reading);
  });

  test('[OBJ20] what nobody reads stays where it is', async () => {
    await using at = await scene(() => 'pass');
    const bytes = sampleBytes(32 * 1024 * 1024);
    await at.straight.put(at.key, sourceOf(bytes, 1_000_000));
    const body = await at.store.get(at.key);
    const reader = body!.stream.getReader();
    await reader.read();
    // Whoever reads as fast as they can gets the whole, while the other one's bytes wait in the line.
    const other = await at.store.get(at.key);
    await readAll(other!.stream);
    const quick = at.proxy.answered.filter(isRead).length;
    expect(quick).toBe(1);
    expect(at.proxy.sentBytes).toBeLessThan(1.75 * bytes.length);
    await reader.cancel();
    await eventually(
      'the connection to be let go',
      () => at.proxy.answered.filter(isRead).length,
      (n) => n >= 1,
    );
  });

  test('[OBJ21] wrong keys and missing buckets are refused at once', async () => {
    await using at = await scene(() => 'pass');
    const url = await new S3Proxy(direct.url, () => 'pass').listen();
    for (const wrong of [{ secretKey: 'wrong' }, { accessKey: 'nobody' }, { bucket: 'no-such-bucket-of-ours' }]) {
      const store = new S3Objects({ ...direct, url, pauseMs: 1, ...wrong });
      expect(await faultOf(() => store.ping())).toBe('refused');
      expect(await faultOf(() => store.put(at.key, sourceOf(sampleBytes(10))))).toBe('refused');
      await store.close();
    }
  });

  test('[OBJ12] unfinished puts are found over many pages', async () => {
    await using at = await scene((request) => (isEnd(request) || isAbort(request) ? 'busy' : 'pass'), {
      attempts: 1,
      listPage: 1,
    });
    const bytes = sampleBytes(PART_BYTES + 1);
    const keys = ['a', 'a', 'b', 'c'].map((name) => at.prefix + name);
    for (const key of keys) await faultOf(() => at.store.put(key, sourceOf(bytes, 1_000_000)));
    const found = await at.store.unfinished(Number.MAX_SAFE_INTEGER, 1_000);
    expect(found.map((put) => put.key).filter((key) => key.startsWith(at.prefix))).toEqual(keys);
    expect((await at.store.unfinished(Number.MAX_SAFE_INTEGER, 2)).length).toBe(2);
  });
});
