/** What every object store does, whatever it is made of. */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { StorageFault } from '../../src/storage/ports/faults.ts';
import type { ListedObject, ObjectQuery, ObjectStore } from '../../src/storage/ports/objects.ts';
import { TEST_MS, within } from '../support/wait.ts';
import { faultOf } from './fault-of.ts';
import { MemoryObjects } from './memory-objects.ts';
import { fileTests } from './objects-of-files.ts';
import { disguised, pieces, readAll, sampleBytes, sha256Of, sourceOf } from './objects-samples.ts';

/** A place for objects that no other test uses. It may be opened again. */
export interface ObjectsDriver extends AsyncDisposable {
  open(): ObjectStore;
  /** What all keys must begin with. Nothing else lies under it. */
  readonly prefix: string;
  /** Content above this is handled in pieces, if the driver does that. */
  readonly partBytes: number;
  /** Whether content up to `partBytes` can be unfinished. */
  readonly hasSmallUnfinished: boolean;
  /** Changes the stored content behind the store's back, and not its facts. */
  damage(key: string): Promise<void>;
}

const HOUR_MS = 3_600_000;

export function objectsContract(name: string, makeDriver: () => ObjectsDriver): void {
  describe(`objects: ${name}`, () => {
    contentTests(makeDriver);
    refusalTests(makeDriver);
    readingTests(makeDriver);
    listingTests(makeDriver);
    unfinishedTests(makeDriver);
    fileTests(makeDriver);
    modelTest(makeDriver);
  });
}

function contentTests(makeDriver: () => ObjectsDriver): void {
  test(
    '[OBJ1] content of any size comes back byte for byte, however its source cuts it',
    async () => {
      await using driver = makeDriver();
      const store = driver.open();
      const border = driver.partBytes;
      const cases = [
        [0, 1],
        [1, 1],
        [1_000, 7],
        [border, 1_000_003],
        [border + 1, border],
        [2 * border, border + 1],
        [2 * border + 77, 300_000],
      ] as const;
      for (const [size, pieceBytes] of cases) {
        const bytes = sampleBytes(size, size + 1);
        const key = `${driver.prefix}size/${size}`;
        expect(await store.put(key, sourceOf(bytes, pieceBytes))).toBe('stored');
        const body = await store.get(key);
        expect(body).toMatchObject({ size, sha256: sha256Of(bytes), offset: 0, length: size });
        expect(Buffer.compare(await readAll(body!.stream), bytes)).toBe(0);
        expect(await store.head(key)).toEqual({ size, sha256: sha256Of(bytes) });
      }
      await store.close();
    },
    TEST_MS,
  );

  test('[OBJ2] what was put is there after the store is opened again', async () => {
    await using driver = makeDriver();
    const key = `${driver.prefix}kept`;
    const first = driver.open();
    await first.put(key, sourceOf(sampleBytes(5_000)));
    await first.close();
    const second = driver.open();
    const body = await second.get(key);
    expect(Buffer.compare(await readAll(body!.stream), sampleBytes(5_000))).toBe(0);
    await second.close();
  });

  test('[OBJ3] the same content again is present, and its source is let go unread', async () => {
    await using driver = makeDriver();
    const store = driver.open();
    const key = `${driver.prefix}again`;
    const bytes = sampleBytes(3_000);
    await store.put(key, sourceOf(bytes));
    let pulled = 0;
    let cancelled = 0;
    const content = new ReadableStream<Uint8Array>(
      {
        pull: () => {
          pulled += 1;
        },
        cancel: () => {
          cancelled += 1;
        },
      },
      { highWaterMark: 0 },
    );
    expect(await store.put(key, disguised(bytes, content))).toBe('present');
    expect({ pulled, cancelled }).toEqual({ pulled: 0, cancelled: 1 });
    await store.close();
  });

  test('[OBJ3] a key that holds other content is refused, and keeps what it has', async () => {
    await using driver = makeDriver();
    const store = driver.open();
    const key = `${driver.prefix}taken`;
    await store.put(key, sourceOf(sampleBytes(3_000, 1)));
    expect(await faultOf(() => store.put(key, sourceOf(sampleBytes(3_000, 2))))).toBe('refused');
    const body = await store.get(key);
    expect(Buffer.compare(await readAll(body!.stream), sampleBytes(3_000, 1))).toBe(0);
    await store.close();
  });

  test('[OBJ3] of many puts of one content at once, all succeed', async () => {
    await using driver = makeDriver();
    const store = driver.open();
    const bytes = sampleBytes(20_000);
    const key = `${driver.prefix}race`;
    const answers = await Promise.all(Array.from({ length: 8 }, () => store.put(key, sourceOf(bytes, 1_000))));
    expect(answers).toContain('stored');
    expect((await store.list({ prefix: driver.prefix, limit: 10 })).objects.map((object) => object.key)).toEqual([key]);
    expect(Buffer.compare(await readAll((await store.get(key))!.stream), bytes)).toBe(0);
    await store.close();
  });
}

function refusalTests(makeDriver: () => ObjectsDriver): void {
  for (const isLarge of [false, true]) {
    const size = isLarge ? 'in parts' : 'small';
    test(
      `[OBJ4] content that is longer, shorter or other than said is refused and leaves nothing (${size})`,
      async () => {
        await using driver = makeDriver();
        const store = driver.open();
        const key = `${driver.prefix}wrong`;
        const bytes = sampleBytes(isLarge ? 2 * driver.partBytes + 10 : 2_000);
        const other = bytes.slice();
        other[other.length - 1]! ^= 1;
        const wrong = [bytes.subarray(0, -1), Buffer.concat([bytes, bytes.subarray(0, 1)]), other];
        for (const content of wrong) {
          expect(await faultOf(() => store.put(key, disguised(bytes, pieces(content, 500_000))))).toBe('refused');
        }
        await expectNothing(store, driver, key);
        await store.close();
      },
      TEST_MS,
    );

    test(
      `[OBJ5] a put whose source fails rejects with its error and leaves nothing (${size})`,
      async () => {
        await using driver = makeDriver();
        const store = driver.open();
        const key = `${driver.prefix}broken`;
        const bytes = sampleBytes(isLarge ? 2 * driver.partBytes + 10 : 2_000);
        const broken = async function* () {
          yield bytes.subarray(0, bytes.length - 5);
          throw new TypeError('the source broke');
        };
        const put = store.put(key, disguised(bytes, broken()));
        await expect(put).rejects.toThrow(new TypeError('the source broke'));
        await expectNothing(store, driver, key);
        await store.close();
      },
      TEST_MS,
    );

    test(
      `[OBJ5] a put that is aborted while its source hangs rejects with the reason and leaves nothing (${size})`,
      async () => {
        await using driver = makeDriver();
        const store = driver.open();
        const key = `${driver.prefix}aborted`;
        const bytes = sampleBytes(isLarge ? 2 * driver.partBytes + 10 : 2_000);
        const hanging = hangingSource(bytes, bytes.length - 5);
        const abort = new AbortController();
        const put = store.put(key, disguised(bytes, hanging.content), abort.signal);
        await within('the source to be read up to where it hangs', hanging.reached, TEST_MS);
        abort.abort(new TypeError('no longer wanted'));
        await expect(within('the put to end', put)).rejects.toThrow(new TypeError('no longer wanted'));
        await expectNothing(store, driver, key);
        await store.close();
      },
      TEST_MS,
    );
  }

  test('[OBJ6] what is no key, no fact, no range and no query is refused', async () => {
    await using driver = makeDriver();
    const store = driver.open();
    const good = sourceOf(sampleBytes(10));
    const keys = [
      '',
      '/',
      'a/',
      '/a',
      'a//b',
      '.',
      '..',
      'a/../b',
      '../a',
      '.a',
      'a b',
      'ä',
      'a@',
      'a,b',
      'a\\b',
      'a\0',
    ];
    for (const key of [...keys, 'a'.repeat(201)]) {
      expect([key, await faultOf(() => store.put(key, good))]).toEqual([key, 'refused']);
      for (const ask of [() => store.get(key), () => store.head(key), () => store.delete(key)]) {
        expect([key, await faultOf(ask)]).toEqual([key, 'refused']);
      }
    }
    const key = `${driver.prefix}facts`;
    for (const facts of [{ size: -1 }, { size: 1.5 }, { sha256: 'x' }, { sha256: good.sha256.toUpperCase() }]) {
      expect(await faultOf(() => store.put(key, { ...good, ...facts }))).toBe('refused');
    }
    for (const range of [{ offset: -1 }, { offset: 0.5 }, { offset: 0, length: -1 }]) {
      expect(await faultOf(() => store.get(key, range))).toBe('refused');
    }
    const queries: ObjectQuery[] = [
      { prefix: '', limit: 0 },
      { prefix: '', limit: 1_001 },
      { prefix: '/a', limit: 1 },
      { prefix: 'a', cursor: '../a', limit: 1 },
    ];
    for (const query of queries) expect(await faultOf(() => store.list(query))).toBe('refused');
    expect(await faultOf(() => store.unfinished(Date.now(), 0))).toBe('refused');
    await store.close();
  });
}

function readingTests(makeDriver: () => ObjectsDriver): void {
  test('[OBJ7] a range is what lies in it, cut to the object', async () => {
    await using driver = makeDriver();
    const store = driver.open();
    const bytes = sampleBytes(1_000_000);
    const key = `${driver.prefix}ranges`;
    await store.put(key, sourceOf(bytes));
    const empty = `${driver.prefix}empty`;
    await store.put(empty, sourceOf(new Uint8Array(0)));
    const ranges = [
      { offset: 0 },
      { offset: 0, length: 1 },
      { offset: 999_999 },
      { offset: 999_999, length: 50 },
      { offset: 300_000, length: 600_000 },
      { offset: 17, length: 0 },
      { offset: 1_000_000 },
      { offset: 1_000_000, length: 3 },
      { offset: 5_000_000, length: 3 },
    ];
    for (const range of ranges) {
      const body = await store.get(key, range);
      const expected = bytes.subarray(
        range.offset,
        range.length === undefined ? undefined : range.offset + range.length,
      );
      expect(body).toMatchObject({ size: bytes.length, offset: range.offset, length: expected.length });
      expect(Buffer.compare(await readAll(body!.stream), expected)).toBe(0);
      const none = await store.get(empty, range);
      expect(none).toMatchObject({ size: 0, length: 0 });
      expect(await readAll(none!.stream)).toHaveLength(0);
      expect(await store.get(`${key}.2`, range)).toBeNull();
    }
    await store.close();
  });

  test('[OBJ7] one who reads slowly, not at all or gives up does not disturb others', async () => {
    await using driver = makeDriver();
    const store = driver.open();
    const bytes = sampleBytes(3_000_000);
    const key = `${driver.prefix}slow`;
    await store.put(key, sourceOf(bytes));
    const unread = await store.get(key);
    const slow = await store.get(key);
    const reader = slow!.stream.getReader();
    const first = await reader.read();
    expect(first.value!.length).toBeLessThan(bytes.length);
    const quick = await store.get(key);
    expect(Buffer.compare(await readAll(quick!.stream), bytes)).toBe(0);
    await reader.cancel();
    await unread!.stream.cancel();
    await store.close();
  });

  test('[OBJ8] a read of the whole that does not fit its checksum ends in a fault before its last bytes', async () => {
    await using driver = makeDriver();
    const store = driver.open();
    const bytes = sampleBytes(400_000);
    const key = `${driver.prefix}damaged`;
    await store.put(key, sourceOf(bytes));
    await driver.damage(key);
    const body = await store.get(key);
    let got = 0;
    const code = await faultOf(async () => {
      for await (const chunk of body!.stream) got += chunk.length;
    });
    expect(code).toBe('corrupt');
    expect(got).toBeLessThan(bytes.length);
    await store.close();
  });

  test('[OBJ9] deleting is done once and may be repeated, and meets exactly the key', async () => {
    await using driver = makeDriver();
    const store = driver.open();
    const [key, other] = [`${driver.prefix}file.1`, `${driver.prefix}file.2`];
    await store.delete(key);
    await store.put(key, sourceOf(sampleBytes(10)));
    await store.put(other, sourceOf(sampleBytes(10)));
    await store.delete(key);
    await store.delete(key);
    expect([await store.head(key), await store.get(key)]).toEqual([null, null]);
    expect(await store.head(other)).toMatchObject({ size: 10 });
    expect(await store.put(key, sourceOf(sampleBytes(20)))).toBe('stored');
    expect(await store.head(key)).toMatchObject({ size: 20 });
    await store.close();
  });

  test('[OBJ10] a store that can be used answers a ping', async () => {
    await using driver = makeDriver();
    const store = driver.open();
    await store.ping();
    await store.close();
  });
}

function listingTests(makeDriver: () => ObjectsDriver): void {
  test('[OBJ11] keys come in the order of their bytes, page by page, each once', async () => {
    await using driver = makeDriver();
    const store = driver.open();
    const before = Date.now();
    const keys = ['a', 'a-b', 'a.b', 'a/b', 'a/b/c', 'a/b.c', 'aa', 'A', 'b/1', 'b/10', 'b/2', '_', '-', '0'];
    const full = keys.map((key) => driver.prefix + key).sort();
    for (const key of full) await store.put(key, sourceOf(new TextEncoder().encode(key)));
    for (const limit of [1, 3, full.length - 1, full.length, 1_000]) {
      const listed = await allPages(store, driver.prefix, limit);
      expect(listed.map((object) => object.key)).toEqual(full);
      expect(listed.map((object) => object.size)).toEqual(full.map((key) => key.length));
    }
    for (const prefix of ['a', 'a/', 'a/b', 'b/1', 'zz', 'a-']) {
      const expected = full.filter((key) => key.startsWith(driver.prefix + prefix));
      expect((await allPages(store, driver.prefix + prefix, 2)).map((object) => object.key)).toEqual(expected);
    }
    const [one] = (await store.list({ prefix: driver.prefix, limit: 1 })).objects;
    expect(Math.abs(one!.storedAt - before)).toBeLessThan(HOUR_MS);
    const missing = await store.list({ prefix: driver.prefix, cursor: `${driver.prefix}a.`, limit: 1 });
    expect(missing.objects.map((object) => object.key)).toEqual([`${driver.prefix}a.b`]);
    await store.close();
  });
}

function unfinishedTests(makeDriver: () => ObjectsDriver): void {
  test(
    '[OBJ12] a put under way is unfinished by its age; once abandoned it fails, and nothing of it is there',
    async () => {
      await using driver = makeDriver();
      const store = driver.open();
      const key = `${driver.prefix}left`;
      const bytes = sampleBytes(driver.hasSmallUnfinished ? 1_000 : 2 * driver.partBytes);
      const hanging = hangingSource(bytes, bytes.length - 1);
      const put = faultOf(() => store.put(key, disguised(bytes, hanging.content)));
      await within('the source to be read up to where it hangs', hanging.reached, TEST_MS);
      expect(await unfinishedOf(store, driver, Date.now() - HOUR_MS)).toEqual([]);
      const [found, ...others] = await unfinishedOf(store, driver, Date.now() + HOUR_MS);
      expect(others).toEqual([]);
      expect(found).toMatchObject({ key });
      expect(await store.head(key)).toBeNull();
      await store.abandon(found!);
      expect(await unfinishedOf(store, driver, Date.now() + HOUR_MS)).toEqual([]);
      hanging.goOn();
      expect(await within('the put to end', put, TEST_MS)).toBe('unavailable');
      await store.abandon(found!);
      await expectNothing(store, driver, key);
      await store.close();
    },
    TEST_MS,
  );
}

const KEYS = ['a', 'a/b', 'a-b', 'A', 'b/1', 'b/2'] as const;

type Step = readonly [name: string, run: (store: ObjectStore, prefix: string) => Promise<unknown>];

const key = fc.constantFrom(...KEYS);
const small = fc.integer({ min: 0, max: 40 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .tuple(key, fc.integer({ min: 0, max: 2 }), fc.integer({ min: 1, max: 30 }))
      .map(
        ([at, seed, piece]): Step => [
          `put ${at} ${seed}`,
          (store, prefix) => store.put(prefix + at, sourceOf(sampleBytes(seed * 25, seed), piece)),
        ],
      ),
  },
  key.map((at): Step => [`delete ${at}`, (store, prefix) => store.delete(prefix + at)]),
  fc.tuple(key, small, fc.option(small, { nil: undefined })).map(
    ([at, offset, length]): Step => [
      `get ${at} ${offset} ${length}`,
      async (store, prefix) => {
        const body = await store.get(prefix + at, length === undefined ? { offset } : { offset, length });
        return body && { ...body, stream: (await readAll(body.stream)).toString('hex') };
      },
    ],
  ),
  fc
    .tuple(
      fc.constantFrom('', 'a', 'a/', 'b/', 'c'),
      fc.option(key, { nil: undefined }),
      fc.integer({ min: 1, max: 4 }),
    )
    .map(
      ([below, after, limit]): Step => [
        `list ${below} ${after} ${limit}`,
        async (store, prefix) => {
          const cursor = after === undefined ? {} : { cursor: prefix + after };
          const page = await store.list({ prefix: prefix + below, ...cursor, limit });
          return { cursor: page.cursor, objects: page.objects.map(({ key: at, size }) => [at, size]) };
        },
      ],
    ),
);

function modelTest(makeDriver: () => ObjectsDriver): void {
  test(
    '[OBJ13] any sequence of operations agrees with the reference model',
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
          await using driver = makeDriver();
          const store = driver.open();
          const model = new MemoryObjects();
          for (const [name, run] of steps) {
            const expected = await outcome(() => run(model, driver.prefix));
            expect([name, await outcome(() => run(store, driver.prefix))]).toEqual([name, expected]);
          }
          for (const at of KEYS)
            expect(await store.head(driver.prefix + at)).toEqual(await model.head(driver.prefix + at));
          await store.close();
        }),
        { numRuns: 20 },
      );
    },
    TEST_MS,
  );
}

async function outcome(work: () => Promise<unknown>): Promise<unknown> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StorageFault) return { fault: error.code };
    throw error;
  }
}

async function allPages(store: ObjectStore, prefix: string, limit: number): Promise<ListedObject[]> {
  const listed: ListedObject[] = [];
  let cursor: string | null = null;
  do {
    const page = await store.list({ prefix, limit, ...(cursor === null ? {} : { cursor }) });
    expect(page.objects.length).toBeLessThanOrEqual(limit);
    listed.push(...page.objects);
    cursor = page.cursor;
  } while (cursor !== null);
  return listed;
}

/** No object, nothing listed, nothing unfinished. */
async function expectNothing(store: ObjectStore, driver: ObjectsDriver, at: string): Promise<void> {
  expect([await store.head(at), await store.get(at)]).toEqual([null, null]);
  expect((await store.list({ prefix: driver.prefix, limit: 10 })).objects).toEqual([]);
  expect(await unfinishedOf(store, driver, Date.now() + HOUR_MS)).toEqual([]);
}

/** Others may use the same bucket. */
async function unfinishedOf(store: ObjectStore, driver: ObjectsDriver, startedBefore: number) {
  const found = await store.unfinished(startedBefore, 1_000);
  return found.filter((put) => put.key.startsWith(driver.prefix));
}

/** A source that stops after `count` bytes until it is told to go on. `reached` resolves when it is asked for more. */
function hangingSource(bytes: Uint8Array, count: number) {
  const reached = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const content = async function* () {
    yield* pieces(bytes.subarray(0, count), 1_000_000);
    reached.resolve();
    await released.promise;
    yield bytes.subarray(count);
  };
  return { content: content(), reached: reached.promise, goOn: () => released.resolve() };
}
