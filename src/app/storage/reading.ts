/** What the records thread reads and writes through: records and messages, with the cache in front of them. */
import { behind } from '../../actors/back-end/behind.ts';
import { LIMITS } from '../../protocol/limits.ts';
import { ID_PATTERN } from '../../protocol/schema/common.ts';
import { CachedMessageReader } from '../../storage/cache/cached-message-reader.ts';
import { CachedRecords } from '../../storage/cache/cached-records.ts';
import { MemoryCache } from '../../storage/embedded/cache/memory-cache.ts';
import { dataDirPaths } from '../../storage/embedded/data-dir.ts';
import { SqliteRecords } from '../../storage/embedded/records/sqlite-records.ts';
import { SqliteMessageStoreReader } from '../../storage/embedded/store/reader.ts';
import { openMessageStoreReader } from '../../storage/mysql/messages/reader.ts';
import { openMysqlServers } from '../../storage/mysql/mysql-servers.ts';
import { MysqlRecords } from '../../storage/mysql/records/mysql-records.ts';
import type { ReplicasStats } from '../../storage/mysql/replicas.ts';
import { RECORDS_SCHEMA } from '../../storage/mysql/schema/records.ts';
import type { BackEndReport } from '../../storage/ports/back-end.ts';
import type { MessageStoreReader } from '../../storage/ports/message-store.ts';
import type { Records } from '../../storage/ports/records.ts';
import { RedisCache } from '../../storage/redis/redis-cache.ts';
import type { RoleEnvironment } from '../roles/role.ts';
import type { Circuits } from './circuits.ts';
import { insist } from './insist.ts';
import { nodeId } from './node-id.ts';
import { connectRedis } from './redis.ts';
import type { MysqlSettings } from './settings.ts';

export interface OpenReading {
  readonly records: Records;
  readonly messages: MessageStoreReader;
  backEnds(): readonly BackEndReport[];
  close(): Promise<void>;
}

const NEAR_BYTES = 32 * 1024 * 1024;
const CACHE_BYTES = 128 * 1024 * 1024;
/** Blocks of messages that the next start begins with. */
const HOT_BLOCKS = 512;
const REMEMBER_EVERY_MS = 60_000;
/** Changes where the cache must forget everything, as after a restore: see docs/operations.md. */
const INCARNATION = '1';

/** Reading SQLite costs less than a cache of it would, so that only MySQL has one. */
export async function openReading(environment: RoleEnvironment, circuits: Circuits): Promise<OpenReading> {
  const { mysql } = environment.config.storage;
  if (mysql === undefined) return openEmbedded(environment.config.dataDir);
  return await withCache(environment, await openMysql(environment, circuits, mysql));
}

function openEmbedded(dataDir: string): OpenReading {
  const paths = dataDirPaths(dataDir);
  const records = new SqliteRecords(paths.records);
  const messages = new SqliteMessageStoreReader(paths.messages);
  return {
    records,
    messages,
    backEnds: () => [],
    async close() {
      messages.close();
      await records.close();
    },
  };
}

async function openMysql(
  { log }: RoleEnvironment,
  circuits: Circuits,
  { url, replicaUrls }: MysqlSettings,
): Promise<OpenReading> {
  const servers = await insist(log, 'open the records', () =>
    openMysqlServers({ url, replicaUrls, schemas: [RECORDS_SCHEMA] }),
  );
  const backEnd = circuits.add('mysql', { probe: () => servers.primary.ping() });
  const messages = openMessageStoreReader(url, replicaUrls);
  return {
    records: behind<Records>(backEnd, new MysqlRecords(servers)),
    messages: behind<MessageStoreReader>(backEnd, messages),
    backEnds: () => servers.replicas.stats.replicas.map(replicaReport),
    async close() {
      await messages.close();
      await servers.close();
    },
  };
}

function replicaReport({ address, fit, lagMs }: ReplicasStats['replicas'][number]): BackEndReport {
  const lastFault = fit ? '' : `lags by ${Math.round(lagMs)} ms, or does not answer`;
  const state = fit ? 'ready' : 'open';
  return { name: `mysql replica ${address}`, state, failures: 0, refused: 0, inFlight: 0, waiting: 0, lastFault };
}

async function withCache(environment: RoleEnvironment, inner: OpenReading): Promise<OpenReading> {
  const { config, shard, log } = environment;
  const { host } = shard;
  const { redis, namespace } = config.storage;
  const connection = redis === undefined ? undefined : await connectRedis(redis.url, host, log);
  const cache =
    connection === undefined
      ? new MemoryCache({ host, maxBytes: CACHE_BYTES })
      : new RedisCache(connection.redis, namespace);
  const surroundings = { cache, near: new MemoryCache({ host, maxBytes: NEAR_BYTES }), host };
  const isRoomId = (id: string): boolean => ID.test(id);
  const forms = { isRoomId, isUserId: isRoomId, isUsername: (name: string) => name.length <= LIMITS.maxUsernameLength };
  const records = new CachedRecords(inner.records, { ...surroundings, ...forms });
  const name = nodeId(config.dataDir);
  const messages = new CachedMessageReader(inner.messages, {
    ...surroundings,
    isRoomId,
    incarnation: INCARNATION,
    name,
  });
  const remember = (): void => void messages.rememberHot(HOT_BLOCKS).catch(() => undefined);
  const timer = setInterval(remember, REMEMBER_EVERY_MS);
  messages.warmHot().then(
    (blocks) => log.info('the cache is warm', { blocks }),
    (error: unknown) => log.warn('the cache could not be warmed', { error }),
  );
  return {
    records,
    messages,
    backEnds: () => [...inner.backEnds(), ...(connection === undefined ? [] : [connection.report()])],
    async close() {
      clearInterval(timer);
      await messages.rememberHot(HOT_BLOCKS).catch((error: unknown) => log.warn('what is hot is forgotten', { error }));
      await inner.close();
      connection?.redis.close();
    },
  };
}

const ID = new RegExp(ID_PATTERN);
