/** What is particular to the embedded records: migrations, and files that cannot be used. */
import { Database } from 'bun:sqlite';
import { expect, setDefaultTimeout, test } from 'bun:test';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase } from '../../src/storage/embedded/database.ts';
import { migrate } from '../../src/storage/embedded/migrations.ts';
import { SqliteRecords } from '../../src/storage/embedded/records/sqlite-records.ts';
import { faultFrom, faultOf } from '../contract/fault-of.ts';
import { tempDir } from '../contract/temp-dir.ts';
import { TEST_MS } from '../support/wait.ts';

setDefaultTimeout(TEST_MS);

const first = { name: 'first', sql: 'CREATE TABLE a (x INTEGER) STRICT; INSERT INTO a VALUES (1);' };
const second = { name: 'second', sql: 'CREATE TABLE b (x INTEGER) STRICT;' };
const broken = { name: 'broken', sql: 'CREATE TABLE c (x INTEGER) STRICT; INSERT INTO nowhere VALUES (1);' };

const applied = (db: Database): string[] =>
  db
    .query<{ name: string }, []>('SELECT name FROM migration ORDER BY version')
    .all()
    .map((row) => row.name);

test('[REC14] each migration runs once, in order', () => {
  using dir = tempDir();
  const db = openDatabase(join(dir.path, 'some.db'));
  migrate(db, [first]);
  migrate(db, [first]);
  migrate(db, [first, second]);
  expect(applied(db)).toEqual(['first', 'second']);
  expect(db.query('SELECT x FROM a').all()).toEqual([{ x: 1 }]);
  db.close(true);
});

test('[REC14] migrations that fail leave the database as it was', () => {
  using dir = tempDir();
  const db = openDatabase(join(dir.path, 'some.db'));
  migrate(db, [first]);
  expect(() => migrate(db, [first, second, broken])).toThrow('nowhere');
  expect(applied(db)).toEqual(['first']);
  expect(db.query("SELECT name FROM sqlite_schema WHERE name IN ('b', 'c')").all()).toEqual([]);
  db.close(true);
});

test('[REC15] a database of a newer release is refused by name and left alone', async () => {
  using dir = tempDir();
  const path = join(dir.path, 'records.db');
  new SqliteRecords(path).close();
  const db = new Database(path);
  db.run("INSERT INTO migration VALUES (99, 'from the future', 0)");
  db.close(true);
  const fault = await faultFrom(() => new SqliteRecords(path));
  expect(fault.code).toBe('refused');
  expect(fault.message).toContain(path);
  expect(fault.message).toContain('version 99');
  const left = new Database(path, { readonly: true });
  expect(applied(left)).toContain('from the future');
  left.close(true);
});

test('[REC16] a file that is no database is reported as corrupt, with the cause', async () => {
  using dir = tempDir();
  const path = join(dir.path, 'records.db');
  writeFileSync(path, 'no database at all, and long enough to look at');
  expect(await faultOf(() => new SqliteRecords(path))).toBe('corrupt');
});

test('[REC16] a write that waits in vain for a lock is unavailable, and succeeds when the lock is gone', async () => {
  using dir = tempDir();
  const path = join(dir.path, 'records.db');
  const records = new SqliteRecords(path, { lockWaitMs: 20 });
  const other = new Database(path);
  other.run('BEGIN IMMEDIATE');
  const user = { id: 'u', username: 'ann', passwordHash: 'p', createdAt: 1 };
  expect(await faultOf(() => records.createUser(user))).toBe('unavailable');
  other.run('ROLLBACK');
  other.close(true);
  expect(records.createUser(user)).toBe(true);
  records.close();
});
