import { Database } from 'bun:sqlite';
import { expect, test } from 'bun:test';
import { StorageFault } from '../ports/faults.ts';
import { guarded, toStorageFault } from './faults.ts';

/** An error as the driver throws it, provoked on a database in memory. */
function driverError(...statements: string[]): unknown {
  const db = new Database(':memory:');
  try {
    for (const statement of statements) db.run(statement);
  } catch (error) {
    return error;
  } finally {
    db.close(true);
  }
  throw new Error('no statement failed');
}

const full = driverError(
  'CREATE TABLE t (x)',
  'PRAGMA max_page_count = 2',
  'INSERT INTO t VALUES (randomblob(100000))',
);

test('[FLT1] a full database is unavailable, and the fault keeps its cause and says what was being done', () => {
  const fault = toStorageFault(full, 'store messages');
  expect(fault).toBeInstanceOf(StorageFault);
  expect(fault).toMatchObject({ code: 'unavailable', cause: full });
  expect((fault as StorageFault).message).toContain('cannot store messages');
  expect((fault as StorageFault).message).toContain('SQLITE_FULL');
});

test('[FLT1] a broken constraint is refused', () => {
  const constraint = driverError('CREATE TABLE t (x UNIQUE)', 'INSERT INTO t VALUES (1)', 'INSERT INTO t VALUES (1)');
  expect(toStorageFault(constraint, 'x')).toMatchObject({ code: 'refused' });
});

test('[FLT1] extended codes fall back to their primary code, unless the table knows them better', () => {
  const withCode = (code: string) => Object.assign(new Error(code), { code });
  const codeOf = (code: string) => (toStorageFault(withCode(code), 'x') as StorageFault).code;
  expect(codeOf('SQLITE_IOERR_FSYNC')).toBe('unavailable');
  expect(codeOf('SQLITE_BUSY_SNAPSHOT')).toBe('unavailable');
  expect(codeOf('SQLITE_IOERR_DATA')).toBe('corrupt');
  expect(codeOf('SQLITE_CORRUPT_INDEX')).toBe('corrupt');
  expect(codeOf('SQLITE_NOTADB')).toBe('corrupt');
  expect(codeOf('ENOSPC')).toBe('unavailable');
});

test('[FLT2] what is not an error of the driver passes unchanged', () => {
  const defect = new TypeError('a defect');
  expect(toStorageFault(defect, 'x')).toBe(defect);
  const fault = new StorageFault('corrupt', 'already a fault');
  expect(() =>
    guarded('x', () => {
      throw fault;
    }),
  ).toThrow(fault);
  const misuse = driverError('SELECT * FROM nowhere');
  expect(toStorageFault(misuse, 'x')).toBe(misuse);
});
