/** Moderation on the reference model, on the embedded driver, and on a real MySQL, under the contract of the port. */
import { setDefaultTimeout } from 'bun:test';
import { join } from 'node:path';
import { SqliteModeration } from '../../src/storage/embedded/records/moderation.ts';
import { SqliteRecords } from '../../src/storage/embedded/records/sqlite-records.ts';
import { MysqlModeration } from '../../src/storage/mysql/records/moderation.ts';
import { MysqlRecords } from '../../src/storage/mysql/records/mysql-records.ts';
import { RECORDS_SCHEMA } from '../../src/storage/mysql/schema/records.ts';
import { describeWith } from '../support/back-ends.ts';
import { MemoryModeration } from './memory-moderation.ts';
import { MemoryRecords } from './memory-records.ts';
import { moderationContract } from './moderation.ts';
import { mysqlOfSuite } from './mysql-suite.ts';
import { tempDir } from './temp-dir.ts';

// A server that others use too may be slow; nothing here waits for time to pass.
setDefaultTimeout(120_000);

moderationContract('model', () => ({
  open() {
    const records = new MemoryRecords();
    return { records, moderation: new MemoryModeration(records) };
  },
  [Symbol.asyncDispose]: async () => undefined,
}));

moderationContract('embedded', () => {
  const dir = tempDir();
  return {
    open() {
      const records = new SqliteRecords(join(dir.path, 'records.db'));
      return { records, moderation: new SqliteModeration(records.database) };
    },
    [Symbol.asyncDispose]: async () => dir[Symbol.dispose](),
  };
});

describeWith(['mysql'], 'mysql', (variables) => {
  const servers = mysqlOfSuite(variables, RECORDS_SCHEMA);

  moderationContract('mysql', async () => {
    for (const table of [
      'audit',
      'report',
      'person_name',
      'person',
      'token_revocation',
      'user_standing',
      'user_token',
      'users',
    ]) {
      await servers().primary.run(`DELETE FROM ${table}`);
    }
    return {
      open: () => ({ records: new MysqlRecords(servers()), moderation: new MysqlModeration(servers()) }),
      [Symbol.asyncDispose]: async () => undefined,
    };
  });
});
