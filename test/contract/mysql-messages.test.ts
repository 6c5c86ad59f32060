/** The message store on MySQL under the contract of its port: a primary with a replica that history is read from. */
import { setDefaultTimeout } from 'bun:test';
import { openMessageStoreReader } from '../../src/storage/mysql/messages/reader.ts';
import { openMessageStoreWriter } from '../../src/storage/mysql/messages/writer.ts';
import { makeDatabase } from '../backends/mysql-database.ts';
import { describeWith } from '../support/back-ends.ts';
import { eventually } from '../support/wait.ts';
import { messageStoreContract } from './message-store.ts';

// Many small commits on a disk that others use too.
setDefaultTimeout(120_000);

describeWith(['mysql'], 'mysql', (variables) => {
  const primary = variables.MAILROOM_MYSQL_URL as string;
  const replica = variables.MAILROOM_MYSQL_REPLICA_URLS as string;

  for (const [name, replicas] of [
    ['mysql', []],
    ['mysql with a replica', [replica]],
  ] as const) {
    messageStoreContract(name, async () => {
      const database = await makeDatabase(primary, 'msgs');
      const replicaUrls = replicas.map((url) => database.at(url));
      return {
        openWriter: () => openMessageStoreWriter(database.url, { pool: { maxConnections: 2 } }),
        openReader: async () => {
          const reader = openMessageStoreReader(database.url, replicaUrls, {
            pool: { maxConnections: 2 },
            replicas: { intervalMs: 10, maxLagMs: Number.MAX_SAFE_INTEGER },
          });
          await eventually(
            'the replicas to be read from',
            () => reader.stats.replicas,
            (found) => found.every(({ fit }) => fit),
          );
          return reader;
        },
        [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
      };
    });
  }
});
