/** The records on a real MySQL under the contract of the port, with its replica in use. */
import { setDefaultTimeout } from 'bun:test';
import { MysqlFileRecords } from '../../src/storage/mysql/files/mysql-file-records.ts';
import { type MysqlServers, ownPositions } from '../../src/storage/mysql/mysql-servers.ts';
import { MysqlGovernance } from '../../src/storage/mysql/records/governance.ts';
import { MysqlPeople } from '../../src/storage/mysql/records/mysql-people.ts';
import { MysqlRecords } from '../../src/storage/mysql/records/mysql-records.ts';
import { RECORDS_SCHEMA } from '../../src/storage/mysql/schema/records.ts';
import { describeWith } from '../support/back-ends.ts';
import { fileRecordsContract } from './file-records.ts';
import { governanceContract } from './governance.ts';
import { mysqlOfSuite } from './mysql-suite.ts';
import { peopleContract } from './people.ts';
import { recordsContract } from './records.ts';

// A server that others use too may be slow; nothing here waits for time to pass.
setDefaultTimeout(120_000);

const TABLES = [
  'user_block',
  'contact',
  'person_name',
  'person',
  'token_revocation',
  'upload_reservation',
  'file_usage',
  'share',
  'room_file',
  'room_mute',
  'room_ban',
  'room_link',
  'room_request',
  'user_standing',
  'user_file',
  'file',
  'room_member',
  'rooms',
  'user_token',
  'users',
];

describeWith(['mysql'], 'mysql', (variables) => {
  const servers = mysqlOfSuite(variables, RECORDS_SCHEMA);

  const emptied = async (): Promise<MysqlServers> => {
    for (const table of TABLES) await servers().primary.run(`DELETE FROM ${table}`);
    // The tables were emptied behind the records' back, so that nothing from before is known of them.
    return { ...servers(), positions: await ownPositions(servers().primary, servers().replicas) };
  };

  recordsContract('mysql', async () => {
    const opened = await emptied();
    return {
      open: () => new MysqlRecords(opened),
      [Symbol.asyncDispose]: async () => undefined,
    };
  });

  fileRecordsContract('mysql', async () => {
    const opened = await emptied();
    return {
      open: async () => ({ records: new MysqlRecords(opened), files: new MysqlFileRecords(opened) }),
      close: async () => undefined,
      [Symbol.asyncDispose]: async () => undefined,
    };
  });

  governanceContract('mysql', async () => {
    const opened = await emptied();
    return {
      open: () => ({ records: new MysqlRecords(opened), governance: new MysqlGovernance(opened) }),
      [Symbol.asyncDispose]: async () => undefined,
    };
  });

  peopleContract('mysql', async () => {
    const opened = await emptied();
    return {
      records: new MysqlRecords(opened),
      people: new MysqlPeople(opened),
      [Symbol.asyncDispose]: async () => undefined,
    };
  });
});
