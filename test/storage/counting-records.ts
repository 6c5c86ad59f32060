/** Records that count what they are asked, by operation. */
import type { Records } from '../../src/storage/ports/records.ts';
import { MemoryRecords } from '../contract/memory-records.ts';

export interface CountingRecords {
  readonly records: Records;
  /** Calls so far, by operation. */
  readonly calls: Partial<Record<keyof Records, number>>;
}

export function countingRecords(inner: Records = new MemoryRecords()): CountingRecords {
  const calls: Partial<Record<keyof Records, number>> = {};
  const records = new Proxy(inner, {
    get(_, name: keyof Records) {
      const operation = inner[name];
      if (typeof operation !== 'function') return operation;
      return (...args: readonly unknown[]) => {
        calls[name] = (calls[name] ?? 0) + 1;
        return (operation as (...args: readonly unknown[]) => unknown).apply(inner, [...args]);
      };
    },
  });
  return { records, calls };
}
