/** Migrations on a real server: once each, one process at a time, and whole however often they are cut off. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { join } from 'node:path';
import { type Migration, migrate, type Schema } from '../../src/storage/mysql/migrations.ts';
import { openPool, type SqlPool } from '../../src/storage/mysql/pool.ts';
import { RECORDS_SCHEMA } from '../../src/storage/mysql/schema/records.ts';
import { faultFrom } from '../contract/fault-of.ts';
import { describeWith } from '../support/back-ends.ts';
import { within } from '../support/wait.ts';
import { makeDatabase, type TestDatabase } from './mysql-database.ts';

setDefaultTimeout(60_000);

const first: Migration = { name: 'first', statements: ['CREATE TABLE a (x INT)', 'INSERT INTO a VALUES (1)'] };
const second: Migration = { name: 'second', statements: ['CREATE TABLE b (x INT)', 'ALTER TABLE b ADD COLUMN y INT'] };
const broken: Migration = { name: 'broken', statements: ['CREATE TABLE c (x INT)', 'INSERT INTO nowhere VALUES (1)'] };
const mended = broken;

describeWith(['mysql'], 'mysql: migrations', (variables) => {
  let database: TestDatabase;
  let pool: SqlPool;
  let parts = 0;

  beforeAll(async () => {
    database = await makeDatabase(variables.MAILROOM_MYSQL_URL as string);
    pool = openPool(database.url);
  });

  afterAll(async () => {
    await pool.close();
    await database[Symbol.asyncDispose]();
  });

  const schema = (...migrations: Migration[]): Schema => ({ part: `part ${parts}`, migrations });
  const applied = async (): Promise<unknown> =>
    (
      await pool.rows<{ name: string }>('SELECT name FROM migration WHERE part = ? ORDER BY version', [`part ${parts}`])
    ).map(({ name }) => name);
  const fresh = async (): Promise<void> => {
    parts += 1;
    await pool.run('DROP TABLE IF EXISTS a, b, c');
  };

  test('[SQL11] each migration runs once, in order', async () => {
    await fresh();
    await migrate(database.url, schema(first));
    await migrate(database.url, schema(first));
    await migrate(database.url, schema(first, second));
    expect(await applied()).toEqual(['first', 'second']);
    expect(await pool.rows('SELECT x FROM a')).toEqual([{ x: 1 }]);
  });

  test('[SQL11] several processes that start together run each migration once', async () => {
    const children = await Promise.all([1, 2, 3].map(startChild));
    for (const child of children) child.go(database.url);
    expect(await Promise.all(children.map(({ answer }) => within('a child', answer, 30_000)))).toEqual([
      'done',
      'done',
      'done',
    ]);
    const [count] = await pool.rows("SELECT COUNT(*) AS versions FROM migration WHERE part = 'records'");
    expect(count).toEqual({ versions: RECORDS_SCHEMA.migrations.length });
    expect(await pool.rows('SELECT * FROM user_file')).toEqual([]);
  });

  test('[SQL12] a migration that was cut off goes on where it stopped', async () => {
    await fresh();
    await expect(migrate(database.url, schema(first, broken))).rejects.toThrow('nowhere');
    // The same again: the statement that was done stays done, the one that fails still does.
    await expect(migrate(database.url, schema(first, broken))).rejects.toThrow('nowhere');
    await pool.run('CREATE TABLE nowhere (x INT)');
    await migrate(database.url, schema(first, mended));
    expect(await pool.rows('SELECT x FROM nowhere')).toEqual([{ x: 1 }]);
    expect(await pool.rows('SELECT x FROM a')).toEqual([{ x: 1 }]);
  });

  test('[SQL12] a change of a table that was done without its record counts as done, in a migration that was cut off only', async () => {
    await fresh();
    await migrate(database.url, schema(second));
    await pool.run('UPDATE migration SET done = 1 WHERE part = ?', [`part ${parts}`]);
    await migrate(database.url, schema(second));
    await fresh();
    await pool.run('CREATE TABLE b (mine INT)');
    await expect(migrate(database.url, schema(second))).rejects.toThrow('already exists');
  });

  test('[SQL13] a database of a newer release is refused by name and left alone', async () => {
    await fresh();
    await migrate(database.url, schema(first, second));
    const fault = await faultFrom(() => migrate(database.url, schema(first)));
    expect(fault.code).toBe('refused');
    expect(fault.message).toContain(database.name);
    expect(fault.message).toContain('version 2');
    expect(await applied()).toEqual(['first', 'second']);
  });

  test('[SQL13] a migration that is not the one that was applied is refused', async () => {
    await fresh();
    await migrate(database.url, schema(first));
    const changed = { ...first, statements: [...first.statements, 'CREATE TABLE c (x INT)'] };
    const fault = await faultFrom(() => migrate(database.url, schema(changed)));
    expect([fault.code, fault.message.includes("'first'")]).toEqual(['refused', true]);
  });

  test('[SQL11] who waits too long for another process that migrates is told so', async () => {
    await fresh();
    await pool.session(async (session) => {
      const [held] = await session.rows<{ name: string }>(
        "SELECT CONCAT('mailroom migrations ', LEFT(SHA2(DATABASE(), 256), 32)) AS name",
      );
      await session.rows('SELECT GET_LOCK(?, 0)', [held?.name ?? '']);
      const fault = await faultFrom(() => migrate(database.url, schema(first), { lockWaitMs: 100 }));
      expect([fault.code, fault.message.includes('migrates')]).toEqual(['unavailable', true]);
      await session.rows('SELECT RELEASE_LOCK(?)', [held?.name ?? '']);
    });
    await migrate(database.url, schema(first), { lockWaitMs: 5_000 });
  });
});

interface Child {
  go(url: string): void;
  /** What it says at its end. */
  readonly answer: Promise<string>;
}

async function startChild(): Promise<Child> {
  const ready = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<string>();
  const child = Bun.spawn([process.execPath, join(import.meta.dir, 'mysql-migrate-child.ts')], {
    stdio: ['ignore', 'inherit', 'inherit'],
    ipc: (message: string) => {
      if (message === 'ready') ready.resolve();
      else answer.resolve(message);
    },
  });
  await within('a child to start', ready.promise, 20_000);
  return { go: (url) => child.send(url), answer: answer.promise };
}
