/** The log thread: the writing side of the message log and nothing else. */
import { logWriter } from '../../actors/storage/log-writer.ts';
import { logWriterKind } from '../../actors/storage/log-writer-messages.ts';
import { dataDirPaths } from '../../storage/embedded/data-dir.ts';
import { SegmentedLogWriter } from '../../storage/embedded/log/writer.ts';
import type { RoleEnvironment, RunningRole } from './role.ts';

export function startLogRole({ shard, config, persisted }: RoleEnvironment): RunningRole {
  const paths = dataDirPaths(config.dataDir);
  const log = new SegmentedLogWriter(paths.log, { startAfter: persisted });
  shard.register(logWriterKind, logWriter(log));
  return { end: async () => log.close() };
}
