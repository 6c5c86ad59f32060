/** The embedded driver under the contract of every port. */
import { setDefaultTimeout } from 'bun:test';
import { join } from 'node:path';
import { SqliteFileRecords } from '../../src/storage/embedded/files/sqlite-file-records.ts';
import { SegmentedLogReader } from '../../src/storage/embedded/log/reader.ts';
import { SegmentedLogWriter } from '../../src/storage/embedded/log/writer.ts';
import { SqliteGovernance } from '../../src/storage/embedded/records/governance.ts';
import { SqlitePeople } from '../../src/storage/embedded/records/people.ts';
import { SqliteRecords } from '../../src/storage/embedded/records/sqlite-records.ts';
import { SqliteMessageStoreReader } from '../../src/storage/embedded/store/reader.ts';
import { SqliteMessageStoreWriter } from '../../src/storage/embedded/store/writer.ts';
import { TEST_MS } from '../support/wait.ts';
import { fileRecordsContract } from './file-records.ts';
import { governanceContract } from './governance.ts';
import { messageLogContract } from './message-log.ts';
import { messageStoreContract } from './message-store.ts';
import { peopleContract } from './people.ts';
import { recordsContract } from './records.ts';
import { tempDir } from './temp-dir.ts';

// A disk that others use too may take long to sync; nothing here waits for time to pass.
setDefaultTimeout(TEST_MS);

for (const [name, segmentBytes] of [
  ['embedded', 32 * 1024 * 1024],
  ['embedded, a segment for each group', 1],
] as const) {
  messageLogContract(name, () => {
    const dir = tempDir();
    const log = join(dir.path, 'log');
    return {
      openWriter: (fence) => new SegmentedLogWriter(log, { segmentBytes, fence }),
      openReader: () => new SegmentedLogReader(log),
      [Symbol.asyncDispose]: async () => dir[Symbol.dispose](),
    };
  });
}

messageStoreContract('embedded', () => {
  const dir = tempDir();
  const path = join(dir.path, 'messages.db');
  return {
    openWriter: () => new SqliteMessageStoreWriter(path),
    openReader: () => new SqliteMessageStoreReader(path),
    [Symbol.asyncDispose]: async () => dir[Symbol.dispose](),
  };
});

recordsContract('embedded', () => {
  const dir = tempDir();
  return {
    open: () => new SqliteRecords(join(dir.path, 'records.db')),
    [Symbol.asyncDispose]: async () => dir[Symbol.dispose](),
  };
});

fileRecordsContract('embedded', () => {
  const dir = tempDir();
  const records = new SqliteRecords(join(dir.path, 'records.db'));
  return {
    open: async () => ({ records, files: new SqliteFileRecords(records.database) }),
    close: async () => records.close(),
    [Symbol.asyncDispose]: async () => dir[Symbol.dispose](),
  };
});

governanceContract('embedded', () => {
  const dir = tempDir();
  return {
    open() {
      const records = new SqliteRecords(join(dir.path, 'records.db'));
      return { records, governance: new SqliteGovernance(records.database) };
    },
    [Symbol.asyncDispose]: async () => dir[Symbol.dispose](),
  };
});

peopleContract('embedded', () => {
  const dir = tempDir();
  const records = new SqliteRecords(join(dir.path, 'records.db'));
  return {
    records,
    people: new SqlitePeople(records.database),
    async [Symbol.asyncDispose]() {
      records.close();
      dir[Symbol.dispose]();
    },
  };
});
