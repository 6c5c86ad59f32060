/**
 * What Redis does when its memory is full. Policies that evict any key would silently take the cluster's directory, whose
 * keys have no time to live; those that evict only keys with one take what can be had again.
 */
import type { RedisConnection } from './connection.ts';

/** Why the engine must not run on this Redis; null where it may. Throws a `StorageFault` if Redis cannot be asked. */
export async function evictionProblem(connection: RedisConnection): Promise<string | null> {
  // Where a host of Redis servers forbids CONFIG, INFO still tells.
  const info = await connection.run("read Redis's memory settings", (client) => client.info('memory'));
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1];
  if (policy === undefined) return 'Redis does not say what it evicts (no maxmemory_policy in INFO memory)';
  if (!policy.startsWith('allkeys')) return null;
  return (
    `Redis has maxmemory-policy ${policy}: with its memory full it would drop keys of the cluster's directory. ` +
    'Set volatile-lfu, or another policy that leaves keys without a time to live alone'
  );
}
