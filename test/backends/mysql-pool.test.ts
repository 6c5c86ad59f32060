/** The connections to MySQL on a real server: bounds, deadlines, transactions, and what becomes of errors. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { isDuplicate, isUnknownReference, sqlErrorOf } from '../../src/storage/mysql/faults.ts';
import { openPool, type PoolOptions, type SqlPool } from '../../src/storage/mysql/pool.ts';
import { StorageFault } from '../../src/storage/ports/faults.ts';
import { faultFrom } from '../contract/fault-of.ts';
import { describeWith } from '../support/back-ends.ts';
import { eventually, within } from '../support/wait.ts';
import { makeDatabase, type TestDatabase } from './mysql-database.ts';

setDefaultTimeout(60_000);

/** A server that shares its disk with others may take long to sync. */
const PATIENT_MS = 30_000;

describeWith(['mysql'], 'mysql: connections', (variables) => {
  const primary = variables.MAILROOM_MYSQL_URL as string;
  const replica = variables.MAILROOM_MYSQL_REPLICA_URLS as string;
  let database: TestDatabase;
  let pool: SqlPool;

  beforeAll(async () => {
    database = await makeDatabase(primary);
    pool = openPool(database.url, { queryMs: PATIENT_MS });
    await pool.run('CREATE TABLE parent (id INT PRIMARY KEY) ENGINE = InnoDB');
    await pool.run(`CREATE TABLE item (
      id BIGINT UNSIGNED PRIMARY KEY, name VARBINARY(10) UNIQUE, parent INT NULL, body MEDIUMBLOB NULL,
      FOREIGN KEY (parent) REFERENCES parent (id)) ENGINE = InnoDB`);
  });

  afterAll(async () => {
    await pool.close();
    await database[Symbol.asyncDispose]();
  });

  const own = (options: PoolOptions): SqlPool & AsyncDisposable => {
    const opened = openPool(database.url, { queryMs: PATIENT_MS, ...options });
    return Object.assign(opened, { [Symbol.asyncDispose]: () => opened.close() });
  };

  test('[SQL1] whole numbers are numbers where they are safe, binary columns are bytes', async () => {
    const body = Uint8Array.of(0, 255, 39, 92);
    for (const prepared of [true, false]) {
      await pool.run('INSERT INTO item VALUES (?, ?, NULL, ?)', [2 ** 53 - 1, '\ufeffn\u00e4', body], { prepared });
      await pool.run('INSERT INTO item VALUES (?, ?, NULL, NULL)', [2n ** 53n + 1n, 'other'], { prepared });
      type Row = { id: number | string; name: Uint8Array; body: Uint8Array | null };
      const rows = await pool.rows<Row>('SELECT id, name, body FROM item ORDER BY id', [], { prepared });
      expect(rows.map(({ id }) => id)).toEqual([2 ** 53 - 1, '9007199254740993']);
      expect(Buffer.from(rows[0]?.body ?? []).equals(Buffer.from(body))).toBe(true);
      expect(Buffer.from(rows[0]?.name ?? []).toString()).toBe('\ufeffn\u00e4');
      expect((await pool.run('DELETE FROM item WHERE id > ?', [0], { prepared })).affectedRows).toBe(2);
    }
  });

  test('[SQL1] every session is strict and in UTC', async () => {
    const [session] = await pool.rows<{ mode: string; zone: string; isolation: string }>(
      'SELECT @@sql_mode AS mode, @@time_zone AS zone',
    );
    expect(session?.mode).toContain('STRICT_ALL_TABLES');
    expect(session?.zone).toBe('+00:00');
    const fault = await faultFrom(() => pool.run('INSERT INTO item VALUES (1, ?, NULL, NULL)', ['longer than ten']));
    expect(fault.code).toBe('refused');
  });

  test('[SQL2] no more connections than the bound are open, and past the line of those who wait one is refused at once', async () => {
    await using small = own({ maxConnections: 2, maxWaiting: 3, waitMs: 10_000 });
    const work = Array.from({ length: 5 }, () => small.rows('SELECT SLEEP(0.2)'));
    await eventually(
      'the line to be full',
      () => small.stats,
      ({ open, waiting }) => open === 2 && waiting === 3,
    );
    const before = performance.now();
    const refused = await faultFrom(() => small.rows('SELECT 1'));
    expect(refused.code).toBe('unavailable');
    expect(refused.message).toContain('already wait');
    expect(performance.now() - before).toBeLessThan(10_000);
    await Promise.all(work);
    expect(small.stats).toEqual({ open: 2, idle: 2, waiting: 0 });
  });

  test('[SQL2] who waits too long for a connection is told so, and the next one is served', async () => {
    await using small = own({ maxConnections: 1, waitMs: 50 });
    const slow = small.rows('SELECT SLEEP(0.5)');
    expect((await faultFrom(() => small.rows('SELECT 1'))).message).toContain('within 50 ms');
    await slow;
    expect(await small.rows('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('[SQL2] whatever becomes of those who had a connection, none is lost and nobody is forgotten', async () => {
    await using small = own({ maxConnections: 4, maxWaiting: 1_000, waitMs: PATIENT_MS });
    const ways: readonly (() => Promise<unknown>)[] = [
      () => small.rows('SELECT 1'),
      () => small.rows('SELECT x FROM nowhere'),
      () => small.rows('SELECT SLEEP(20)', [], { deadlineMs: 5 }),
      () => small.run('INSERT INTO item (id, parent) VALUES (1, 1)'),
      () => small.transaction((tx) => tx.rows('SELECT 1')),
      () => small.transaction(() => Promise.reject(new Error('changed my mind'))),
      () => small.session(async (session) => session.destroy()),
      () =>
        small.transaction(async (tx) => {
          const [session] = await tx.rows<{ id: number }>('SELECT CONNECTION_ID() AS id');
          await pool.run(`KILL ${session?.id}`);
          await tx.rows('SELECT 1');
        }),
    ];
    const work = Array.from({ length: 40 }, () => ways.map((way) => way())).flat();
    const outcomes = await within('everybody to be answered', Promise.allSettled(work), PATIENT_MS);
    const done = outcomes.filter(({ status }) => status === 'fulfilled').length;
    expect(done).toBeGreaterThanOrEqual(40 * 2);
    const { open, idle, waiting } = small.stats;
    expect({ bounded: open <= 4, idle, waiting }).toEqual({ bounded: true, idle: open, waiting: 0 });
    const after = await Promise.all([1, 2, 3, 4, 5].map((value) => small.rows('SELECT ? AS value', [value])));
    expect(after.flat()).toHaveLength(5);
  });

  test('[SQL3] a statement past its deadline is unavailable, and its connection is not used again', async () => {
    await using small = own({ maxConnections: 1 });
    const id = async (): Promise<unknown> => (await small.rows<{ id: number }>('SELECT CONNECTION_ID() AS id'))[0]?.id;
    const first = await id();
    const late = await within(
      'the deadline',
      faultFrom(() => small.rows('SELECT SLEEP(20)', [], { deadlineMs: 100 })),
    );
    expect(late.code).toBe('unavailable');
    expect(late.message).toContain('100 ms');
    expect(await id()).not.toBe(first);
  });

  test('[SQL4] a transaction commits as a whole, tells its GTID, and is undone by whatever its work throws', async () => {
    const gtids: string[] = [];
    const answer = await pool.transaction(
      async (tx) => {
        await tx.run('INSERT INTO item VALUES (1, ?, NULL, NULL)', ['one']);
        return 'done';
      },
      { onCommit: (gtid) => gtids.push(gtid) },
    );
    expect(answer).toBe('done');
    expect(gtids).toHaveLength(1);
    const thrown = new Error('changed my mind');
    const undone = pool.transaction(async (tx) => {
      await tx.run('INSERT INTO item VALUES (2, ?, NULL, NULL)', ['two']);
      throw thrown;
    });
    await expect(undone).rejects.toBe(thrown);
    expect(await pool.rows('SELECT id FROM item')).toEqual([{ id: 1 }]);
    const written = await pool.run('DELETE FROM item');
    expect(written.gtid).not.toBeNull();
    expect(written.gtid).not.toBe(gtids[0] ?? '');
  });

  test('[SQL5] a transaction that loses a deadlock runs again from its start, and both are done', async () => {
    await pool.run('INSERT INTO item (id, name) VALUES (1, ?), (2, ?)', ['a', 'b']);
    let arrived = 0;
    let open: () => void;
    const both = new Promise<void>((resolve) => {
      open = resolve;
    });
    let runs = 0;
    const cross = (first: number, second: number): Promise<void> =>
      pool.transaction(async (tx) => {
        runs += 1;
        await tx.run('UPDATE item SET parent = NULL, body = ? WHERE id = ?', ['x', first]);
        arrived += 1;
        if (arrived === 2) open();
        await both;
        await tx.run('UPDATE item SET parent = NULL, body = ? WHERE id = ?', ['x', second]);
      });
    await Promise.all([cross(1, 2), cross(2, 1)]);
    expect(runs).toBe(3);
    await pool.run('DELETE FROM item');
  });

  test('[SQL5] a lock that does not come free is unavailable, and the transaction commits nothing even if its work goes on', async () => {
    await pool.run('INSERT INTO item (id, name) VALUES (1, ?)', ['a']);
    await using other = own({ maxConnections: 1, lockWaitMs: 1_000 });
    await pool.transaction(async (tx) => {
      await tx.rows('SELECT id FROM item WHERE id = 1 FOR UPDATE');
      const fault = await faultFrom(() =>
        other.transaction(async (waiting) => {
          await waiting.run('INSERT INTO item (id, name) VALUES (2, ?)', ['b']);
          await waiting.run('UPDATE item SET body = NULL WHERE id = 1').catch(() => undefined);
        }),
      );
      expect(fault.code).toBe('unavailable');
    });
    expect(await pool.rows('SELECT id FROM item')).toEqual([{ id: 1 }]);
    await pool.run('DELETE FROM item');
  });

  test('[SQL6] a broken constraint is refused and can be told by its key, without the value', async () => {
    await pool.run('INSERT INTO item (id, name) VALUES (1, ?)', ['secret']);
    const byName = await faultFrom(() => pool.run('INSERT INTO item (id, name) VALUES (2, ?)', ['secret']));
    expect([byName.code, isDuplicate(byName, 'name'), isDuplicate(byName, 'PRIMARY')]).toEqual([
      'refused',
      true,
      false,
    ]);
    expect(Bun.inspect(byName)).not.toContain('secret');
    const byId = await faultFrom(() => pool.run('INSERT INTO item (id, name) VALUES (1, ?)', ['x']));
    expect([isDuplicate(byId, 'PRIMARY'), isDuplicate(byId)]).toEqual([true, true]);
    const orphan = await faultFrom(() => pool.run('INSERT INTO item (id, parent) VALUES (3, 3)'));
    expect([orphan.code, isUnknownReference(orphan)]).toEqual(['refused', true]);
    await pool.run('DELETE FROM item');
  });

  test('[SQL6] a defect in a statement is no storage fault', async () => {
    const defects = ['SELEC 1', 'SELECT x FROM nowhere', 'SELECT nothing FROM item'];
    for (const sql of defects) {
      const error: unknown = await pool.rows(sql).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(Error);
      expect(error).not.toBeInstanceOf(StorageFault);
      expect(sqlErrorOf(error)?.errno).toBeGreaterThan(1_000);
    }
  });

  test('[SQL7] connections that the server has ended are replaced: reads and new transactions do not notice', async () => {
    await using small = own({ maxConnections: 1 });
    const kill = async (): Promise<void> => {
      const [session] = await small.rows<{ id: number }>('SELECT CONNECTION_ID() AS id');
      await pool.run(`KILL ${session?.id}`);
    };
    await kill();
    expect(await small.rows('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await kill();
    expect(await small.transaction(async (tx) => await tx.rows('SELECT 2 AS two'))).toEqual([{ two: 2 }]);
  });

  test('[SQL7] a transaction whose connection is cut in the middle is unavailable and leaves nothing', async () => {
    const fault = await faultFrom(() =>
      pool.transaction(async (tx) => {
        await tx.run('INSERT INTO item (id, name) VALUES (1, ?)', ['a']);
        const [session] = await tx.rows<{ id: number }>('SELECT CONNECTION_ID() AS id');
        await using other = own({ maxConnections: 1 });
        await other.run(`KILL ${session?.id}`);
        await tx.run('INSERT INTO item (id, name) VALUES (2, ?)', ['b']);
      }),
    );
    expect(fault.code).toBe('unavailable');
    expect(await pool.rows('SELECT id FROM item')).toEqual([]);
  });

  test('[SQL8] of a list the server that takes writes is found, and a replica alone is refused', async () => {
    const list = `${database.at(replica)},${database.url}`;
    await using found = Object.assign(openPool(list), { [Symbol.asyncDispose]: () => found.close() });
    await found.ping();
    expect(found.address).toBe(pool.address);
    await using wrong = Object.assign(openPool(database.at(replica)), { [Symbol.asyncDispose]: () => wrong.close() });
    const fault = await faultFrom(() => wrong.ping());
    expect([fault.code, fault.message.includes('read-only')]).toEqual(['unavailable', true]);
  });

  test('[SQL9] a server that does not listen, a wrong password and an unknown database are unavailable, without the password', async () => {
    const addresses = [
      'mysql://mailroom:hush@127.0.0.1:1/mailroom',
      database.url.replace(/:[^:@/]+@/, ':hush@'),
      database.url.replace(database.name, 'mailroom_no_such_database'),
    ];
    for (const address of addresses) {
      const broken = openPool(address);
      const fault = await faultFrom(() => broken.ping());
      expect(fault.code).toBe('unavailable');
      expect(Bun.inspect(fault)).not.toContain('hush');
      await broken.close();
    }
  });

  test('[SQL9] TLS that was asked for and cannot be had is no connection at all', async () => {
    for (const mode of ['required', 'verify_identity']) {
      const sealed = openPool(`${database.url}?ssl-mode=${mode}`);
      const fault = await faultFrom(() => sealed.ping());
      expect([fault.code, sqlErrorOf(fault)?.code]).toEqual(['unavailable', 'HANDSHAKE_NO_SSL_SUPPORT']);
      await sealed.close();
    }
  });

  test('[SQL10] closing lets what is under way finish and refuses the rest', async () => {
    const closing = openPool(database.url, { maxConnections: 1 });
    const slow = closing.rows('SELECT SLEEP(0.2) AS slept');
    const waiting = faultFrom(() => closing.rows('SELECT 1'));
    await eventually(
      'one to wait',
      () => closing.stats.waiting,
      (count) => count === 1,
    );
    await closing.close();
    expect(await slow).toEqual([{ slept: 0 }]);
    expect((await waiting).code).toBe('unavailable');
    expect((await faultFrom(() => closing.rows('SELECT 1'))).code).toBe('unavailable');
    expect(closing.stats.open).toBe(0);
  });
});
