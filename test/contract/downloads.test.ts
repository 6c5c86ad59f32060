/** Every keeper of downloads under the contract. */
import { setDefaultTimeout } from 'bun:test';
import { join } from 'node:path';
import { SqliteDownloads } from '../../src/storage/embedded/records/downloads.ts';
import { SqliteRecords } from '../../src/storage/embedded/records/sqlite-records.ts';
import { migrate } from '../../src/storage/mysql/migrations.ts';
import { openPool, type SqlPool } from '../../src/storage/mysql/pool.ts';
import { MysqlDownloads } from '../../src/storage/mysql/records/downloads.ts';
import { RECORDS_SCHEMA } from '../../src/storage/mysql/schema/records.ts';
import { makeDatabase } from '../backends/mysql-database.ts';
import { describeWith } from '../support/back-ends.ts';
import { type DownloadsWorld, downloadsContract } from './downloads.ts';
import { tempDir } from './temp-dir.ts';

// A server that others use too may be slow; nothing here waits for time to pass.
setDefaultTimeout(120_000);

downloadsContract('embedded', () => {
  const dir = tempDir();
  const records = new SqliteRecords(join(dir.path, 'records.db'));
  for (const id of ['ann', 'ben']) records.createUser({ id, username: id, passwordHash: 'x', createdAt: 1 });
  return {
    downloads: new SqliteDownloads(records.database),
    async empty() {
      records.database.run('DELETE FROM download');
      await Promise.resolve();
    },
    async [Symbol.asyncDispose]() {
      records.close();
      dir[Symbol.dispose]();
      await Promise.resolve();
    },
  };
});

describeWith(['mysql'], 'mysql', (variables) => {
  downloadsContract('mysql', async (): Promise<DownloadsWorld> => {
    const database = await makeDatabase(variables.MAILROOM_MYSQL_URL as string);
    await migrate(database.url, RECORDS_SCHEMA);
    const pool: SqlPool = openPool(database.url, { role: 'primary', maxConnections: 8, queryMs: 30_000 });
    for (const id of ['ann', 'ben']) {
      await pool.run('INSERT INTO users (id, username, password_hash, created_at) VALUES (?, ?, ?, 1)', [id, id, 'x']);
    }
    return {
      downloads: new MysqlDownloads(pool),
      async empty() {
        await pool.run('DELETE FROM download');
      },
      async [Symbol.asyncDispose]() {
        await pool.close();
        await database[Symbol.asyncDispose]();
      },
    };
  });
});
