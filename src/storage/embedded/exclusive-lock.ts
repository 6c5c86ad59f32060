/** A lock held by one process at a time, which the kernel frees however the process ends. */
import { Database, SQLiteError } from 'bun:sqlite';
import { StorageFault } from '../ports/faults.ts';
import { createPrivateFile } from './database.ts';
import { guarded } from './faults.ts';

export interface ExclusiveLock {
  release(): void;
}

/** A connection that nobody refers to is closed when memory is collected, and its lock with it. */
const held = new Set<Database>();

/**
 * Takes the lock that the file at `path` stands for. Throws a `StorageFault` with `busyMessage` if somebody has it.
 *
 * The file is an empty database on which a connection keeps SQLite's exclusive lock. That also keeps out a second holder
 * in the same process, which a bare POSIX lock would let in.
 */
export function acquireLock(path: string, busyMessage: string): ExclusiveLock {
  return guarded(`lock ${path}`, () => {
    createPrivateFile(path);
    const db = new Database(path, { readwrite: true, create: false });
    try {
      db.run('PRAGMA locking_mode = EXCLUSIVE');
      db.run('BEGIN EXCLUSIVE');
      db.run('COMMIT');
    } catch (error) {
      db.close(true);
      throw isBusy(error) ? new StorageFault('unavailable', busyMessage, error) : error;
    }
    held.add(db);
    return {
      release: () => {
        held.delete(db);
        db.close(true);
      },
    };
  });
}

function isBusy(error: unknown): boolean {
  return error instanceof SQLiteError && (error.code ?? '').startsWith('SQLITE_BUSY');
}
