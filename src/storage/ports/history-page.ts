/** What every driver does with a page of history: which queries make sense, and how many rows a page takes. */
import { StorageFault } from './faults.ts';
import type { ChangesQuery, HistoryQuery, StatesPage, StatesQuery, StoredState } from './message-store.ts';

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

/** Throws a `refused` fault for a query that makes no sense. */
export function checkChangesQuery({ limit }: ChangesQuery): void {
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_HISTORY_LIMIT) {
    throw new StorageFault('refused', `a page of changes has 1 to ${MAX_HISTORY_LIMIT} of them`);
  }
}

/** A page of states, which `sizes` are in the order that was asked for, cut to its bytes: the range to read, and how far it reaches. */
export function cutStates<S extends { readonly seq: number; readonly bytes: number }>(
  { from, to, descending, maxBytes }: StatesQuery,
  sizes: readonly S[],
): { readonly from: number; readonly to: number; readonly reached: number } | undefined {
  const count = fitting(sizes, sizes.length, maxBytes);
  const last = sizes[count - 1];
  if (last === undefined) return undefined;
  const next = sizes[count];
  if (next === undefined) return { from, to, reached: descending ? from : to };
  return descending ? { from: last.seq, to, reached: next.seq + 1 } : { from, to: last.seq, reached: next.seq - 1 };
}

/** The page where no message of the range has changed. */
export function noStates({ from, to, descending }: StatesQuery): StatesPage {
  return { states: [], reached: descending ? from : to };
}

/** As `states` come ascending from a driver. */
export function statesPage({ descending }: StatesQuery, states: readonly StoredState[], reached: number): StatesPage {
  return { states: descending ? states.toReversed() : states, reached };
}
