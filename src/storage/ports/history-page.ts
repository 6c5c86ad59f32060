/** What every driver does with a page of history: which queries make sense, and how many rows a page takes. */
import { StorageFault } from './faults.ts';
import type { HistoryQuery } from './message-store.ts';

const MAX_HISTORY_LIMIT = 200;

/** Throws a `refused` fault for a query that makes no sense. */
export function checkQuery(query: HistoryQuery): void {
  if (query.after !== undefined && query.before !== undefined) {
    throw new StorageFault('refused', 'history goes forward or backward, not both');
  }
  if (!Number.isInteger(query.limit) || query.limit < 1 || query.limit > MAX_HISTORY_LIMIT) {
    throw new StorageFault('refused', `a page of history has 1 to ${MAX_HISTORY_LIMIT} messages`);
  }
}

/** How many of the rows a page takes: the first one always, then as many as the bytes allow. */
export function fitting(sizes: readonly { readonly bytes: number }[], limit: number, maxBytes: number): number {
  let bytes = 0;
  for (const [index, size] of sizes.entries()) {
    bytes += size.bytes;
    if (index === limit || (index > 0 && bytes > maxBytes)) return index;
  }
  return sizes.length;
}
