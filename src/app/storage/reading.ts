/** What the records thread reads and writes through: records and messages, with the cache in front of them. */
import { LIMITS } from '../../protocol/limits.ts';
import { ID_PATTERN } from '../../protocol/schema/common.ts';
import type { Host } from '../../runtime/host.ts';
import { CachedMessageReader } from '../../storage/cache/cached-message-reader.ts';
import { CachedPeople } from '../../storage/cache/cached-people.ts';
import { CachedRecords } from '../../storage/cache/cached-records.ts';
import { MemoryCache } from '../../storage/embedded/cache/memory-cache.ts';
import { dataDirPaths } from '../../storage/embedded/data-dir.ts';
import { SqliteFileRecords } from '../../storage/embedded/files/sqlite-file-records.ts';
import { SqliteDownloads } from '../../storage/embedded/records/downloads.ts';
import { SqliteGovernance } from '../../storage/embedded/records/governance.ts';
import { SqliteHooks } from '../../storage/embedded/records/hooks.ts';
import { SqliteModeration } from '../../storage/embedded/records/moderation.ts';
import { SqlitePeople } from '../../storage/embedded/records/people.ts';
import { SqliteReading } from '../../storage/embedded/records/reading.ts';
import { SqliteRecords } from '../../storage/embedded/records/sqlite-records.ts';
import { SqliteMessageStoreReader } from '../../storage/embedded/store/reader.ts';
import { MysqlFileRecords } from '../../storage/mysql/files/mysql-file-records.ts';
import { messageStoreReaderOn } from '../../storage/mysql/messages/reader.ts';
import { MysqlDownloads } from '../../storage/mysql/records/downloads.ts';
import { MysqlGovernance } from '../../storage/mysql/records/governance.ts';
import { MysqlHooks } from '../../storage/mysql/records/hooks.ts';
import { MysqlModeration } from '../../storage/mysql/records/moderation.ts';
import { MysqlPeople } from '../../storage/mysql/records/mysql-people.ts';
import { MysqlRecords } from '../../storage/mysql/records/mysql-records.ts';
import { MysqlReading } from '../../storage/mysql/records/reading.ts';
import type { ReplicasStats } from '../../storage/mysql/replicas.ts';
import { READING_SCHEMA } from '../../storage/mysql/schema/reading.ts';
import { RECORDS_SCHEMA } from '../../storage/mysql/schema/records.ts';
import type { BackEndReport } from '../../storage/ports/back-end.ts';
import type { Downloads } from '../../storage/ports/downloads.ts';
import type { StorageFault } from '../../storage/ports/faults.ts';
import type { FileRecords } from '../../storage/ports/file-records.ts';
import type { Governance } from '../../storage/ports/governance.ts';
import type { Hooks } from '../../storage/ports/hooks.ts';
import type { MessageStoreReader } from '../../storage/ports/message-store.ts';
import { deletedName, type Moderation } from '../../storage/ports/moderation.ts';
import type { People } from '../../storage/ports/people.ts';
import type { PresenceMirror } from '../../storage/ports/presence-mirror.ts';
import type { Reading } from '../../storage/ports/reading.ts';
import type { Records } from '../../storage/ports/records.ts';
import type { Sample } from '../../storage/ports/sample.ts';
import type { SessionIndex } from '../../storage/ports/session-index.ts';
import { RedisCache } from '../../storage/redis/redis-cache.ts';
import { RedisPresence } from '../../storage/redis/redis-presence.ts';
import { RedisSessions } from '../../storage/redis/redis-sessions.ts';
import type { RoleEnvironment } from '../roles/role.ts';
import type { Circuits } from './circuits.ts';
import { openGuardedServers } from './guarded-servers.ts';
import { openInvalidations } from './invalidations.ts';
import { mysqlBudget } from './mysql-budget.ts';
import { nodeId } from './node-id.ts';
import { type CountedRedis, connectRedis } from './redis.ts';
import { cacheSamples } from './samples.ts';
import type { MysqlSettings } from './settings.ts';
import { committedSample } from './store.ts';

export interface OpenReading {
  readonly records: Records;
  readonly files: FileRecords;
  readonly governance: Governance;
  readonly moderation: Moderation;
  readonly hooks: Hooks;
  readonly people: People;
  readonly downloads: Downloads;
  /** Undefined where there is no Redis to keep them in. */
  readonly presence?: PresenceMirror;
  readonly sessions?: SessionIndex;
  readonly messages: MessageStoreReader;
  readonly reading: Reading;
  backEnds(): readonly BackEndReport[];
  samples(): readonly Sample[];
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
  const { mysql, redis } = environment.config.storage;
  const inner = await openInner(environment, circuits);
  if (redis === undefined) return mysql === undefined ? inner : withCache(environment, inner, undefined);
  const connection = await connectRedis(redis.url, environment.shard.host, environment.log);
  const reading = mysql === undefined ? inner : withCache(environment, inner, connection);
  return withRedis(environment, reading, connection);
}

async function openInner(environment: RoleEnvironment, circuits: Circuits): Promise<OpenReading> {
  const { dataDir, storage } = environment.config;
  return storage.mysql === undefined ? openEmbedded(dataDir) : await openMysql(environment, circuits, storage.mysql);
}

/** Presence and sessions are kept there whatever stores the records. */
function withRedis({ config }: RoleEnvironment, inner: OpenReading, connection: CountedRedis): OpenReading {
  return {
    ...inner,
    presence: new RedisPresence(connection.redis, config.storage.namespace),
    sessions: new RedisSessions(connection.redis, config.storage.namespace),
    backEnds: () => [...inner.backEnds(), connection.report()],
    async close() {
      await inner.close();
      connection.redis.close();
    },
  };
}

function openEmbedded(dataDir: string): OpenReading {
  const paths = dataDirPaths(dataDir);
  const records = new SqliteRecords(paths.records);
  const messages = new SqliteMessageStoreReader(paths.messages);
  return {
    records,
    files: new SqliteFileRecords(records.database),
    governance: new SqliteGovernance(records.database),
    moderation: new SqliteModeration(records.database),
    hooks: new SqliteHooks(records.database),
    people: new SqlitePeople(records.database),
    downloads: new SqliteDownloads(records.database),
    messages,
    reading: new SqliteReading(records.database),
    backEnds: () => [],
    samples: () => [],
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
  const budget = mysqlBudget(1);
  const servers = await openGuardedServers(circuits, log, {
    name: 'mysql',
    doing: 'open the records',
    url,
    replicaUrls,
    schemas: [READING_SCHEMA, RECORDS_SCHEMA],
    pool: { maxConnections: budget.reading },
    replicas: { pool: { maxConnections: budget.eachReplica } },
  });
  return {
    records: new MysqlRecords(servers),
    files: new MysqlFileRecords(servers),
    governance: new MysqlGovernance(servers),
    moderation: new MysqlModeration(servers),
    hooks: new MysqlHooks(servers),
    people: new MysqlPeople(servers),
    downloads: new MysqlDownloads(servers.primary),
    messages: messageStoreReaderOn(servers),
    reading: new MysqlReading(servers),
    backEnds: () => servers.replicas.stats.replicas.map(replicaReport),
    samples: () => [committedSample('records', servers.primary.committed)],
    async close() {
      await servers.close();
    },
  };
}

function replicaReport({ address, fit, lagMs }: ReplicasStats['replicas'][number]): BackEndReport {
  const lastFault = fit ? '' : `lags by ${Math.round(lagMs)} ms, or does not answer`;
  const state = fit ? 'ready' : 'open';
  return { name: `mysql replica ${address}`, state, failures: 0, refused: 0, inFlight: 0, waiting: 0, lastFault };
}

function withCache(
  environment: RoleEnvironment,
  inner: OpenReading,
  connection: CountedRedis | undefined,
): OpenReading {
  const { config, shard, log } = environment;
  const { host } = shard;
  const { namespace } = config.storage;
  const cache =
    connection === undefined
      ? new MemoryCache({ host, maxBytes: CACHE_BYTES })
      : new RedisCache(connection.redis, namespace);
  const onFault = limited(host, ({ message }: StorageFault) =>
    log.warn('the cache cannot be used', { fault: message }),
  );
  const near = new MemoryCache({ host, maxBytes: NEAR_BYTES });
  const told = openInvalidations(environment, connection === undefined ? [near, cache] : [near]);
  const surroundings = { cache, near, host, onFault, onEnded: told.onEnded };
  const isRoomId = (id: string): boolean => ID.test(id);
  const forms = { isRoomId, isUserId: isRoomId, isUsername: (name: string) => name.length <= LIMITS.maxUsernameLength };
  const records = new CachedRecords(inner.records, { ...surroundings, ...forms });
  const people = new CachedPeople(inner.people, { ...surroundings, isUserId: isRoomId });
  const name = nodeId(config.dataDir);
  const messages = new CachedMessageReader(inner.messages, {
    ...surroundings,
    isRoomId,
    incarnation: INCARNATION,
    name,
  });
  const remember = async (): Promise<void> => {
    try {
      await messages.rememberHot(HOT_BLOCKS);
    } catch (error) {
      log.debug('what is hot is not written down now', { error });
    }
  };
  const timer = setInterval(() => void remember(), REMEMBER_EVERY_MS);
  messages.warmHot().then(
    (blocks) => log.info('the cache is warm', { blocks }),
    (error: unknown) => log.warn('the cache could not be warmed', { error }),
  );
  return {
    records,
    files: inner.files,
    governance: inner.governance,
    moderation: forgettingNames(inner, records),
    hooks: inner.hooks,
    people,
    downloads: inner.downloads,
    messages,
    reading: inner.reading,
    samples: () => [
      ...inner.samples(),
      ...cacheSamples({ ...records.counts, ...messages.counts, profile: people.profileCounts }),
      ...told.samples(),
    ],
    backEnds: () => [...inner.backEnds(), ...told.backEnds()],
    async close() {
      clearInterval(timer);
      await remember();
      await inner.close();
      await told.close();
    },
  };
}

/** A user who is made or unmade behind the back of the cached records ends what these know of them. */
function forgettingNames({ moderation, records: stored }: OpenReading, cached: CachedRecords): Moderation {
  return new Proxy(moderation, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (name === 'createBot') {
        return async (...[bot, audit]: Parameters<Moderation['createBot']>) => {
          const created = await target.createBot(bot, audit);
          await cached.forgetUser(bot.id, bot.username);
          return created;
        };
      }
      // Its methods know their driver, and not what stands in front of it.
      if (name !== 'deleteAccount') return typeof member === 'function' ? member.bind(target) : member;
      return async (...[user, audit]: Parameters<Moderation['deleteAccount']>) => {
        const before = await stored.userById(user);
        const hashes = await target.deleteAccount(user, audit);
        await cached.forgetUser(user, before?.username ?? deletedName(user));
        return hashes;
      };
    },
  });
}

/** At most once in a while: what is away is asked for by everybody. */
function limited<T>(host: Pick<Host, 'monotonicMs'>, report: (what: T) => void): (what: T) => void {
  let nextMs = Number.NEGATIVE_INFINITY;
  return (what) => {
    if (host.monotonicMs() < nextMs) return;
    nextMs = host.monotonicMs() + REPORT_EVERY_MS;
    report(what);
  };
}

const REPORT_EVERY_MS = 10_000;
const ID = new RegExp(ID_PATTERN);
