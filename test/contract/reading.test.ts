/** Marked rooms and hidden messages under the contract of the port: in the file of the records, and on a real MySQL. */
import { afterAll, beforeAll, setDefaultTimeout } from 'bun:test';
import { join } from 'node:path';
import { SqliteReading } from '../../src/storage/embedded/records/reading.ts';
import { SqliteRecords } from '../../src/storage/embedded/records/sqlite-records.ts';
import { type MysqlServers, openMysqlServers, ownPositions } from '../../src/storage/mysql/mysql-servers.ts';
import { MysqlReading } from '../../src/storage/mysql/records/reading.ts';
import { READING_SCHEMA } from '../../src/storage/mysql/schema/reading.ts';
import { makeDatabase, type TestDatabase } from '../backends/mysql-database.ts';
import { describeWith } from '../support/back-ends.ts';
import { TEST_MS } from '../support/wait.ts';
import { readingContract } from './reading.ts';
import { tempDir } from './temp-dir.ts';

setDefaultTimeout(TEST_MS);

readingContract('embedded', () => {
  const dir = tempDir();
  let records: SqliteRecords | undefined;
  return {
    open() {
      records?.close();
      records = new SqliteRecords(join(dir.path, 'records.db'));
      return new SqliteReading(records.database);
    },
    [Symbol.asyncDispose]: async () => {
      records?.close();
      dir[Symbol.dispose]();
    },
  };
});

describeWith(['mysql'], 'mysql', (variables) => {
  let database: TestDatabase;
  let servers: MysqlServers;

  beforeAll(async () => {
    database = await makeDatabase(variables.MAILROOM_MYSQL_URL as string, 'reading');
    servers = await openMysqlServers({
      url: database.url,
      replicaUrls: [database.at(variables.MAILROOM_MYSQL_REPLICA_URLS as string)],
      schemas: [READING_SCHEMA],
      pool: { queryMs: 30_000 },
    });
  });

  afterAll(async () => {
    await servers.close();
    await database[Symbol.asyncDispose]();
  });

  readingContract('mysql', async () => {
    for (const table of ['room_mark', 'hidden_message']) await servers.primary.run(`DELETE FROM ${table}`);
    // The tables were emptied behind the driver's back, so that nothing from before is known of them.
    const opened = { ...servers, positions: await ownPositions(servers.primary, servers.replicas) };
    return { open: () => new MysqlReading(opened), [Symbol.asyncDispose]: async () => undefined };
  });
});
