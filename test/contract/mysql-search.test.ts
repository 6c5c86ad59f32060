/** The search index on a real MySQL under the contract of the port, with its replica in use. */
import { afterAll, beforeAll, setDefaultTimeout } from 'bun:test';
import { type MysqlServers, openMysqlServers } from '../../src/storage/mysql/mysql-servers.ts';
import { SEARCH_SCHEMA } from '../../src/storage/mysql/schema/search.ts';
import { MysqlSearch } from '../../src/storage/mysql/search/mysql-search.ts';
import { makeDatabase, type TestDatabase } from '../backends/mysql-database.ts';
import { describeWith } from '../support/back-ends.ts';
import { TEST_MS } from '../support/wait.ts';
import { searchContract } from './search.ts';

setDefaultTimeout(TEST_MS);

describeWith(['mysql'], 'mysql', (variables) => {
  let database: TestDatabase;
  let servers: MysqlServers;

  beforeAll(async () => {
    database = await makeDatabase(variables.MAILROOM_MYSQL_URL as string, 'search');
    servers = await openMysqlServers({
      url: database.url,
      replicaUrls: [database.at(variables.MAILROOM_MYSQL_REPLICA_URLS as string)],
      schemas: [SEARCH_SCHEMA],
      pool: { queryMs: 30_000 },
    });
  });

  afterAll(async () => {
    await servers.close();
    await database[Symbol.asyncDispose]();
  });

  searchContract('mysql', async () => {
    for (const table of ['search_message', 'search_room', 'search_version']) {
      await servers.primary.run(`DELETE FROM ${table}`);
    }
    return {
      open: () => new MysqlSearch(servers),
      [Symbol.asyncDispose]: async () => undefined,
    };
  });
});
