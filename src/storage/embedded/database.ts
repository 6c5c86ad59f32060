/** Opening and closing SQLite files the way this driver wants them. */
import { Database } from 'bun:sqlite';
import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs';

export interface OpenOptions {
  readonly readonly?: boolean;
  /** Page cache of this connection. */
  readonly cacheKib?: number;
  /** Pages in the WAL at which a commit checkpoints on its own thread; 0 never does. */
  readonly autocheckpointPages?: number;
  /** How long a statement waits for another connection's lock before it gives up. */
  readonly lockWaitMs?: number;
}

export const LOCK_WAIT_MS = 5_000;

/** Opens a database in WAL mode, every commit of which is durable. A writer's file is created if it is missing. */
export function openDatabase(path: string, options: OpenOptions = {}): Database {
  const readonly = options.readonly ?? false;
  if (!readonly) createPrivateFile(path);
  const db = new Database(path, readonly ? { readonly: true } : { readwrite: true, create: false });
  try {
    db.run(`PRAGMA busy_timeout = ${options.lockWaitMs ?? LOCK_WAIT_MS}`);
    db.run(`PRAGMA cache_size = -${options.cacheKib ?? 2_048}`);
    db.run(`PRAGMA wal_autocheckpoint = ${options.autocheckpointPages ?? 1_000}`);
    if (!readonly) {
      db.run('PRAGMA journal_mode = WAL');
      db.run('PRAGMA synchronous = FULL');
      db.run('PRAGMA foreign_keys = ON');
    }
    return db;
  } catch (error) {
    db.close(true);
    throw error;
  }
}

/**
 * Closes a connection that would otherwise checkpoint the WAL because it is the file's last one.
 *
 * The checkpoint needs an exclusive lock. While the read-only guard is open the lock cannot be had, and the guard itself
 * cannot take it, as its file descriptor does not permit writing. The WAL stays behind as it is.
 */
export function closeWithoutCheckpoint(db: Database): void {
  let guard: Database | null = null;
  try {
    guard = new Database(db.filename, { readonly: true });
    // A connection holds its lock on the file from its first read on.
    guard.query('SELECT count(*) FROM sqlite_schema').get();
  } finally {
    db.close(true);
    guard?.close(true);
  }
}

/**
 * Creates an empty file that only its owner may read; SQLite gives the files beside it the same mode.
 *
 * An existing file is never opened here: closing any descriptor of a file drops all of the process's locks on it.
 */
export function createPrivateFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

export function createPrivateDirectory(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
}

/** Makes the names of files that were created in or removed from a directory durable. */
export function syncDirectory(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
