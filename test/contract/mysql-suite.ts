/** A database of one suite's own on a real MySQL, with its replica in use: made before its tests, gone after them. */
import { afterAll, beforeAll } from 'bun:test';
import type { Schema } from '../../src/storage/mysql/migrations.ts';
import { type MysqlServers, openMysqlServers } from '../../src/storage/mysql/mysql-servers.ts';
import { makeDatabase, type TestDatabase } from '../backends/mysql-database.ts';
import type { BackEndVariables } from '../support/back-ends.ts';

/** Within a `describe`. The servers are there while its tests run. */
export function mysqlOfSuite(variables: BackEndVariables, schema: Schema, prefix?: string): () => MysqlServers {
  let database: TestDatabase;
  let servers: MysqlServers;

  beforeAll(async () => {
    database = await makeDatabase(variables.MAILROOM_MYSQL_URL as string, prefix);
    servers = await openMysqlServers({
      url: database.url,
      replicaUrls: [database.at(variables.MAILROOM_MYSQL_REPLICA_URLS as string)],
      schemas: [schema],
      pool: { queryMs: 30_000 },
    });
  });

  afterAll(async () => {
    await servers.close();
    await database[Symbol.asyncDispose]();
  });

  return () => servers;
}
