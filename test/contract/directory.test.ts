/** The drivers of the directory under its contract. */

import { realHost } from '../../src/app/host.ts';
import { ProcessDirectory } from '../../src/storage/embedded/process-directory.ts';
import { MysqlDirectory } from '../../src/storage/mysql/directory.ts';
import { migrate } from '../../src/storage/mysql/migrations.ts';
import { openPool } from '../../src/storage/mysql/pool.ts';
import { DIRECTORY_SCHEMA } from '../../src/storage/mysql/schema/directory.ts';
import { RedisConnection } from '../../src/storage/redis/connection.ts';
import { RedisDirectory } from '../../src/storage/redis/redis-directory.ts';
import { describeWith } from '../support/back-ends.ts';
import { directoryContract } from './directory.ts';

directoryContract('embedded', () =>
  Promise.resolve({ directory: new ProcessDirectory(), [Symbol.asyncDispose]: () => Promise.resolve() }),
);

describeWith(['mysql'], 'directory on MySQL', ({ MAILROOM_MYSQL_URL: url = '' }) => {
  directoryContract('MySQL', async () => {
    const database = `mailroom_directory_${crypto.randomUUID().replaceAll('-', '')}`;
    const admin = openPool(url);
    await admin.run(`CREATE DATABASE ${database}`);
    const own = Object.assign(new URL(url), { pathname: `/${database}` }).href;
    await migrate(own, DIRECTORY_SCHEMA);
    const pool = openPool(own);
    return {
      directory: new MysqlDirectory(pool),
      [Symbol.asyncDispose]: async () => {
        await pool.close();
        await admin.run(`DROP DATABASE ${database}`);
        await admin.close();
      },
    };
  });
});

describeWith(['redis'], 'directory on Redis', ({ MAILROOM_REDIS_URL: url = '' }) => {
  directoryContract('Redis', async () => {
    const connection = new RedisConnection({ url, host: realHost });
    await connection.ready(20_000);
    const prefix = `test-${crypto.randomUUID()}`;
    return {
      directory: new RedisDirectory(connection, prefix),
      [Symbol.asyncDispose]: async () => {
        await connection.run('clean up', (client) => client.del(`${prefix}:directory`));
        connection.close();
      },
    };
  });
});
