/** The asynchronous twin of `guarded`: file system errors leave as storage faults that say what was being done. */
import { toStorageFault } from '../faults.ts';

export async function guardedAsync<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toStorageFault(error, doing);
  }
}

/** The value, or null where the file is missing. */
export async function orNull<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
