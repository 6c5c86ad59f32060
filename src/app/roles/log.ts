/** The log thread: the node's lease, the writing sides of the message log's partitions, and nothing else. */
import { logWriter } from '../../actors/storage/log-writer.ts';
import { logWriterKind } from '../../actors/storage/log-writer-messages.ts';
import type { MessageLogWriter } from '../../storage/ports/message-log.ts';
import { takeLease } from '../storage/lease.ts';
import { checkPartitions, type OpenLog, openLogWriters } from '../storage/log.ts';
import type { RoleEnvironment, RunningRole } from './role.ts';

export async function startLogRole(environment: RoleEnvironment): Promise<RunningRole> {
  const lease = await takeLease(environment);
  await checkPartitions(environment);
  let log: OpenLog<MessageLogWriter> | undefined;
  return {
    open(progress) {
      log = openLogWriters(environment, progress);
      environment.shard.register(logWriterKind, logWriter(log.partitions, lease.isSure));
    },
    backEnds: () => log?.backEnds() ?? [],
    end: async () => {
      await log?.close();
      await lease.release();
    },
  };
}
