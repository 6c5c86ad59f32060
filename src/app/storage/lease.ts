/** This node's lease: in the directories of the back ends that are set, else in the process itself. */
import { ProcessDirectory } from '../../storage/embedded/process-directory.ts';
import { NodeLease } from '../../storage/lease/node-lease.ts';
import { MysqlDirectory } from '../../storage/mysql/directory.ts';
import { migrate } from '../../storage/mysql/migrations.ts';
import { openPool } from '../../storage/mysql/pool.ts';
import { DIRECTORY_SCHEMA } from '../../storage/mysql/schema/directory.ts';
import type { Directory } from '../../storage/ports/directory.ts';
import { RedisDirectory } from '../../storage/redis/redis-directory.ts';
import type { RoleEnvironment } from '../roles/role.ts';
import { insist } from './insist.ts';
import { mysqlBudget } from './mysql-budget.ts';
import { nodeId } from './node-id.ts';
import { connectRedis } from './redis.ts';
import type { StorageSettings } from './settings.ts';

export interface HeldLease {
  readonly isSure: () => boolean;
  release(): Promise<void>;
}

interface OpenDirectory {
  readonly name: string;
  readonly directory: Directory;
  close(): Promise<void>;
}

/** Takes the lease, waiting for directories that are away. Rejects where another node lives. */
export async function takeLease({ config, shard, log, fail }: RoleEnvironment): Promise<HeldLease> {
  const directories = await openDirectories(config.storage, log, shard.host);
  const lease = new NodeLease({
    node: nodeId(config.dataDir),
    directories,
    host: shard.host,
    onLost: (reason) => fail(new Error(reason)),
  });
  await insist(log, 'take the lease', () => lease.acquire());
  return {
    isSure: () => lease.isSure,
    async release() {
      await lease.release();
      for (const directory of directories) await directory.close();
    },
  };
}

async function openDirectories(
  { mysql, redis, namespace }: StorageSettings,
  log: RoleEnvironment['log'],
  host: RoleEnvironment['shard']['host'],
): Promise<OpenDirectory[]> {
  const directories: OpenDirectory[] = [];
  if (mysql !== undefined) {
    await insist(log, 'prepare the directory in MySQL', () => migrate(mysql.url, DIRECTORY_SCHEMA));
    const pool = openPool(mysql.url, { maxConnections: mysqlBudget(1).lease });
    directories.push({ name: 'mysql', directory: new MysqlDirectory(pool), close: () => pool.close() });
  }
  if (redis !== undefined) {
    const { redis: connection } = await connectRedis(redis.url, host, log);
    const close = (): Promise<void> => Promise.resolve(connection.close());
    directories.push({ name: 'redis', directory: new RedisDirectory(connection, namespace), close });
  }
  if (directories.length > 0) return directories;
  return [{ name: 'process', directory: new ProcessDirectory(), close: () => Promise.resolve() }];
}
