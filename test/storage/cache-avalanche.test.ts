/** Avalanche: what was cached together expires together, and a cold start loads everything at once. */
import { expect, setDefaultTimeout, test } from 'bun:test';
import { CachedMessageReader } from '../../src/storage/cache/cached-message-reader.ts';
import type { SpaceOptions } from '../../src/storage/cache/space-options.ts';
import { MemoryCache } from '../../src/storage/embedded/cache/memory-cache.ts';
import { StorageFault } from '../../src/storage/ports/faults.ts';
import type { HistoryQuery } from '../../src/storage/ports/message-store.ts';
import { VirtualHost } from '../../src/testkit/virtual-host.ts';
import { MemoryMessageStore } from '../contract/memory-message-store.ts';
import { finished, naiveRead, SlowStore, stillHost, textSpace } from './cache-support.ts';

setDefaultTimeout(120_000);

const KEYS = Array.from({ length: 10_000 }, (_, index) => `key ${index}`);
const TTL_MS = 600_000;
const MAX_BYTES = 16_000_000;

test('[CACHE12] the failure: 10,000 keys that were warmed together are loaded again in one second', async () => {
  expect(await busiestSecond({ spread: 0 })).toBe(KEYS.length);
});

test('[CACHE12] 10,000 keys that were warmed together: no second has more than 5 % of the loads', async () => {
  expect(await busiestSecond({})).toBeLessThanOrEqual(KEYS.length * 0.05);
});

/** Warms all keys at once, then reads each again and again over a whole time to live; most loads in any second. */
async function busiestSecond(options: Partial<SpaceOptions<string>>): Promise<number> {
  const host = new VirtualHost();
  const cache = new MemoryCache({ host, maxBytes: MAX_BYTES });
  const space = textSpace({ host, cache }, { ttlMs: TTL_MS, maxLoads: KEYS.length, eagerness: 0, ...options });
  const readAll = (keys: readonly string[]) =>
    finished(host, Promise.all(keys.map((key) => space.read(key, async () => `value of ${key}`))));
  await readAll(KEYS);
  await host.settleWithPromises();
  // Nothing expires in the first three quarters.
  host.advance(TTL_MS * 0.75);
  expect(KEYS.every((key) => cache.get(`text:${key}`) !== null)).toBe(true);
  let most = 0;
  for (let second = 0; second < TTL_MS / 4_000; second += 1) {
    host.advance(1_000);
    const before = space.counts.loads;
    // A read of what is there changes nothing, so that only the others need to be carried out.
    await readAll(KEYS.filter((key) => cache.get(`text:${key}`) === null));
    await host.settleWithPromises();
    most = Math.max(most, space.counts.loads - before);
  }
  expect(space.counts.loads).toBeGreaterThanOrEqual(2 * KEYS.length);
  return most;
}

test('[CACHE13] the failure: with the cache empty 10,000 readers are 10,000 loads at once', async () => {
  const host = new VirtualHost();
  const cache = new MemoryCache({ host, maxBytes: MAX_BYTES });
  const store = new SlowStore(host, 5);
  await finished(host, Promise.all(KEYS.map((key) => naiveRead(cache, key, TTL_MS, () => store.load(key)))));
  expect(store.mostAtOnce).toBe(KEYS.length);
});

test('[CACHE13] loads at once are bounded for each space; the others wait, and past a bound they are refused', async () => {
  const host = new VirtualHost();
  const cache = new MemoryCache({ host, maxBytes: MAX_BYTES });
  const store = new SlowStore(host, 5);
  const options = { maxLoads: 64, maxWaiting: 9_000, leaseMs: TTL_MS };
  const space = textSpace({ host, cache }, options);
  const outcomes = await finished(host, Promise.allSettled(KEYS.map((key) => space.read(key, () => store.load(key)))));
  expect(store.mostAtOnce).toBe(64);
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(9_064);
  for (const outcome of outcomes) {
    if (outcome.status === 'fulfilled') continue;
    expect(outcome.reason).toBeInstanceOf(StorageFault);
    expect((outcome.reason as StorageFault).code).toBe('unavailable');
  }
});

// ── the cold start ───────────────────────────────────────────────────────────────────────────────────────────────────

const ROOMS = Array.from({ length: 100 }, (_, index) => `room-${index}`);

function storeWithRooms(): { readonly store: MemoryMessageStore; readonly histories: () => number } {
  const store = new MemoryMessageStore();
  let histories = 0;
  for (const [index, room] of ROOMS.entries()) {
    const records = Array.from({ length: 20 }, (_, message) => ({
      stream: 'messages' as const,
      slot: 0,
      epoch: 1,
      room,
      seq: message + 1,
      sender: 'ann',
      nonce: `nonce ${message}`,
      at: 1,
      frame: new TextEncoder().encode(`${room} ${message + 1}`),
    }));
    store.insert({ partition: 0, position: index + 1, records });
  }
  const history = store.history.bind(store);
  store.history = (query) => {
    histories += 1;
    return history(query);
  };
  return { store, histories: () => histories };
}

/** A node that has just been started: nothing is in its own memory. */
function startNode(store: MemoryMessageStore, host: typeof stillHost, cache: MemoryCache): CachedMessageReader {
  const near = new MemoryCache({ host, maxBytes: MAX_BYTES });
  const isRoomId = (): boolean => true;
  return new CachedMessageReader(store, {
    host,
    cache,
    near,
    isRoomId,
    incarnation: '1',
    name: 'node',
    blockMessages: 8,
  });
}

const resume = (room: string): HistoryQuery => ({ room, after: 2, limit: 5, maxBytes: 1_000_000 });

async function readRooms(reader: CachedMessageReader): Promise<void> {
  for (const room of ROOMS) {
    await reader.head(room);
    const page = await reader.history(resume(room));
    expect(page.frames.map((frame) => new TextDecoder().decode(frame))).toEqual(
      [3, 4, 5, 6, 7].map((seq) => `${room} ${seq}`),
    );
    expect([page.firstSeq, page.more]).toEqual([3, true]);
  }
}

/** A node has run and remembers its hot rooms; then it stays away until everything cached has expired. */
async function afterALongNight() {
  const { store, histories } = storeWithRooms();
  let nowMs = 0;
  const host = { ...stillHost, monotonicMs: () => nowMs, wallMs: () => stillHost.wallMs() + nowMs };
  const cache = new MemoryCache({ host, maxBytes: MAX_BYTES });
  const yesterday = startNode(store, host, cache);
  for (let round = 0; round < 3; round += 1) await readRooms(yesterday);
  await yesterday.rememberHot(ROOMS.length);
  nowMs += 3_600_000;
  return { reader: startNode(store, host, cache), histories };
}

test('[CACHE14] the failure: after a cold start each hot room is loaded when its first readers come', async () => {
  const { reader, histories } = await afterALongNight();
  const before = histories();
  await readRooms(reader);
  await readRooms(reader);
  expect(histories() - before).toBe(2 * ROOMS.length);
});

test('[CACHE14] a start warms the rooms that were hot: their readers load nothing', async () => {
  const { reader, histories } = await afterALongNight();
  expect(await reader.warmHot()).toBe(ROOMS.length);
  const before = histories();
  await readRooms(reader);
  await readRooms(reader);
  expect(histories() - before).toBe(0);
});

test('[CACHE15] a block is cached when it is asked for again, and never while it may grow', async () => {
  const { store, histories } = storeWithRooms();
  const cache = new MemoryCache({ host: stillHost, maxBytes: MAX_BYTES });
  const reader = startNode(store, stillHost, cache);
  const room = ROOMS[0] ?? '';
  const loadsOf = async (query: HistoryQuery, times: number): Promise<number> => {
    const before = histories();
    for (let time = 0; time < times; time += 1) await reader.history(query);
    return histories() - before;
  };
  // Nothing is known of the room's head: whatever is asked for may grow.
  expect(await loadsOf(resume(room), 1)).toBe(1);
  await reader.head(room);
  expect(await loadsOf(resume(room), 5)).toBe(2);
  // Seqs 17 … 20 lie in a block that is not complete.
  expect(await loadsOf({ room, after: 12, limit: 8, maxBytes: 1_000 }, 5)).toBe(5);
  expect(await loadsOf({ room, limit: 5, maxBytes: 1_000 }, 5)).toBe(5);
});

test('[CACHE15] whether there is more is never guessed', async () => {
  const store = new MemoryMessageStore();
  const records = Array.from({ length: 8 }, (_, index) => ({
    stream: 'messages' as const,
    slot: 0,
    epoch: 1,
    room: 'room',
    seq: 9 + index,
    sender: 'ann',
    nonce: `nonce ${index}`,
    at: 1,
    frame: Uint8Array.of(index),
  }));
  store.insert({ partition: 0, position: 1, records });
  const reader = startNode(store, stillHost, new MemoryCache({ host: stillHost, maxBytes: MAX_BYTES }));
  await reader.head('room');
  for (const query of [
    { before: 17, limit: 8 },
    { before: 17, limit: 7 },
    { after: 8, limit: 8 },
    { after: 8, limit: 7 },
    { after: 3, limit: 8 },
  ]) {
    const full = { room: 'room', maxBytes: 1_000, ...query };
    for (let time = 0; time < 3; time += 1) expect(await reader.history(full)).toEqual(store.history(full));
  }
});

test('[CACHE15] heads and nonces are read from the store each time', async () => {
  const { store } = storeWithRooms();
  const reader = startNode(store, stillHost, new MemoryCache({ host: stillHost, maxBytes: MAX_BYTES }));
  const room = ROOMS[0] ?? '';
  expect(await reader.head(room)).toEqual({ seq: 20, change: 0 });
  expect((await reader.nonces(room, 'ann', 1)).map(({ seq }) => seq)).toEqual([20]);
  const record = { stream: 'messages', slot: 0, epoch: 1, room, seq: 21, sender: 'ann', nonce: 'n', at: 1 } as const;
  store.insert({ partition: 0, position: 500, records: [{ ...record, frame: new Uint8Array(1) }] });
  expect(await reader.head(room)).toEqual({ seq: 21, change: 0 });
  expect((await reader.nonces(room, 'ann', 1)).map(({ seq }) => seq)).toEqual([21]);
});
