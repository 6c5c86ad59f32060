/** Ours: the persister's drain, from a log in memory into the message store on MySQL. A process of its own. */
import { drainLog } from '../../src/actors/storage/persister.ts';
import { openMessageStoreWriter } from '../../src/storage/mysql/messages/writer.ts';
import { openPool } from '../../src/storage/mysql/pool.ts';
import type { NewDeadLetter } from '../../src/storage/ports/dead-letters.ts';
import { encodeLogRecord } from '../../src/storage/ports/log-record.ts';
import type { LogBatch, MessageLogReader } from '../../src/storage/ports/message-log.ts';
import { audit } from './audit.ts';
import { databaseName, records, sizesOf, withDatabase } from './rows.ts';

const [url = '', ...args] = process.argv.slice(2);
const sizes = sizesOf(args);
const all = records(sizes);
const groups: LogBatch[] = [];
for (let start = 0; start < all.length; start += sizes.batch) {
  groups.push({ position: groups.length + 1, records: all.slice(start, start + sizes.batch).map(encodeLogRecord) });
}
/** Hands out one group at a time, so that a transaction has as many rows as the peer's. */
const log: MessageLogReader = {
  read: (after) => groups.slice(after, after + 1),
  trim: () => undefined,
  close: () => undefined,
};

const database = databaseName();
const server = openPool(url, { maxConnections: 1, queryMs: 60_000 });
await server.run(`CREATE DATABASE ${database}`);
try {
  const own = withDatabase(url, database);
  const store = await openMessageStoreWriter(own);
  // A connection for both sides before the clock starts.
  await store.persisted(0);
  const startMs = performance.now();
  let refused = 0;
  const putAside = (letters: readonly NewDeadLetter[]): void => {
    refused += letters.length;
  };
  await drainLog({ partition: 0, log, store, maxBatchBytes: 1, putAside, wallMs: Date.now });
  const seconds = (performance.now() - startMs) / 1_000;
  await store.close();
  const found = await audit(own, all);
  process.stdout.write(JSON.stringify({ perSecond: all.length / seconds, ...found, lost: found.lost + refused }));
} finally {
  await server.run(`DROP DATABASE ${database}`);
  await server.close();
}
