/** The peer: a loop of multi-row inserts with mysql2 and nothing else, into an equal table. A process of its own. */
import { createConnection } from 'mysql2/promise';
import { MESSAGES_SCHEMA } from '../../src/storage/mysql/messages/schema.ts';
import { audit } from './audit.ts';
import { databaseName, records, sizesOf, withDatabase } from './rows.ts';

const [url = '', ...args] = process.argv.slice(2);
const sizes = sizesOf(args);
const rows = records(sizes);
const database = databaseName();
const connection = await createConnection(withDatabase(url, ''));
await connection.query(`CREATE DATABASE ${database}`);
try {
  await connection.query(`USE ${database}`);
  await connection.query(MESSAGES_SCHEMA.migrations[0]?.statements[0] ?? '');
  const startMs = performance.now();
  for (let start = 0; start < rows.length; start += sizes.batch) {
    const batch = rows.slice(start, start + sizes.batch);
    // Prepared once for each size: faster than text, where bytes travel as hexadecimal digits.
    await connection.execute(
      `INSERT INTO message (room, seq, sender, nonce, again, at, frame)
       VALUES ${batch.map(() => '(?, ?, ?, ?, ?, ?, ?)').join(', ')}`,
      batch.flatMap(({ room, seq, sender, nonce, at, frame }) => [room, seq, sender, nonce, 0, at, Buffer.from(frame)]),
    );
  }
  const seconds = (performance.now() - startMs) / 1_000;
  const found = await audit(withDatabase(url, database), rows);
  process.stdout.write(JSON.stringify({ perSecond: rows.length / seconds, ...found }));
} finally {
  await connection.query(`DROP DATABASE ${database}`);
  await connection.end();
}
