/** What is particular to the embedded message store: quarantine, its transactions, its WAL and its query plans. */
import { Database } from 'bun:sqlite';
import { expect, setDefaultTimeout, spyOn, test } from 'bun:test';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SqliteMessageStoreReader } from '../../src/storage/embedded/store/reader.ts';
import { type MessageStoreOptions, SqliteMessageStoreWriter } from '../../src/storage/embedded/store/writer.ts';
import { decodeLogRecord, type LogRecord } from '../../src/storage/ports/log-record.ts';
import { faultOf } from '../contract/fault-of.ts';
import { tempDir } from '../contract/temp-dir.ts';
import { TEST_MS } from '../support/wait.ts';

setDefaultTimeout(TEST_MS);

interface Store extends Disposable {
  readonly path: string;
  readonly writer: SqliteMessageStoreWriter;
  readonly reader: SqliteMessageStoreReader;
}

function makeStore(options: MessageStoreOptions = {}): Store {
  const dir = tempDir();
  const path = join(dir.path, 'messages.db');
  const writer = new SqliteMessageStoreWriter(path, options);
  const reader = new SqliteMessageStoreReader(path);
  return {
    path,
    writer,
    reader,
    [Symbol.dispose]: () => {
      reader.close();
      writer.close();
      dir[Symbol.dispose]();
    },
  };
}

function post(seq: number, overrides: Partial<LogRecord> = {}): LogRecord {
  const frame = new TextEncoder().encode(`frame ${seq}`);
  return {
    stream: 'messages',
    slot: 7,
    epoch: 1,
    room: 'room',
    seq,
    sender: 'ann',
    nonce: `${seq}`,
    at: 5,
    frame,
    ...overrides,
  };
}

test('[STORE14] a refused record is kept in the quarantine once, whole and with the reason', () => {
  using store = makeStore();
  const contradiction = post(1, { nonce: 'another' });
  const repeatedNonce = post(2, { nonce: '1' });
  store.writer.insert({ partition: 0, position: 1, records: [post(1), contradiction, repeatedNonce] });
  store.writer.insert({ partition: 0, position: 1, records: [post(1), contradiction, repeatedNonce] });
  const look = new Database(store.path, { readonly: true });
  const rows = look
    .query<{ reason: string; record: Uint8Array }, []>('SELECT reason, record FROM quarantine ORDER BY id')
    .all();
  look.close(true);
  expect(rows.map((row) => decodeLogRecord(row.record))).toEqual([contradiction, repeatedNonce]);
  expect(rows.map((row) => row.reason)).toEqual(['another record has this seq', 'the nonce belongs to seq 1']);
});

test('[STORE15] an insert that fails leaves nothing behind, and the next one finds the store as it was', () => {
  using store = makeStore();
  store.writer.insert({ partition: 0, position: 1, records: [post(1)] });
  // No log holds a record with so long a nonce; putting it into the quarantine fails after the others were inserted.
  const impossible = post(1, { nonce: 'n'.repeat(300) });
  const batch = [post(2, { epoch: 7 }), post(1, { room: 'new room' }), impossible];
  expect(() => store.writer.insert({ partition: 0, position: 2, records: batch })).toThrow(RangeError);
  expect(store.writer.persisted(0)).toBe(1);
  expect(store.reader.head('room')).toEqual({ seq: 1, change: 0 });
  expect(store.reader.head('new room')).toEqual({ seq: 0, change: 0 });
  const retried = [post(2), post(1, { room: 'new room' })];
  expect(store.writer.insert({ partition: 0, position: 2, records: retried })).toEqual({
    inserted: 2,
    repeated: 0,
    outdated: 0,
    refused: [],
  });
  expect(store.reader.nonces('room', 'ann', 10).map((known) => known.seq)).toEqual([1, 2]);
});

test('[STORE16] what is kept in memory of senders is bounded, and forgetting it changes nothing', () => {
  using store = makeStore({ maxSenderBytes: 1 });
  for (let seq = 1; seq <= 60; seq += 1)
    store.writer.insert({ partition: 0, position: seq, records: [post(seq, { sender: `sender ${seq % 3}` })] });
  const report = store.writer.insert({
    partition: 0,
    position: 61,
    records: [post(61, { sender: 'sender 0', nonce: '3' })],
  });
  expect(report.refused).toHaveLength(1);
  expect(store.reader.nonces('room', 'sender 1', 4).map((known) => known.seq)).toEqual([49, 52, 55, 58]);
});

test('[STORE17] the WAL stays bounded while readers come and go', () => {
  const maxWalBytes = 1024 * 1024;
  using store = makeStore({ checkpointBytes: 256 * 1024, maxWalBytes });
  let largest = 0;
  for (let seq = 1; seq <= 300; seq += 1) {
    store.writer.insert({ partition: 0, position: seq, records: [post(seq, { frame: new Uint8Array(40_000) })] });
    store.reader.history({ room: 'room', limit: 5, maxBytes: 100_000 });
    largest = Math.max(largest, statSync(`${store.path}-wal`).size);
  }
  expect(largest).toBeLessThanOrEqual(maxWalBytes);
});

test('[STORE17] a reader that stays in a transaction lets the WAL grow, and the bound holds again when it is gone', () => {
  const maxWalBytes = 512 * 1024;
  using store = makeStore({ checkpointBytes: 64 * 1024, maxWalBytes });
  let seq = 0;
  const insert = () => {
    seq += 1;
    store.writer.insert({ partition: 0, position: seq, records: [post(seq, { frame: new Uint8Array(30_000) })] });
  };
  insert();
  const foreign = new Database(store.path, { readonly: true });
  foreign.run('BEGIN');
  foreign.query('SELECT count(*) FROM message').get();
  for (let index = 0; index < 12; index += 1) insert();
  foreign.run('COMMIT');
  foreign.close(true);
  let largest = 0;
  for (let index = 0; index < 40; index += 1) {
    insert();
    largest = Math.max(largest, statSync(`${store.path}-wal`).size);
  }
  expect(largest).toBeLessThanOrEqual(maxWalBytes);
});

test('[STORE18] every statement of the reads and the inserts finds its rows by key', () => {
  const prepare = spyOn(Database.prototype, 'prepare');
  using store = makeStore();
  const statements = prepare.mock.calls.map(([sql]) => sql);
  prepare.mockRestore();
  expect(statements.length).toBeGreaterThan(15);
  const db = new Database(store.path, { readonly: true });
  const scans = statements.flatMap((sql) =>
    db
      .query<{ detail: string }, []>(`EXPLAIN QUERY PLAN ${sql}`)
      .all()
      // A walk along a chain of records scans its own queue; the tables of epochs are small and read whole.
      .filter(({ detail }) => /^SCAN (?!chain|CONSTANT|slot_epoch|last_epoch)/.test(detail))
      .map(({ detail }) => `${detail} in ${sql}`),
  );
  db.close(true);
  expect(scans).toEqual([]);
});

test('[STORE19] a file that is no database is reported as corrupt, a missing one as unavailable', async () => {
  using dir = tempDir();
  const path = join(dir.path, 'messages.db');
  expect(await faultOf(() => new SqliteMessageStoreReader(path))).toBe('unavailable');
  writeFileSync(path, 'no database at all, and long enough to look at');
  expect(await faultOf(() => new SqliteMessageStoreWriter(path))).toBe('corrupt');
});
