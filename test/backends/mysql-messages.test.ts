/** The message store on MySQL where the suite of its port does not look: connections that are cut, writers side by side, what is kept. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import type { SqlRunner } from '../../src/storage/mysql/connection.ts';
import { openPlaceholderFiller } from '../../src/storage/mysql/messages/filler.ts';
import { readPage } from '../../src/storage/mysql/messages/history.ts';
import { type MysqlMessageStoreReader, openMessageStoreReader } from '../../src/storage/mysql/messages/reader.ts';
import { findBySeq, findUses, lastPosts } from '../../src/storage/mysql/messages/rows.ts';
import type { SemiSync } from '../../src/storage/mysql/messages/semi-sync.ts';
import { type MysqlMessageStoreWriter, openMessageStoreWriter } from '../../src/storage/mysql/messages/writer.ts';
import { openPool, type SqlPool } from '../../src/storage/mysql/pool.ts';
import { encodeLogRecord } from '../../src/storage/ports/log-record.ts';
import { faultFrom } from '../contract/fault-of.ts';
import { describeWith } from '../support/back-ends.ts';
import { eventually } from '../support/wait.ts';
import { makeDatabase, type TestDatabase } from './mysql-database.ts';
import { commitProxy } from './mysql-messages-proxy.ts';
import { batchOf, everything, post, posts, textsTo } from './mysql-messages-samples.ts';

setDefaultTimeout(60_000);

/** The columns of EXPLAIN that matter here. */
interface Plan {
  readonly key: string | null;
  readonly type: string;
  readonly Extra: string;
}

describeWith(['mysql'], 'mysql: the message store', (variables) => {
  const primary = variables.MAILROOM_MYSQL_URL as string;
  let database: TestDatabase;
  let pool: SqlPool;
  let writer: MysqlMessageStoreWriter;
  let reader: MysqlMessageStoreReader;
  let rooms = 0;
  let positions = 0;
  const newRoom = (): string => `room ${++rooms}`;
  const nextPosition = (): number => ++positions;

  beforeAll(async () => {
    database = await makeDatabase(primary, 'msgs');
    pool = openPool(database.url, { maxConnections: 4 });
    writer = await openMessageStoreWriter(database.url, { semiSyncMs: 0 });
    reader = openMessageStoreReader(database.url);
  });

  afterAll(async () => {
    await reader.close();
    await writer.close();
    await pool.close();
    await database[Symbol.asyncDispose]();
  });

  for (const cut of ['before', 'after'] as const) {
    test(`[MSQ1] a connection that is lost ${cut} its COMMIT reaches the server is unavailable, and the batch is stored once when it is repeated`, async () => {
      await using proxy = commitProxy(database.url);
      const cutWriter = await openMessageStoreWriter(proxy.url);
      try {
        const room = newRoom();
        const batch = batchOf(posts(300, 1, { room }), nextPosition());
        proxy.cutNext(cut);
        expect((await faultFrom(() => cutWriter.insert(batch))).code).toBe('unavailable');
        if (cut === 'after')
          await eventually(
            'the commit',
            () => reader.head(room),
            ({ seq }) => seq === 300,
          );
        const report = await cutWriter.insert(batch);
        const [inserted, repeated] = cut === 'before' ? [300, 0] : [0, 300];
        expect(report).toEqual({ inserted, repeated, outdated: 0, refused: [] });
        expect(await everything(reader, room)).toEqual(textsTo(300, room));
      } finally {
        await cutWriter.close();
      }
    });
  }

  test('[MSQ2] two writers that store the same batches at the same time store each record once', async () => {
    const other = await openMessageStoreWriter(database.url);
    try {
      const room = newRoom();
      const batches = [0, 1, 2, 3, 4].map((index) => batchOf(posts(100, 1 + index * 100, { room }), nextPosition()));
      const counts = { inserted: 0, repeated: 0 };
      const all = async (store: MysqlMessageStoreWriter): Promise<void> => {
        for (const batch of batches) {
          const { inserted, repeated, refused } = await store.insert(batch);
          expect(refused).toEqual([]);
          counts.inserted += inserted;
          counts.repeated += repeated;
        }
      };
      await Promise.all([all(writer), all(other)]);
      expect(counts).toEqual({ inserted: 500, repeated: 500 });
      expect(await everything(reader, room)).toEqual(textsTo(500, room));
    } finally {
      await other.close();
    }
  });

  test('[MSQ3] a fence waits for a batch that is under way, and keeps out what comes after it', async () => {
    const slot = 900;
    const [before, after] = [newRoom(), newRoom()];
    const slow = writer.insert(batchOf(posts(2_000, 1, { room: before, slot }), nextPosition()));
    const fence = { epoch: 5, slots: [slot, slot + 1] };
    const fenced = writer.insert(batchOf([post(1, { room: after, slot, epoch: 5 })], 1, { partition: 4, fence }));
    const [slowReport] = await Promise.all([slow, fenced]);
    const late = await writer.insert(batchOf([post(2, { room: after, slot, epoch: 4 })], nextPosition()));
    expect(late).toEqual({ inserted: 0, repeated: 0, outdated: 1, refused: [] });
    expect((await reader.head(after)).seq).toBe(1);
    // All of a batch is on one side of the fence.
    expect([slowReport.inserted, slowReport.outdated].sort((a, b) => a - b)).toEqual([0, 2_000]);
    expect((await reader.head(before)).seq).toBe(slowReport.inserted);
  });

  test('[MSQ4] a refused record is kept in the quarantine once, whole and with the reason', async () => {
    const room = newRoom();
    await writer.insert(batchOf([post(1, { room })], nextPosition()));
    const wrong = post(1, { room, frame: Uint8Array.of(0, 1, 255) });
    const replay = batchOf([wrong, post(2, { room })], nextPosition());
    for (const _ of [1, 2]) expect((await writer.insert(replay)).refused).toHaveLength(1);
    const kept = await pool.rows<{ reason: string; record: Uint8Array; at: number }>(
      'SELECT reason, record, quarantined_at AS at FROM quarantine WHERE room = ?',
      [room],
    );
    expect(kept).toHaveLength(1);
    expect(kept[0]?.reason).toContain('seq');
    expect(Buffer.compare(kept[0]?.record ?? new Uint8Array(0), encodeLogRecord(wrong))).toBe(0);
  });

  test('[MSQ5] a nonce that is used again beyond the window is stored each time, and repeats as the same', async () => {
    const room = newRoom();
    const again = (seq: number) => post(seq, { room, nonce: 'nonce 1' });
    const first = batchOf([...posts(1_001, 1, { room }), again(1_002)], nextPosition());
    const second = batchOf([...posts(1_000, 1_003, { room }), again(2_003), again(2_004)], nextPosition());
    expect((await writer.insert(first)).inserted).toBe(1_002);
    const report = await writer.insert(second);
    expect([report.inserted, report.refused.map(({ record }) => record.seq)]).toEqual([1_001, [2_004]]);
    expect((await writer.insert(first)).repeated).toBe(1_002);
    const texts = await everything(reader, room);
    expect(texts).toEqual([...textsTo(2_003, room), '']);
  });

  test('[MSQ6] a frame that no message can have is refused, and an empty one keeps its seq', async () => {
    const room = newRoom();
    const frame = new Uint8Array(1024 * 1024 + 1);
    const batch = batchOf([post(1, { room }), post(2, { room, frame }), post(3, { room })], nextPosition());
    const report = await writer.insert(batch);
    expect([report.inserted, report.refused.map(({ record }) => record.seq)]).toEqual([2, [2]]);
    expect(await everything(reader, room)).toEqual([`${room} 1`, '', `${room} 3`]);
  });

  test('[MSQ7] a batch of the largest frames is stored, whatever its size', async () => {
    const room = newRoom();
    const frame = new Uint8Array(1024 * 1024).fill(39);
    const report = await writer.insert(batchOf(posts(20, 1, { room, frame }), nextPosition()));
    expect(report.inserted).toBe(20);
    expect((await reader.head(room)).seq).toBe(20);
  });

  test('[MSQ8] what is read, and what is looked up before an insert, is found by key', async () => {
    const room = newRoom();
    await writer.insert(batchOf(posts(50, 1, { room }), nextPosition()));
    const plans: Plan[] = [];
    const explained: SqlRunner = {
      rows: async (sql, values, options) => {
        plans.push(...(await pool.rows<Plan>(`EXPLAIN ${sql}`, values, options)));
        return await pool.rows(sql, values, options);
      },
      run: (sql, values, options) => pool.run(sql, values, options),
    };
    const some = posts(3, 7, { room });
    const page = { room, limit: 5, maxBytes: 1_000 };
    expect((await readPage(explained, { ...page, after: 3 })).frames).toHaveLength(5);
    expect((await readPage(explained, { ...page, before: 30 })).frames).toHaveLength(5);
    expect(await findBySeq(explained, 'message', some)).toHaveLength(3);
    expect(await findUses(explained, 'message', some)).toHaveLength(3);
    expect(await lastPosts(explained, 'message', { room, sender: 'ann' }, 10)).toHaveLength(10);
    const keys = ['PRIMARY', 'PRIMARY', 'PRIMARY', 'PRIMARY', 'PRIMARY', 'room_sender_nonce', 'room_sender_seq'];
    expect(plans.map(({ key }) => key)).toEqual(keys);
    for (const { type, Extra } of plans) {
      expect(['range', 'ref']).toContain(type);
      expect(Extra).not.toContain('filesort');
    }
  });

  test('[MSQ9] the writer says that commits wait for a replica', async () => {
    const insertNothing = async (): Promise<SemiSync> => {
      await writer.insert(batchOf([], nextPosition()));
      return writer.semiSync;
    };
    // A replica that a busy machine has held up for a second is given up, and taken back once it has caught up.
    await eventually('the replica to be waited for', insertNothing, (state) => state === 'on');
  });

  test('[MSQ14] a placeholder is filled in place, and nothing else is touched', async () => {
    const room = newRoom();
    const lost = post(2, { room, nonce: 'nonce 1' });
    await writer.insert(batchOf([post(1, { room }), lost, post(4, { room })], nextPosition()));
    const filler = openPlaceholderFiller(database.url);
    try {
      expect(await filler.fill(lost)).toBe('filled');
      expect(await filler.fill(lost)).toBe('present');
      expect(await filler.fill(post(1, { room, frame: Uint8Array.of(1) }))).toBe('taken');
      expect(await filler.fill(post(3, { room }))).toBe('filled');
      expect(await filler.fill(post(5, { room }))).toBe('ahead');
      expect(await everything(reader, room)).toEqual(textsTo(4, room));
      expect((await reader.nonces(room, 'ann', 10)).map(({ seq }) => seq)).toEqual([1, 4]);
    } finally {
      await filler.close();
    }
  });

  test('[MSQ15] a batch that loses a deadlock starts anew and is stored once', async () => {
    const room = newRoom();
    const slot = 950;
    await pool.run('CREATE TABLE weight (id INT PRIMARY KEY)');
    await writer.insert(batchOf([post(1, { room, slot })], 1, { partition: 9 }));
    const batch = batchOf(posts(200, 2, { room, slot }), 2, { partition: 9 });
    const [report] = await pool.session(async (session) => {
      await session.run('START TRANSACTION', [], { prepared: false });
      // The lighter transaction is the one that has to give way.
      await session.run('INSERT INTO weight SELECT slot FROM slot_epoch');
      await session.rows('SELECT epoch FROM slot_epoch WHERE slot = ? FOR UPDATE', [slot]);
      const insert = writer.insert(batch);
      await eventually(
        'the batch to wait for the slot',
        () => pool.rows('SELECT id FROM information_schema.processlist WHERE db = ? AND info LIKE ?', waiting()),
        (found) => found.length > 0,
      );
      await session.run('UPDATE log_partition SET position = position WHERE `partition` = 9');
      await session.run('COMMIT', [], { prepared: false });
      return [await insert];
    });
    expect(report).toEqual({ inserted: 200, repeated: 0, outdated: 0, refused: [] });
    expect(await everything(reader, room)).toEqual(textsTo(201, room));
    expect(await writer.persisted(9)).toBe(2);
  });

  function waiting(): readonly [string, string] {
    return [database.name, `%FROM slot_epoch%IN (950)%FOR UPDATE`];
  }
});
