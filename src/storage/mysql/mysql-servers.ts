/** What one storage thread has open: the primary, its replicas, and where this process's writes stand. */
import { type Guard, guardedPool } from './guarded-pool.ts';
import { migrate, type Schema } from './migrations.ts';
import { openPool, type PoolOptions, type SqlPool } from './pool.ts';
import { primaryPosition, Replicas, type ReplicasOptions } from './replicas.ts';
import { LocalWritePositions, type WritePositions } from './write-positions.ts';

export interface MysqlServers {
  readonly primary: SqlPool;
  readonly replicas: Replicas;
  readonly positions: WritePositions;
  close(): Promise<void>;
}

export interface MysqlServersOptions {
  /** The primary, or a comma list of servers of which one takes writes. */
  readonly url: string;
  readonly replicaUrls: readonly string[];
  /** What this thread keeps in the database: brought to its newest version first. */
  readonly schemas: readonly Schema[];
  /** Shared with other nodes; this process's own where it is left out. */
  readonly positions?: WritePositions;
  readonly pool?: Omit<PoolOptions, 'role'>;
  readonly replicas?: ReplicasOptions;
  /** What every call of the primary goes through, but for looking at where it stands. */
  readonly guard?: Guard;
}

/** Rejects with a `StorageFault` where the primary cannot be had; replicas may be away. */
export async function openMysqlServers(options: MysqlServersOptions): Promise<MysqlServers> {
  const { url, replicaUrls, schemas } = options;
  for (const schema of schemas) await migrate(url, schema);
  const pool = openPool(url, { ...options.pool, role: 'primary' });
  const primary = options.guard === undefined ? pool : guardedPool(pool, options.guard);
  const replicas = new Replicas(pool, replicaUrls, options.replicas, primary);
  const close = async (): Promise<void> => {
    await replicas.close();
    await primary.close();
  };
  try {
    const positions = options.positions ?? (await ownPositions(primary, replicas));
    await replicas.look();
    return { primary, replicas, positions, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A primary without a binary log has no position, so that nothing is ever known and it alone reads. */
export async function ownPositions(primary: SqlPool, replicas: Replicas): Promise<WritePositions> {
  const positions = new LocalWritePositions({ sample: () => replicas.sample });
  const position = await primaryPosition(primary);
  if (position.size > 0) positions.startAt(position);
  return positions;
}
