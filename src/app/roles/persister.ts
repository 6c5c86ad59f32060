/** The persister thread: moves the log into the message store. Rooms open only after it has emptied the log once. */
import { type DrainOptions, drainLog, persister, persisterKind } from '../../actors/storage/persister.ts';
import { dataDirPaths } from '../../storage/embedded/data-dir.ts';
import { SegmentedLogReader } from '../../storage/embedded/log/reader.ts';
import { SqliteMessageStoreWriter } from '../../storage/embedded/store/writer.ts';
import type { StorageFault } from '../../storage/ports/faults.ts';
import type { InsertReport } from '../../storage/ports/message-store.ts';
import type { RoleEnvironment, RunningRole } from './role.ts';

const MAX_BATCH_BYTES = 4 * 1024 * 1024;
const LINGER_MS = 100;

export async function startPersisterRole({ shard, crew, config, log }: RoleEnvironment): Promise<RunningRole> {
  const paths = dataDirPaths(config.dataDir);
  const store = new SqliteMessageStoreWriter(paths.messages);
  const onRefused = (refused: InsertReport['refused']): void => {
    for (const { record, reason } of refused) {
      log.error('a record contradicts the store and is quarantined', { room: record.room, seq: record.seq, reason });
    }
  };
  const onPaused = ({ message }: StorageFault): void => log.warn('the log cannot be moved now', { fault: message });
  const drains = [new SegmentedLogReader(paths.log)].map(
    (reader, partition): DrainOptions => ({ partition, log: reader, store, maxBatchBytes: MAX_BATCH_BYTES, onRefused }),
  );
  const persisted: number[] = [];
  for (const drain of drains) {
    const position = await drainLog(drain);
    await drain.log.trim(position);
    persisted.push(position);
  }
  const epoch = store.claimEpoch();
  const threads = Array.from({ length: crew.shards }, (_, thread) => thread);
  shard.register(
    persisterKind,
    persister((partition) => ({ ...(drains[partition] as DrainOptions), threads, lingerMs: LINGER_MS, onPaused })),
  );
  return {
    progress: { epoch, persisted },
    end: async () => {
      for (const drain of drains) {
        await drainLog(drain);
        await drain.log.close();
      }
      store.close();
    },
  };
}
