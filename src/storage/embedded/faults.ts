/** The one place where errors of SQLite and of the file system become storage faults. */
import { SQLiteError } from 'bun:sqlite';
import { StorageFault, type StorageFaultCode } from '../ports/faults.ts';

/** Looked up by the full code first (`SQLITE_IOERR_DATA`), then by the primary one (`SQLITE_IOERR`). */
const FAULT_BY_CODE: Readonly<Record<string, StorageFaultCode>> = {
  SQLITE_FULL: 'unavailable',
  SQLITE_IOERR: 'unavailable',
  SQLITE_BUSY: 'unavailable',
  SQLITE_LOCKED: 'unavailable',
  SQLITE_CANTOPEN: 'unavailable',
  SQLITE_READONLY: 'unavailable',
  SQLITE_PERM: 'unavailable',
  SQLITE_NOMEM: 'unavailable',
  SQLITE_PROTOCOL: 'unavailable',
  SQLITE_INTERRUPT: 'unavailable',
  SQLITE_CORRUPT: 'corrupt',
  SQLITE_NOTADB: 'corrupt',
  SQLITE_FORMAT: 'corrupt',
  SQLITE_IOERR_DATA: 'corrupt',
  SQLITE_IOERR_CORRUPTFS: 'corrupt',
  SQLITE_CONSTRAINT: 'refused',
  SQLITE_TOOBIG: 'refused',
  ENOSPC: 'unavailable',
  EDQUOT: 'unavailable',
  EFBIG: 'unavailable',
  EIO: 'unavailable',
  EROFS: 'unavailable',
  EACCES: 'unavailable',
  EPERM: 'unavailable',
  EMFILE: 'unavailable',
  ENFILE: 'unavailable',
  ENOENT: 'unavailable',
  ENOTDIR: 'unavailable',
};

/** The fault for a driver's error; any other error is a defect and comes back unchanged. */
export function toStorageFault(error: unknown, doing: string): unknown {
  const code = errorCode(error);
  if (code === null) return error;
  const fault = FAULT_BY_CODE[code] ?? FAULT_BY_CODE[primaryCode(code)];
  if (fault === undefined) return error;
  return new StorageFault(fault, `cannot ${doing}: ${(error as Error).message} (${code})`, error);
}

/** Runs `work`; what the driver throws leaves as a `StorageFault` that says what was being done. */
export function guarded<T>(doing: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw toStorageFault(error, doing);
  }
}

function errorCode(error: unknown): string | null {
  if (error instanceof SQLiteError) return error.code ?? null;
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return null;
}

/** `SQLITE_IOERR_WRITE` → `SQLITE_IOERR`. */
function primaryCode(code: string): string {
  return code.split('_', 2).join('_');
}
