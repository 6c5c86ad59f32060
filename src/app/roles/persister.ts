/** The persister thread: moves the log into the message store. Rooms open only after it has emptied the log once. */
import { drainLog, persister, persisterKind } from '../../actors/storage/persister.ts';
import { dataDirPaths } from '../../storage/embedded/data-dir.ts';
import { SegmentedLogReader } from '../../storage/embedded/log/reader.ts';
import { SqliteMessageStoreWriter } from '../../storage/embedded/store/writer.ts';
import type { InsertReport } from '../../storage/ports/message-store.ts';
import type { RoleEnvironment, RunningRole } from './role.ts';

const MAX_BATCH_BYTES = 4 * 1024 * 1024;
const LINGER_MS = 100;

export async function startPersisterRole({ shard, crew, config, log }: RoleEnvironment): Promise<RunningRole> {
  const paths = dataDirPaths(config.dataDir);
  const store = new SqliteMessageStoreWriter(paths.messages);
  const reader = new SegmentedLogReader(paths.log);
  const onRefused = (refused: InsertReport['refused']): void => {
    for (const { record, reason } of refused) {
      log.error('a record contradicts the store and is quarantined', { room: record.room, seq: record.seq, reason });
    }
  };
  const position = await drainLog(reader, store, MAX_BATCH_BYTES, onRefused);
  await reader.trim(position);
  const threads = Array.from({ length: crew.shards }, (_, thread) => thread);
  shard.register(
    persisterKind,
    persister({ log: reader, store, threads, maxBatchBytes: MAX_BATCH_BYTES, lingerMs: LINGER_MS, onRefused }),
  );
  return {
    persisted: position,
    end: async () => {
      await drainLog(reader, store, MAX_BATCH_BYTES, onRefused);
      reader.close();
      store.close();
    },
  };
}
