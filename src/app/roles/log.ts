/** The log thread: the writing sides of the message log's partitions and nothing else. */
import { partitionOf } from '../../actors/room/home.ts';
import { logWriter } from '../../actors/storage/log-writer.ts';
import { logWriterKind } from '../../actors/storage/log-writer-messages.ts';
import { SLOTS } from '../../runtime/placement.ts';
import { dataDirPaths } from '../../storage/embedded/data-dir.ts';
import { SegmentedLogWriter } from '../../storage/embedded/log/writer.ts';
import { progressOf, type RoleEnvironment, type RunningRole } from './role.ts';

export function startLogRole(environment: RoleEnvironment): RunningRole {
  const { shard, config } = environment;
  const { epoch, persisted } = progressOf(environment);
  const paths = dataDirPaths(config.dataDir);
  const partitions = persisted.map((startAfter, partition) => {
    const slots = slotsOf(partition, persisted.length);
    return new SegmentedLogWriter(paths.log, { startAfter, fence: { epoch, slots } });
  });
  shard.register(logWriterKind, logWriter(partitions));
  return {
    end: () => {
      for (const log of partitions) log.close();
      return Promise.resolve();
    },
  };
}

/** The slots whose rooms write to the partition, ascending. */
function slotsOf(partition: number, partitions: number): number[] {
  return Array.from({ length: SLOTS }, (_, slot) => slot).filter((slot) => partitionOf(slot, partitions) === partition);
}
