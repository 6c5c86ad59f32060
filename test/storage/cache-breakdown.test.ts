/** Breakdown: a hot key expires, and everybody loads it at once. First the failure, then what prevents it. */
import { expect, setDefaultTimeout, test } from 'bun:test';
import { realHost } from '../../src/app/host.ts';
import { MemoryCache } from '../../src/storage/embedded/cache/memory-cache.ts';
import { StorageFault } from '../../src/storage/ports/faults.ts';
import { RedisCache } from '../../src/storage/redis/redis-cache.ts';
import { VirtualHost } from '../../src/testkit/virtual-host.ts';
import { describeWith } from '../support/back-ends.ts';
import { eventually } from '../support/wait.ts';
import { openRedis, PATIENT_MS } from './cache-redis.ts';
import { finished, naiveRead, SlowStore, textSpace } from './cache-support.ts';

setDefaultTimeout(120_000);

const READERS = 1_000;
const TTL_MS = 10_000;
const readers = <T>(read: () => Promise<T>): Promise<T>[] => Array.from({ length: READERS }, read);

/** A cache whose hot key has just expired. */
function world(loadMs = 20) {
  const host = new VirtualHost();
  const cache = new MemoryCache({ host, maxBytes: 1_000_000 });
  for (const key of ['hot', 'text:hot']) cache.fill(key, { value: new Uint8Array(20), version: 0, ttlMs: 1_000 });
  host.advance(1_000);
  return { host, cache, store: new SlowStore(host, loadMs) };
}

test('[CACHE7] the failure: 1,000 readers of one expired key on each of two nodes load it 2,000 times', async () => {
  const { host, cache, store } = world();
  const read = () => naiveRead(cache, 'hot', TTL_MS, () => store.load('hot'));
  await finished(host, Promise.all([...readers(read), ...readers(read)]));
  expect(store.loads).toBe(2 * READERS);
});

test('[CACHE7] 1,000 readers of one expired key on each of two nodes load it once', async () => {
  const { host, cache, store } = world();
  const nodes = [textSpace({ host, cache }), textSpace({ host, cache })];
  const answers = await finished(
    host,
    Promise.all(nodes.flatMap((node) => readers(() => node.read('hot', () => store.load('hot'))))),
  );
  expect(new Set(answers)).toEqual(new Set(['value of hot']));
  expect(store.loads).toBe(1);
  expect(nodes.map((node) => node.counts.shared)).toEqual([READERS - 1, READERS - 1]);
});

test('[CACHE7] a node whose lease is not ended loads a second time on the other, after a bounded wait', async () => {
  const { host, cache, store } = world(5_000);
  const nodes = [textSpace({ host, cache }), textSpace({ host, cache }, { waitMs: 200 })];
  const startMs = host.monotonicMs();
  const slow = nodes[0]?.read('hot', () => store.load('hot'));
  const quick = nodes[1]?.read('hot', async () => 'loaded past the lease');
  expect(await finished(host, quick ?? Promise.reject())).toBe('loaded past the lease');
  expect(host.monotonicMs() - startMs).toBeLessThan(250);
  expect(await finished(host, slow ?? Promise.reject())).toBe('value of hot');
  expect(nodes[1]?.counts.fellThrough).toBe(1);
});

test('[CACHE7] a load that fails is told to all who shared it, and gives its lease back', async () => {
  const { host, cache } = world();
  const space = textSpace({ host, cache });
  let loads = 0;
  const load = (): Promise<string> => {
    loads += 1;
    return loads === 1 ? Promise.reject(new StorageFault('unavailable', 'away')) : Promise.resolve('there');
  };
  const outcomes = await finished(host, Promise.allSettled(readers(() => space.read('hot', load))));
  expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
  expect(await finished(host, space.read('hot', load))).toBe('there');
  expect(loads).toBe(2);
});

test('[CACHE8] the failure: a hot key that expires makes its readers wait for each load', async () => {
  const { host, cache, store } = world();
  const waited = await readFor(60_000, host, store, (load) => naiveRead(cache, 'hot', TTL_MS, load));
  // Each of five expiries meets about as many readers as come while one load takes.
  expect(waited).toBeGreaterThan(5 * 15);
  expect(store.loads).toBeGreaterThan(5 * 15);
});

test('[CACHE8] a hot key is renewed before it expires, by one reader at a time, and nobody waits', async () => {
  const { host, cache, store } = world();
  const space = textSpace({ host, cache }, { ttlMs: TTL_MS });
  const waited = await readFor(60_000, host, store, (load) => space.read('hot', load));
  expect(waited).toBe(0);
  expect(space.counts.renewals).toBeGreaterThan(4);
  expect(space.counts.renewals).toBeLessThan(12);
  expect(store.loads).toBe(1 + space.counts.renewals);
  expect(store.mostAtOnce).toBe(1);
});

test('[CACHE8] a renewal that fails leaves the value where it is', async () => {
  const { host, cache } = world();
  const space = textSpace({ host, cache }, { ttlMs: TTL_MS, spread: 0, eagerness: 1e9 });
  await finished(
    host,
    space.read('hot', async () => 'old'),
  );
  const away = () => Promise.reject(new StorageFault('unavailable', 'away'));
  for (let round = 0; round < 3; round += 1) expect(await finished(host, space.read('hot', away))).toBe('old');
  await host.settleWithPromises();
  expect(space.counts.renewals).toBe(3);
  expect(
    await finished(
      host,
      space.read('hot', async () => 'new'),
    ),
  ).toBe('old');
  await host.settleWithPromises();
  expect(await finished(host, space.read('hot', away))).toBe('new');
});

/** Reads once a millisecond after the first answer; how many reads were not answered within their millisecond. */
async function readFor(
  ms: number,
  host: VirtualHost,
  store: SlowStore,
  read: (load: () => Promise<string>) => Promise<string | null>,
): Promise<number> {
  const load = () => store.load('hot');
  await finished(host, read(load));
  await host.settleWithPromises();
  let waited = 0;
  for (let passed = 0; passed < ms; passed += 1) {
    let answered = false;
    void read(load).then(() => {
      answered = true;
    });
    await host.settleWithPromises();
    if (!answered) waited += 1;
    host.advance(1);
  }
  return waited;
}

describeWith(['redis'], 'two nodes on Redis', ({ MAILROOM_REDIS_URL: url = '' }) => {
  test('[CACHE7] 1,000 readers of one key on each of two nodes load it once', async () => {
    await using one = await openRedis(url);
    await using two = await openRedis(url);
    const nodes = [one, two].map(({ connection }) =>
      textSpace(
        { host: realHost, cache: new RedisCache(connection, one.prefix) },
        { waitMs: PATIENT_MS, leaseMs: PATIENT_MS },
      ),
    );
    let loads = 0;
    const gate = Promise.withResolvers<string>();
    const load = (): Promise<string> => {
      loads += 1;
      return gate.promise;
    };
    const reads = Promise.all(nodes.flatMap((node) => readers(() => node.read('hot', load))));
    const busy = () => nodes.reduce((sum, node) => sum + node.counts.busy, 0);
    await eventually('the other node to meet the lease', busy, (count) => count === 1, PATIENT_MS);
    gate.resolve('loaded');
    expect(new Set(await reads)).toEqual(new Set(['loaded']));
    expect(loads).toBe(1);
  });
});
