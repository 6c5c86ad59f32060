/** MySQL's servers with a circuit about the primary alone: replicas are read from while it is away. */
import type { BackEnd } from '../../actors/back-end/back-end.ts';
import type { Logger } from '../../log/logger.ts';
import type { Guard } from '../../storage/mysql/guarded-pool.ts';
import { type MysqlServers, type MysqlServersOptions, openMysqlServers } from '../../storage/mysql/mysql-servers.ts';
import type { Circuits } from './circuits.ts';
import { insist } from './insist.ts';

export interface GuardedServersOptions extends Omit<MysqlServersOptions, 'guard'> {
  /** Of the circuit. */
  readonly name: string;
  /** Reads like "open the records". */
  readonly doing: string;
}

/** Waits for the primary, and guards it from then on. */
export async function openGuardedServers(
  circuits: Circuits,
  log: Logger,
  { name, doing, ...options }: GuardedServersOptions,
): Promise<MysqlServers> {
  let backEnd: BackEnd | undefined;
  const guard: Guard = (work) => (backEnd === undefined ? work() : backEnd.call(work));
  const servers = await insist(log, doing, () => openMysqlServers({ ...options, guard }));
  backEnd = circuits.add(name, { probe: () => servers.primary.ping() });
  return servers;
}
