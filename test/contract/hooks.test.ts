/** Hooks on the reference model, on the embedded driver, and on a real MySQL, under the contract of the port. */
import { setDefaultTimeout } from 'bun:test';
import { join } from 'node:path';
import { SqliteHooks } from '../../src/storage/embedded/records/hooks.ts';
import { SqliteModeration } from '../../src/storage/embedded/records/moderation.ts';
import { SqliteRecords } from '../../src/storage/embedded/records/sqlite-records.ts';
import { MysqlHooks } from '../../src/storage/mysql/records/hooks.ts';
import { MysqlModeration } from '../../src/storage/mysql/records/moderation.ts';
import { RECORDS_SCHEMA } from '../../src/storage/mysql/schema/records.ts';
import { describeWith } from '../support/back-ends.ts';
import { hooksContract } from './hooks.ts';
import { MemoryHooks } from './memory-hooks.ts';
import { MemoryModeration } from './memory-moderation.ts';
import { MemoryRecords } from './memory-records.ts';
import { mysqlOfSuite } from './mysql-suite.ts';
import { tempDir } from './temp-dir.ts';

// A server that others use too may be slow; nothing here waits for time to pass.
setDefaultTimeout(120_000);

hooksContract('model', () => ({
  open() {
    const moderation = new MemoryModeration(new MemoryRecords());
    return { moderation, hooks: new MemoryHooks(moderation) };
  },
  [Symbol.asyncDispose]: async () => undefined,
}));

hooksContract('embedded', () => {
  const dir = tempDir();
  return {
    open() {
      const records = new SqliteRecords(join(dir.path, 'records.db'));
      return { moderation: new SqliteModeration(records.database), hooks: new SqliteHooks(records.database) };
    },
    [Symbol.asyncDispose]: async () => dir[Symbol.dispose](),
  };
});

describeWith(['mysql'], 'mysql', (variables) => {
  const servers = mysqlOfSuite(variables, RECORDS_SCHEMA);

  hooksContract('mysql', async () => {
    for (const table of ['audit', 'hook']) await servers().primary.run(`DELETE FROM ${table}`);
    return {
      open: () => ({ moderation: new MysqlModeration(servers()), hooks: new MysqlHooks(servers()) }),
      [Symbol.asyncDispose]: async () => undefined,
    };
  });
});
