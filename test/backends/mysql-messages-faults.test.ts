/** The message store on a primary and a replica of its own, which are killed and held up. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { type MysqlMessageStoreReader, openMessageStoreReader } from '../../src/storage/mysql/messages/reader.ts';
import type { SemiSync } from '../../src/storage/mysql/messages/semi-sync.ts';
import { type MysqlMessageStoreWriter, openMessageStoreWriter } from '../../src/storage/mysql/messages/writer.ts';
import { openPool } from '../../src/storage/mysql/pool.ts';
import { StorageFault } from '../../src/storage/ports/faults.ts';
import type { InsertBatch, InsertReport } from '../../src/storage/ports/message-store.ts';
import { faultFrom } from '../contract/fault-of.ts';
import { type OwnServices, ownServices } from '../contract/own-services.ts';
import { describeWith } from '../support/back-ends.ts';
import { eventually } from '../support/wait.ts';
import { makeDatabase, type TestDatabase } from './mysql-database.ts';
import { batchOf, everything, post, posts, textsTo } from './mysql-messages-samples.ts';

setDefaultTimeout(120_000);

const PARTITIONS = 3;
const ROOMS = 4;
const ROWS = 120;

describeWith(['mysql'], 'mysql: the message store and its servers', () => {
  let services: OwnServices;
  let database: TestDatabase;
  let replicaUrl: string;

  beforeAll(async () => {
    services = await ownServices('mysql');
    const variables = await services.variables();
    database = await makeDatabase(variables.MAILROOM_MYSQL_URL as string, 'msgs');
    replicaUrl = database.at(variables.MAILROOM_MYSQL_REPLICA_URLS as string);
  }, 120_000);

  afterAll(async () => {
    await services[Symbol.asyncDispose]();
  }, 120_000);

  /** A reader whose replica stays in use however far behind it is. */
  async function patientReader(): Promise<MysqlMessageStoreReader> {
    const replicas = { intervalMs: 20, maxLagMs: Number.MAX_SAFE_INTEGER };
    const reader = openMessageStoreReader(database.url, [replicaUrl], { replicas });
    await eventually(
      'the replica to be read from',
      () => reader.stats.replicas[0]?.fit,
      (fit) => fit === true,
    );
    return reader;
  }

  test('[MSQ10] whatever an insert answered is there once and in order after the primary was killed', async () => {
    const writer = await openMessageStoreWriter(database.url);
    const reader = openMessageStoreReader(database.url);
    const answered = { batches: 0, faults: 0 };
    let stopped = false;
    const drain = async (partition: number): Promise<number> => {
      for (let position = 1; ; position += 1) {
        const batch = interleaved(partition, position);
        await insertUntilAnswered(writer, batch, answered);
        if (stopped) return position;
      }
    };
    const drains = Array.from({ length: PARTITIONS }, (_, partition) => drain(partition));
    for (const kill of [1, 2]) {
      const target = answered.batches + 30;
      await eventually(
        'some batches',
        () => answered.batches,
        (count) => count >= target,
      );
      await services.kill('mysql-primary');
      await services.up('mysql');
      expect(answered.faults, `kill ${kill}`).toBeGreaterThan(0);
    }
    const target = answered.batches + 30;
    await eventually(
      'some more batches',
      () => answered.batches,
      (count) => count >= target,
    );
    stopped = true;
    const last = await Promise.all(drains);
    for (const [partition, position] of last.entries()) {
      expect(await writer.persisted(partition)).toBe(position);
      for (let room = 0; room < ROOMS; room += 1) {
        const name = `room ${partition}.${room}`;
        expect(await everything(reader, name)).toEqual(textsTo((position * ROWS) / ROOMS, name));
      }
    }
    await reader.close();
    await writer.close();
  });

  test('[MSQ11] a replica that is behind shows no early end and no hole', async () => {
    const writer = await openMessageStoreWriter(database.url);
    const reader = await patientReader();
    const replica = openPool(replicaUrl, { role: 'any', maxConnections: 1 });
    await writer.insert(batchOf(posts(50, 1, { room: 'late' }), 1, { partition: 7 }));
    await eventually(
      'the replica to have the room',
      () => replica.rows("SELECT seq FROM message WHERE room = 'late'"),
      (rows) => rows.length === 50,
    );
    await replica.session(async (session) => {
      // What is replicated waits for this lock; reading goes on.
      await session.run('LOCK TABLES message READ', [], { prepared: false });
      await writer.insert(batchOf(posts(50, 51, { room: 'late' }), 2, { partition: 7 }));
      const before = reader.stats.byReplica;
      const page = (query: object) => reader.history({ room: 'late', limit: 20, maxBytes: 1e6, ...query });
      const extent = async (query: object): Promise<unknown> => {
        const { frames, firstSeq, more } = await page(query);
        return [firstSeq, frames.length, more];
      };
      expect(await extent({ after: 10 })).toEqual([11, 20, true]);
      expect(await extent({ before: 41 })).toEqual([21, 20, true]);
      expect(await extent({ after: 30 })).toEqual([31, 20, true]);
      expect(await extent({ after: 40 })).toEqual([41, 20, true]);
      expect(await extent({ after: 60 })).toEqual([61, 20, true]);
      expect(await extent({ after: 80 })).toEqual([81, 20, false]);
      expect(await extent({ before: 71 })).toEqual([51, 20, true]);
      expect(await extent({})).toEqual([81, 20, true]);
      expect(await everything(reader, 'late')).toEqual(textsTo(100, 'late'));
      expect(reader.stats.byReplica).toBeGreaterThan(before);
      expect((await reader.head('late')).seq).toBe(100);
      expect((await reader.nonces('late', 'ann', 1)).map(({ seq }) => seq)).toEqual([100]);
      await session.run('UNLOCK TABLES', [], { prepared: false });
    });
    await replica.close();
    await reader.close();
    await writer.close();
  });

  test('[MSQ12] without a replica the store goes on and says that it is alone; with one it says so again', async () => {
    const writer = await openMessageStoreWriter(database.url, { semiSyncMs: 0 });
    const reader = openMessageStoreReader(database.url, [replicaUrl], { replicas: { intervalMs: 20 } });
    await writer.insert(batchOf([post(1, { room: 'alone' })], 3, { partition: 7 }));
    await waitedFor(writer);
    await services.kill('mysql-replica');
    for (const seq of [2, 3]) await writer.insert(batchOf([post(seq, { room: 'alone' })], 2 + seq, { partition: 7 }));
    expect(writer.semiSync).toBe('off');
    expect(await everything(reader, 'alone')).toEqual(textsTo(3, 'alone'));
    await services.up('mysql');
    await writer.insert(batchOf([post(4, { room: 'alone' })], 7, { partition: 7 }));
    await waitedFor(writer);
    await reader.close();
    await writer.close();
  });

  test('[MSQ12] an insert is answered only when the replica has it, or when the store says that it is alone', async () => {
    const writer = await openMessageStoreWriter(database.url, { semiSyncMs: 0 });
    await writer.insert(batchOf([post(1, { room: 'frozen' })], 8, { partition: 7 }));
    await waitedFor(writer);
    const replica = await services.pid('mysql-replica');
    process.kill(replica, 'SIGSTOP');
    try {
      await writer.insert(batchOf([post(2, { room: 'frozen' })], 9, { partition: 7 }));
      expect(writer.semiSync).toBe('off');
    } finally {
      process.kill(replica, 'SIGCONT');
    }
    await waitedFor(writer);
    await writer.close();
  });

  test('[MSQ13] history goes on without the primary; heads, nonces and the newest page do not', async () => {
    const writer = await openMessageStoreWriter(database.url);
    await writer.insert(batchOf(posts(50, 1, { room: 'orphan' }), 10, { partition: 7 }));
    await writer.close();
    const reader = await patientReader();
    const page = (query: object) => reader.history({ room: 'orphan', limit: 20, maxBytes: 1e6, ...query });
    await eventually(
      'the replica to have the room',
      async () => {
        const before = reader.stats.byReplica;
        await page({ before: 51 });
        return reader.stats.byReplica - before;
      },
      (count) => count === 1,
    );
    await services.kill('mysql-primary');
    expect((await page({ after: 10 })).frames).toHaveLength(20);
    expect(await page({ after: 30 })).toMatchObject({ firstSeq: 31, more: true });
    expect(await page({ before: 51 })).toMatchObject({ firstSeq: 31, more: true });
    expect((await faultFrom(() => page({}))).code).toBe('unavailable');
    expect((await faultFrom(() => page({ after: 40 }))).code).toBe('unavailable');
    expect((await faultFrom(() => reader.head('orphan'))).code).toBe('unavailable');
    expect((await faultFrom(() => reader.nonces('orphan', 'ann', 9))).code).toBe('unavailable');
    await services.up('mysql');
    expect((await reader.head('orphan')).seq).toBe(50);
    await reader.close();
  });
});

/** A replica that a busy machine has held up for a second is given up, and taken back once it has caught up. */
async function waitedFor(writer: MysqlMessageStoreWriter): Promise<void> {
  const insertNothing = async (): Promise<SemiSync> => {
    await writer.insert(batchOf([], 0, { partition: 7 }));
    return writer.semiSync;
  };
  await eventually('the replica to be waited for', insertNothing, (state) => state === 'on');
}

/** Batch number `position` of a partition: the next records of its rooms, in turn. */
function interleaved(partition: number, position: number): InsertBatch {
  const each = ROWS / ROOMS;
  const records = Array.from({ length: ROWS }, (_, index) => {
    const seq = (position - 1) * each + Math.floor(index / ROOMS) + 1;
    return post(seq, { room: `room ${partition}.${index % ROOMS}`, slot: partition });
  });
  return batchOf(records, position, { partition });
}

/** As the persister does it: the same batch until the store has it. Nothing of it may be refused, and nothing left out. */
async function insertUntilAnswered(
  writer: MysqlMessageStoreWriter,
  batch: InsertBatch,
  answered: { batches: number; faults: number },
): Promise<void> {
  const attempt = async (): Promise<InsertReport | null> => {
    try {
      return await writer.insert(batch);
    } catch (error) {
      if (!(error instanceof StorageFault) || error.code !== 'unavailable') throw error;
      answered.faults += 1;
      return null;
    }
  };
  const report = await eventually('the store to answer', attempt, (found) => found !== null);
  const { inserted = 0, repeated = 0, outdated, refused } = report ?? {};
  expect([inserted + repeated, outdated, refused]).toEqual([batch.records.length, 0, []]);
  answered.batches += 1;
}
