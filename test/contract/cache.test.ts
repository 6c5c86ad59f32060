/** The caches under their contract, and the ports behind a cache under theirs. */
import { setDefaultTimeout } from 'bun:test';
import { join } from 'node:path';
import { realHost } from '../../src/app/host.ts';
import { CachedMessageReader } from '../../src/storage/cache/cached-message-reader.ts';
import { CachedRecords } from '../../src/storage/cache/cached-records.ts';
import { MemoryCache } from '../../src/storage/embedded/cache/memory-cache.ts';
import { SqliteMessageStoreReader } from '../../src/storage/embedded/store/reader.ts';
import { SqliteMessageStoreWriter } from '../../src/storage/embedded/store/writer.ts';
import type { Cache } from '../../src/storage/ports/cache.ts';
import type { Records } from '../../src/storage/ports/records.ts';
import { RedisCache } from '../../src/storage/redis/redis-cache.ts';
import { VirtualHost } from '../../src/testkit/virtual-host.ts';
import { openRedis, PATIENT_MS } from '../storage/cache-redis.ts';
import { describeWith } from '../support/back-ends.ts';
import { eventually } from '../support/wait.ts';
import { cacheContract } from './cache.ts';
import { MemoryRecords } from './memory-records.ts';
import { messageStoreContract } from './message-store.ts';
import { recordsContract } from './records.ts';
import { tempDir } from './temp-dir.ts';

// Another machine may be slow to answer; nothing here waits for time to pass but keys that expire.
setDefaultTimeout(120_000);

const MAX_BYTES = 4_000_000;
const isAny = (): boolean => true;

cacheContract('in the process', () => {
  const host = new VirtualHost();
  const cache = new MemoryCache({ host, maxBytes: MAX_BYTES });
  return {
    cache,
    elapse: async (ms) => host.advance(ms),
    [Symbol.asyncDispose]: async () => cache.close(),
  };
});

portsBehind('a cache in the process', async () => ({
  cache: new MemoryCache({ host: realHost, maxBytes: MAX_BYTES }),
  [Symbol.asyncDispose]: async () => undefined,
}));

describeWith(['redis'], 'with Redis', ({ MAILROOM_REDIS_URL: url = '' }) => {
  cacheContract('Redis', async () => {
    const redis = await openRedis(url);
    const clock = `${redis.prefix}:clock`;
    return {
      cache: new RedisCache(redis.connection, redis.prefix),
      async elapse(ms) {
        await redis.connection.run('set a key', (client) => client.set(clock, '', 'PX', ms));
        const isThere = () => redis.connection.run('look for a key', (client) => client.exists(clock));
        await eventually('a key to expire', isThere, (there) => there === 0, PATIENT_MS);
      },
      [Symbol.asyncDispose]: () => redis[Symbol.asyncDispose](),
    };
  });

  portsBehind('Redis', async () => {
    const redis = await openRedis(url);
    const cache = new RedisCache(redis.connection, redis.prefix);
    return { cache, [Symbol.asyncDispose]: () => redis[Symbol.asyncDispose]() };
  });
});

/** Two nodes over one store and one cache, who are asked in turn: what one of them writes the other must know at once. */
function portsBehind(name: string, openCache: () => Promise<AsyncDisposable & { readonly cache: Cache }>): void {
  const node = (cache: Cache) => ({
    host: realHost,
    cache,
    near: new MemoryCache({ host: realHost, maxBytes: MAX_BYTES }),
    isUserId: isAny,
    isUsername: isAny,
    isRoomId: isAny,
  });

  recordsContract(`two nodes behind ${name}`, async () => {
    const records = new MemoryRecords();
    const shared = await openCache();
    return {
      open: () => inTurn([1, 2].map(() => new CachedRecords(records, { ...node(shared.cache), minCachedMembers: 1 }))),
      [Symbol.asyncDispose]: () => shared[Symbol.asyncDispose](),
    };
  });

  messageStoreContract(`read behind ${name}`, async () => {
    const dir = tempDir();
    const path = join(dir.path, 'messages.db');
    const shared = await openCache();
    const blocks = { ...node(shared.cache), incarnation: '1', name: 'all', blockMessages: 3 };
    return {
      openWriter: () => new SqliteMessageStoreWriter(path),
      openReader: () => new CachedMessageReader(new SqliteMessageStoreReader(path), blocks),
      async [Symbol.asyncDispose]() {
        await shared[Symbol.asyncDispose]();
        dir[Symbol.dispose]();
      },
    };
  });
}

function inTurn(nodes: readonly Records[]): Records {
  let turn = 0;
  return new Proxy({} as Records, {
    get: (_, name: keyof Records) => {
      // A promise looks for this one on whatever it is resolved with.
      if ((name as string) === 'then') return undefined;
      const node = nodes[turn++ % nodes.length] as Records;
      return (node[name] as (...args: readonly unknown[]) => unknown).bind(node);
    },
  });
}
