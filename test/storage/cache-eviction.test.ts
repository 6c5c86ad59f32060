/** Redis with its memory full: what it drops, and what it must never drop. */
import { expect, setDefaultTimeout, test } from 'bun:test';
import { realHost } from '../../src/app/host.ts';
import { evictionProblem } from '../../src/storage/redis/eviction-policy.ts';
import { RedisCache } from '../../src/storage/redis/redis-cache.ts';
import { faultOf } from '../contract/fault-of.ts';
import { describeWith } from '../support/back-ends.ts';
import { openRedis, type TestRedis } from './cache-redis.ts';
import { textSpace } from './cache-support.ts';
import { ownRedis } from './own-redis.ts';

setDefaultTimeout(120_000);

const POLICIES = ['noeviction', 'volatile-lru', 'volatile-lfu', 'volatile-ttl', 'volatile-random'] as const;
const DIRECTORY_KEYS = 500;
const VALUE = { value: new Uint8Array(1_000), version: 0, ttlMs: 600_000 };

async function setPolicy({ connection }: TestRedis, policy: string): Promise<void> {
  await connection.run('set the policy', (client) => client.config('SET', 'maxmemory-policy', policy));
}

/** Keys of the directory, which have no time to live. */
async function writeDirectory({ connection }: TestRedis): Promise<void> {
  for (let key = 0; key < DIRECTORY_KEYS; key += 1) {
    await connection.run('write the directory', (client) => client.set(`directory:${key}`, 'owner'));
  }
}

async function directorySize({ connection }: TestRedis): Promise<number> {
  const keys = Array.from({ length: DIRECTORY_KEYS }, (_, key) => `directory:${key}`);
  return connection.run('count the directory', (client) => client.exists(...keys));
}

describeWith(['redis'], 'a Redis that is full', () => {
  test('[CACHE22] a start is refused on a policy that evicts any key, with a line that says what to set', async () => {
    await using server = ownRedis();
    await server.start();
    await using redis = await openRedis(server.address);
    for (const policy of POLICIES) {
      await setPolicy(redis, policy);
      expect(await evictionProblem(redis.connection)).toBeNull();
    }
    for (const policy of ['allkeys-lru', 'allkeys-lfu', 'allkeys-random']) {
      await setPolicy(redis, policy);
      expect(await evictionProblem(redis.connection)).toStartWith(`Redis has maxmemory-policy ${policy}: `);
    }
  });

  test('[CACHE22] the failure: under allkeys-lru a flood of cached values takes the directory', async () => {
    await using server = ownRedis(['--maxmemory', '4mb', '--maxmemory-policy', 'allkeys-lru']);
    await server.start();
    await using redis = await openRedis(server.address);
    await writeDirectory(redis);
    const cache = new RedisCache(redis.connection, redis.prefix);
    for (let key = 0; key < 5_000; key += 1) await cache.fill(`flood ${key}`, VALUE);
    expect(await directorySize(redis)).toBeLessThan(DIRECTORY_KEYS);
  });

  for (const policy of ['volatile-lru', 'volatile-lfu']) {
    test(`[CACHE23] under ${policy} a full memory costs cached values only`, async () => {
      await using server = ownRedis(['--maxmemory', '4mb', '--maxmemory-policy', policy]);
      await server.start();
      await using redis = await openRedis(server.address);
      await writeDirectory(redis);
      const cache = new RedisCache(redis.connection, redis.prefix);
      for (let key = 0; key < 5_000; key += 1) expect(await cache.fill(`flood ${key}`, VALUE)).toBe(true);
      expect(await directorySize(redis)).toBe(DIRECTORY_KEYS);
      await redis.connection.run('renew a lease', (client) => client.set('directory:0', 'renewed'));
    });
  }

  test('[CACHE23] under noeviction a full memory refuses fills and the directory alike; reading goes on', async () => {
    await using server = ownRedis(['--maxmemory', '4mb', '--maxmemory-policy', 'noeviction']);
    await server.start();
    await using redis = await openRedis(server.address);
    const cache = new RedisCache(redis.connection, redis.prefix);
    await cache.fill('first', VALUE);
    const fillUp = async (): Promise<void> => {
      for (let key = 0; key < 5_000; key += 1) await cache.fill(`flood ${key}`, VALUE);
    };
    expect(await faultOf(fillUp)).toBe('unavailable');
    expect((await cache.get('first'))?.value).toHaveLength(1_000);
    const renew = () => redis.connection.run('renew a lease', (client) => client.set('directory:0', 'renewed'));
    expect(await faultOf(renew)).toBe('unavailable');
    const space = textSpace({ host: realHost, cache });
    expect(await space.read('key', async () => 'loaded')).toBe('loaded');
  });
});
