/** What another process does to the tokens in the embedded records is seen by a running engine. */
import { afterAll, beforeAll, describe, setDefaultTimeout, test } from 'bun:test';
import { dataDirPaths } from '../../../src/storage/embedded/data-dir.ts';
import { SqliteRecords } from '../../../src/storage/embedded/records/sqlite-records.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { TEST_MS } from '../../support/wait.ts';
import { expectDeathFromOutside, WAYS_TO_DIE } from './outside.ts';

setDefaultTimeout(TEST_MS);

describe('tokens that die elsewhere, embedded', () => {
  let server: TestServer;
  let outside: SqliteRecords;
  beforeAll(async () => {
    server = await startServer();
    outside = new SqliteRecords(dataDirPaths(server.dataDir).records);
  });
  afterAll(async () => {
    outside.close();
    await server[Symbol.asyncDispose]();
  });

  for (const way of WAYS_TO_DIE) {
    test(`[REV8] one that ${way} is refused everywhere, and its sockets on every thread are closed`, async () => {
      await expectDeathFromOutside(server.url, outside, way);
    });
  }
});
