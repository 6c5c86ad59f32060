/** Marked rooms and hidden messages under the contract of the port: in the file of the records, and on a real MySQL. */
import { setDefaultTimeout } from 'bun:test';
import { join } from 'node:path';
import { SqliteReading } from '../../src/storage/embedded/records/reading.ts';
import { SqliteRecords } from '../../src/storage/embedded/records/sqlite-records.ts';
import { ownPositions } from '../../src/storage/mysql/mysql-servers.ts';
import { MysqlReading } from '../../src/storage/mysql/records/reading.ts';
import { READING_SCHEMA } from '../../src/storage/mysql/schema/reading.ts';
import { describeWith } from '../support/back-ends.ts';
import { TEST_MS } from '../support/wait.ts';
import { mysqlOfSuite } from './mysql-suite.ts';
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
  const servers = mysqlOfSuite(variables, READING_SCHEMA, 'reading');

  readingContract('mysql', async () => {
    for (const table of ['room_mark', 'hidden_message']) await servers().primary.run(`DELETE FROM ${table}`);
    // The tables were emptied behind the driver's back, so that nothing from before is known of them.
    const opened = { ...servers(), positions: await ownPositions(servers().primary, servers().replicas) };
    return { open: () => new MysqlReading(opened), [Symbol.asyncDispose]: async () => undefined };
  });
});
