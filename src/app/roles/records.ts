/** The records thread: users, rooms and members, and reading messages. */
import { messageReader, messageReaderKind } from '../../actors/storage/message-reader.ts';
import { records, recordsKind } from '../../actors/storage/records.ts';
import { dataDirPaths } from '../../storage/embedded/data-dir.ts';
import { SqliteRecords } from '../../storage/embedded/records/sqlite-records.ts';
import { SqliteMessageStoreReader } from '../../storage/embedded/store/reader.ts';
import type { RoleEnvironment, RunningRole } from './role.ts';

export function startRecordsRole({ shard, config }: RoleEnvironment): RunningRole {
  const paths = dataDirPaths(config.dataDir);
  const driver = new SqliteRecords(paths.records);
  const store = new SqliteMessageStoreReader(paths.messages);
  shard.register(recordsKind, records(driver));
  shard.register(messageReaderKind, messageReader(store));
  return {
    end: async () => {
      store.close();
      await driver.close();
    },
  };
}
