/** The cache is away: it costs loads, within their bound, and nothing else. */
import { expect, setDefaultTimeout, test } from 'bun:test';
import { realHost } from '../../src/app/host.ts';
import { CachedRecords } from '../../src/storage/cache/cached-records.ts';
import { MemoryCache } from '../../src/storage/embedded/cache/memory-cache.ts';
import type { Cache } from '../../src/storage/ports/cache.ts';
import { StorageFault } from '../../src/storage/ports/faults.ts';
import { RedisConnection, type RedisState } from '../../src/storage/redis/connection.ts';
import { RedisCache } from '../../src/storage/redis/redis-cache.ts';
import { VirtualHost } from '../../src/testkit/virtual-host.ts';
import { faultFrom, faultOf } from '../contract/fault-of.ts';
import { MemoryRecords } from '../contract/memory-records.ts';
import { describeWith } from '../support/back-ends.ts';
import { eventually } from '../support/wait.ts';
import { openRedis, PATIENT_MS } from './cache-redis.ts';
import { finished, SlowStore, stillHost, textSpace } from './cache-support.ts';
import { ownRedis } from './own-redis.ts';

setDefaultTimeout(120_000);

const MAX_BYTES = 4_000_000;
const isAny = (): boolean => true;

/** A cache that can be unplugged. */
function unpluggable(cache: Cache): { readonly cache: Cache; plugged: boolean } {
  const plug = {
    plugged: true,
    cache: new Proxy(cache, {
      get(target, name: keyof Cache) {
        const operation = target[name] as (...args: readonly unknown[]) => unknown;
        return (...args: readonly unknown[]) => {
          if (!plug.plugged) throw new StorageFault('unavailable', 'the cache is away');
          return operation.apply(target, [...args]);
        };
      },
    }),
  };
  return plug;
}

test('[CACHE16] without its cache every read is answered by the store, and loads at once stay bounded', async () => {
  const host = new VirtualHost();
  const plug = unpluggable(new MemoryCache({ host, maxBytes: MAX_BYTES }));
  plug.plugged = false;
  const faults: StorageFault[] = [];
  const space = textSpace({ host, cache: plug.cache, onFault: (fault) => faults.push(fault) }, { maxLoads: 8 });
  const store = new SlowStore(host, 5);
  const keys = Array.from({ length: 200 }, (_, index) => `key ${index}`);
  const reads = keys.map((key) => space.read(key, () => store.load(key)));
  expect(await finished(host, Promise.all(reads))).toEqual(keys.map((key) => `value of ${key}`));
  expect(store.mostAtOnce).toBe(8);
  expect(space.counts.faults).toBe(faults.length);
  expect(faults.length).toBe(keys.length);
  plug.plugged = true;
  await finished(
    host,
    space.read('key 0', () => store.load('key 0')),
  );
  await host.settleWithPromises();
  expect(
    await finished(
      host,
      space.read('key 0', () => store.load('key 0')),
    ),
  ).toBe('value of key 0');
  expect(store.loads).toBe(keys.length + 1);
});

test('[CACHE16] without its cache a hot key is loaded once at a time', async () => {
  const host = new VirtualHost();
  const plug = unpluggable(new MemoryCache({ host, maxBytes: MAX_BYTES }));
  plug.plugged = false;
  const space = textSpace({ host, cache: plug.cache });
  const store = new SlowStore(host, 10);
  const reads: Promise<unknown>[] = [];
  for (let ms = 0; ms < 100; ms += 1) {
    for (let reader = 0; reader < 10; reader += 1) reads.push(space.read('hot', () => store.load('hot')));
    await host.settleWithPromises();
    host.advance(1);
  }
  await finished(host, Promise.all(reads));
  expect(store.mostAtOnce).toBe(1);
  expect(store.loads).toBeLessThanOrEqual(12);
});

test('[CACHE17] the failure: a write that the cache is not told of leaves its old answer standing', async () => {
  const records = new MemoryRecords();
  const cache = new MemoryCache({ host: stillHost, maxBytes: MAX_BYTES });
  const forms = { isUserId: isAny, isUsername: isAny, isRoomId: isAny };
  const cached = new CachedRecords(records, { host: stillHost, cache, ...forms });
  expect(await cached.userByName('ann')).toBeNull();
  records.createUser({ id: 'ann', username: 'ann', passwordHash: '', createdAt: 1 });
  expect(await cached.userByName('ann')).toBeNull();
});

test('[CACHE17] where the cache cannot be told of a write, this process reads past it until the old answer has expired', async () => {
  let nowMs = 0;
  const host = { ...stillHost, monotonicMs: () => nowMs };
  const records = new MemoryRecords();
  const plug = unpluggable(new MemoryCache({ host, maxBytes: MAX_BYTES }));
  const forms = { isUserId: isAny, isUsername: isAny, isRoomId: isAny };
  const cached = new CachedRecords(records, { host, cache: plug.cache, ...forms });
  expect(await cached.userByName('ann')).toBeNull();
  plug.plugged = false;
  expect(await cached.createUser({ id: 'ann', username: 'ann', passwordHash: '', createdAt: 1 })).toBe(true);
  plug.plugged = true;
  expect((await cached.userByName('ann'))?.id).toBe('ann');
  const cache = plug.cache;
  expect(await cache.get('name:ann')).not.toBeNull();
  nowMs += 5_000;
  expect(await cache.get('name:ann')).toBeNull();
  expect((await cached.userByName('ann'))?.id).toBe('ann');
});

test('[CACHE18] a reader that began before a write does not put back what it had read', async () => {
  const host = new VirtualHost();
  const cache = new MemoryCache({ host, maxBytes: MAX_BYTES });
  const space = textSpace({ host, cache });
  const slow = Promise.withResolvers<string>();
  const early = space.read('key', () => slow.promise);
  await host.settleWithPromises();
  await space.invalidate('key');
  // Who comes after the write does not share the load that began before it.
  expect(
    await finished(
      host,
      space.read('key', async () => 'new'),
    ),
  ).toBe('new');
  slow.resolve('old');
  expect(await finished(host, early)).toBe('old');
  await host.settleWithPromises();
  expect(space.counts.refusedFills).toBeGreaterThan(0);
  host.advance(60_000);
  expect(
    await finished(
      host,
      space.read('key', async () => 'newest'),
    ),
  ).toBe('newest');
});

test('[CACHE18] who comes after a load has begun does not share it: another node may have answered a write since', async () => {
  const host = new VirtualHost();
  const cache = new MemoryCache({ host, maxBytes: MAX_BYTES });
  const [here, there] = [textSpace({ host, cache }), textSpace({ host, cache })];
  let stored = 'old';
  // What a load answers is settled when it begins; it arrives 20 ms later.
  const load = async (): Promise<string> => {
    const answer = stored;
    await new Promise<void>((resolve) => {
      host.setTimer(20, resolve);
    });
    return answer;
  };
  const early = here.read('key', load);
  await host.settleWithPromises();
  stored = 'new';
  await there.invalidate('key');
  const late = here.read('key', load);
  expect(await finished(host, Promise.all([early, late]))).toEqual(['old', 'new']);
  await host.settleWithPromises();
  expect(await finished(host, there.read('key', load))).toBe('new');
});

describeWith(['redis'], 'a Redis that is stopped and killed', () => {
  const connect = (address: string, commandMs: number) => {
    const states: RedisState[] = [];
    const connection = new RedisConnection({
      url: address,
      host: realHost,
      commandMs,
      onState: (state) => states.push(state),
    });
    const becomes = (state: RedisState) =>
      eventually(
        `the connection to be ${state}`,
        () => connection.state,
        (now) => now === state,
        PATIENT_MS,
      );
    return { connection, states, becomes };
  };

  test('[CACHE19] a server that is not there refuses commands at once, and is used as soon as it is', async () => {
    await using redis = ownRedis();
    const { connection, becomes } = connect(redis.address, PATIENT_MS);
    const cache = new RedisCache(connection, 'test');
    const fault = await faultFrom(() => cache.get('key'));
    expect(fault.code).toBe('unavailable');
    expect(fault.message).toBe('cannot read the cache: Redis is connecting');
    await redis.start();
    await becomes('ready');
    expect(await cache.get('key')).toBeNull();
    await redis.kill('SIGKILL');
    await becomes('connecting');
    expect(await faultOf(() => cache.get('key'))).toBe('unavailable');
    await redis.start();
    await becomes('ready');
    expect(await cache.get('key')).toBeNull();
    connection.close();
    expect((await faultFrom(() => cache.get('key'))).message).toBe('cannot read the cache: Redis is closed');
  });

  test('[CACHE20] a server that is silent costs one deadline, then nothing, and readers are answered meanwhile', async () => {
    await using redis = ownRedis();
    await redis.start();
    const { connection, states, becomes } = connect(redis.address, 100);
    await becomes('ready');
    const space = textSpace({ host: realHost, cache: new RedisCache(connection, 'test') });
    await redis.kill('SIGSTOP');
    const keys = Array.from({ length: 1_000 }, (_, index) => `key ${index}`);
    const readAll = () => Promise.all(keys.map((key) => space.read(key, async () => `value of ${key}`)));
    expect(await readAll()).toEqual(keys.map((key) => `value of ${key}`));
    expect(states).toContain('stalled');
    // Nothing is sent to it any more but probes: these are refused without waiting.
    expect(connection.state).not.toBe('ready');
    expect(await readAll()).toEqual(keys.map((key) => `value of ${key}`));
    await redis.kill('SIGCONT');
    await becomes('ready');
    connection.close();
  });

  test('[CACHE21] a server that refuses us says so in the reason', async () => {
    await using redis = ownRedis(['--requirepass', 'secret']);
    await redis.start();
    const { connection } = connect(redis.address, PATIENT_MS);
    const refused = await eventually(
      'a refusal',
      () => faultFrom(() => new RedisCache(connection, 'test').get('key')),
      ({ code, cause }) => code === 'refused' || cause !== undefined,
      PATIENT_MS,
    );
    expect(String(refused.message) + String(refused.cause)).toContain('NOAUTH');
    connection.close();
  });

  test('[CACHE21] a key that is no entry is corrupt for the cache, and absent for a reader', async () => {
    await using redis = ownRedis();
    await redis.start();
    const { connection, becomes } = connect(redis.address, PATIENT_MS);
    await becomes('ready');
    const cache = new RedisCache(connection, 'test');
    await connection.run('set a key', (client) => client.set('test:cache:text:odd', 'x'));
    await connection.run('set a key', (client) => client.lpush('test:cache:text:list', 'x'));
    expect(await faultOf(() => cache.get('text:odd'))).toBe('corrupt');
    expect(await faultOf(() => cache.get('text:list'))).toBe('corrupt');
    const space = textSpace({ host: realHost, cache });
    for (const key of ['odd', 'list']) expect(await space.read(key, async () => 'loaded')).toBe('loaded');
    connection.close();
  });

  test('[CACHE21] an unknown script is sent again, and a defect passes unchanged', async () => {
    await using redis = ownRedis();
    await redis.start();
    const own = await openRedis(redis.address);
    const cache = new RedisCache(own.connection, 'test');
    expect(await cache.take('key', 'one', 1_000_000)).toEqual({ state: 'leased' });
    await own.connection.run('forget the scripts', (client) => client.script('FLUSH'));
    expect(await cache.take('key', 'two', 1_000_000)).toEqual({ state: 'busy' });
    const defect = own.connection.run('do nonsense', (client) => client.call('NONSENSE'));
    await expect(defect).rejects.toThrow(/unknown command/);
    await expect(defect).rejects.not.toBeInstanceOf(StorageFault);
    own.connection.close();
  });
});
