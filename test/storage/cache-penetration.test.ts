/** Penetration: keys that do not exist are never cached, and each read of one reaches the store. */
import { expect, setDefaultTimeout, test } from 'bun:test';
import { realHost } from '../../src/app/host.ts';
import { CachedRecords } from '../../src/storage/cache/cached-records.ts';
import { MemoryCache } from '../../src/storage/embedded/cache/memory-cache.ts';
import type { Cache } from '../../src/storage/ports/cache.ts';
import type { Records } from '../../src/storage/ports/records.ts';
import { RedisCache } from '../../src/storage/redis/redis-cache.ts';
import { describeWith } from '../support/back-ends.ts';
import { openRedis, PATIENT_MS } from './cache-redis.ts';
import { stillHost } from './cache-support.ts';
import { countingRecords } from './counting-records.ts';

setDefaultTimeout(120_000);

const IDS = 10_000;
const ROUNDS = 3;
const MAX_BYTES = 4_000_000;
const isId = (id: string): boolean => /^[A-Za-z0-9_-]{21}$/.test(id);
const guessed = Array.from({ length: IDS }, (_, index) => `guess${String(index).padStart(16, '0')}`);
const malformed = Array.from({ length: IDS }, (_, index) => `../${index}`);

const behind = (records: Records, cache: Cache): CachedRecords =>
  new CachedRecords(records, { host: stillHost, cache, isUserId: isId, isUsername: isId, isRoomId: isId });

/** Reads each of them in every way that a client can bring about, round after round. */
async function readAll(records: Records, ids: readonly string[]): Promise<void> {
  for (let round = 0; round < ROUNDS; round += 1) {
    for (let start = 0; start < ids.length; start += 100) {
      const some = ids.slice(start, start + 100);
      const found = await Promise.all(
        some.flatMap((id) => [records.userById(id), records.userByName(id), records.room(id)]),
      );
      expect(found.every((row) => row === null)).toBe(true);
      for (const id of some) expect(await records.members(id)).toHaveLength(0);
    }
  }
}

test('[CACHE9] the failure: without a cache of what is not there each read is a load', async () => {
  const { records, calls } = countingRecords();
  await readAll(records, guessed);
  const all = ROUNDS * IDS;
  expect(calls).toEqual({ userById: all, userByName: all, room: all, members: all });
});

test('[CACHE9] ids that do not exist cost one load each, ids of another form none, and memory is bounded', async () => {
  const { records, calls } = countingRecords();
  const cache = new MemoryCache({ host: stillHost, maxBytes: 3 * MAX_BYTES });
  const cached = behind(records, cache);
  await readAll(cached, guessed);
  expect(calls).toEqual({ userById: IDS, userByName: IDS, room: IDS });
  await readAll(cached, malformed);
  expect(calls).toEqual({ userById: IDS, userByName: IDS, room: IDS });
  expect(cached.counts.user?.malformed).toBe(ROUNDS * IDS);
  // An attacker who guesses on and on displaces guesses, and nothing grows.
  const small = new MemoryCache({ host: stillHost, maxBytes: 100_000 });
  await readAll(behind(records, small), guessed);
  expect(small.bytes).toBeLessThanOrEqual(100_000);
});

test('[CACHE9] several unknown users at once are one question, and then none', async () => {
  const { records, calls } = countingRecords();
  const cached = behind(records, new MemoryCache({ host: stillHost, maxBytes: MAX_BYTES }));
  const some = guessed.slice(0, 50);
  for (let round = 0; round < ROUNDS; round += 1) expect(await cached.usersById([...some, '../x'])).toEqual([]);
  expect(calls).toEqual({ usersById: 1 });
});

test('[CACHE10] what was not there a moment ago is found as soon as it was made, on every node', async () => {
  const { records } = countingRecords();
  const cache = new MemoryCache({ host: stillHost, maxBytes: MAX_BYTES });
  const near = () => new MemoryCache({ host: stillHost, maxBytes: MAX_BYTES });
  const forms = { isUserId: isId, isUsername: isId, isRoomId: isId };
  const [here, there] = [near(), near()].map(
    (nearby) => new CachedRecords(records, { host: stillHost, cache, near: nearby, ...forms }),
  ) as [CachedRecords, CachedRecords];
  const [id = '', username = '', room = ''] = guessed;
  const seenBy = async (node: CachedRecords) => [
    (await node.userById(id))?.id,
    (await node.userByName(username))?.id,
    (await node.usersById([id])).length,
    (await node.room(room))?.id,
  ];
  expect(await Promise.all([here, there].map(seenBy))).toEqual([
    [undefined, undefined, 0, undefined],
    [undefined, undefined, 0, undefined],
  ]);
  expect(await here.createUser({ id, username, passwordHash: 'hash', createdAt: 1 })).toBe(true);
  const row = { id: room, kind: 'group', title: '', log: 'log', version: 1, createdAt: 1 } as const;
  expect(await here.createRoom(row, [{ user: id, role: 'owner' }])).toBe(true);
  expect(await Promise.all([here, there].map(seenBy))).toEqual([
    [id, id, 1, room],
    [id, id, 1, room],
  ]);
});

test('[CACHE11] a password hash, a token and a list of rooms are asked of the store each time', async () => {
  const { records, calls } = countingRecords();
  const cached = behind(records, new MemoryCache({ host: stillHost, maxBytes: MAX_BYTES }));
  const [id = '', username = ''] = guessed;
  await records.createUser({ id, username, passwordHash: 'old', createdAt: 1 });
  for (let round = 0; round < 3; round += 1) {
    expect((await cached.userById(id))?.passwordHash).toBe('old');
    expect((await cached.userByName(username))?.passwordHash).toBe('old');
    expect(await cached.tokenByHash(id, 'hash')).toBeNull();
    expect(await cached.membershipsOf(id)).toEqual([]);
  }
  expect(calls).toMatchObject({ userById: 3, userByName: 3, tokenByHash: 3, membershipsOf: 3 });
  // The write goes past this process, as on another node whose Redis is away.
  await records.changePassword(id, 'new', null);
  expect((await cached.userByName(username))?.passwordHash).toBe('new');
});

describeWith(['redis'], 'guesses on Redis', ({ MAILROOM_REDIS_URL: url = '' }) => {
  test('[CACHE9] ids that do not exist cost one load each, and every key of theirs goes by itself', async () => {
    await using redis = await openRedis(url);
    const { records, calls } = countingRecords();
    // Alive for as long as the test may take on a busy machine.
    const cached = new CachedRecords(records, {
      host: realHost,
      cache: new RedisCache(redis.connection, redis.prefix),
      isUserId: isId,
      isUsername: isId,
      isRoomId: isId,
      times: { nothingMs: PATIENT_MS, leaseMs: PATIENT_MS },
    });
    const some = guessed.slice(0, 1_000);
    await readAll(cached, some);
    await readAll(cached, malformed.slice(0, 1_000));
    expect(calls).toEqual({ userById: 1_000, userByName: 1_000, room: 1_000 });
    for (const id of some.slice(0, 100)) {
      const ttlMs = await redis.connection.run('read a time to live', (client) =>
        client.pttl(`${redis.prefix}:cache:user:${id}`),
      );
      expect(ttlMs).toBeGreaterThan(0);
      expect(ttlMs).toBeLessThanOrEqual(PATIENT_MS);
    }
  });
});
