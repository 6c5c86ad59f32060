/** Timers of one shard: a binary heap over a single host timer, so that a hundred thousand waits cost the host one. */
import type { CancelTimer, Host } from './host.ts';

/** Cancelled entries are swept out once there are this many and they are the majority. */
const MIN_SWEEP = 64;

interface Entry {
  readonly dueMs: number;
  readonly order: number;
  /** Undefined once cancelled or fired. */
  callback: (() => void) | undefined;
}

export class Timers {
  readonly #host: Host;
  readonly #heap: Entry[] = [];
  #order = 0;
  #cancelled = 0;
  #cancelHost: CancelTimer | undefined;
  #armedFor = Number.POSITIVE_INFINITY;

  constructor(host: Host) {
    this.#host = host;
  }

  /** Calls `callback` once, no earlier than `delayMs` from now; equal times fire in the order of setting. */
  set(delayMs: number, callback: () => void): CancelTimer {
    const entry: Entry = { dueMs: this.#host.monotonicMs() + Math.max(0, delayMs), order: this.#order++, callback };
    this.#push(entry);
    this.#arm();
    return () => {
      if (entry.callback === undefined) return;
      entry.callback = undefined;
      this.#cancelled += 1;
      if (this.#cancelled >= MIN_SWEEP && this.#cancelled * 2 > this.#heap.length) this.#dropCancelled();
    };
  }

  /** Entries in the heap; cancelled ones count until they are swept out. */
  get size(): number {
    return this.#heap.length;
  }

  /** Cancels everything. */
  clear(): void {
    for (const entry of this.#heap) entry.callback = undefined;
    this.#heap.length = 0;
    this.#cancelled = 0;
    this.#cancelHost?.();
    this.#cancelHost = undefined;
    this.#armedFor = Number.POSITIVE_INFINITY;
  }

  #arm(): void {
    const first = this.#heap[0];
    if (first === undefined || first.dueMs >= this.#armedFor) return;
    this.#cancelHost?.();
    this.#armedFor = first.dueMs;
    this.#cancelHost = this.#host.setTimer(first.dueMs - this.#host.monotonicMs(), () => this.#fire());
  }

  #fire(): void {
    this.#armedFor = Number.POSITIVE_INFINITY;
    this.#cancelHost = undefined;
    const now = this.#host.monotonicMs();
    // Timers that are set from here on wait for the next firing, also where the clock has not moved.
    const newcomers = this.#order;
    try {
      for (let first = this.#heap[0]; first !== undefined && first.dueMs <= now; first = this.#heap[0]) {
        if (first.order >= newcomers) break;
        this.#pop();
        const callback = first.callback;
        first.callback = undefined;
        if (callback === undefined) this.#cancelled -= 1;
        else callback();
      }
    } finally {
      this.#arm();
    }
  }

  #dropCancelled(): void {
    const left = this.#heap.filter((entry) => entry.callback !== undefined);
    this.#heap.length = 0;
    this.#cancelled = 0;
    for (const entry of left) this.#push(entry);
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let index = heap.length;
    heap.push(entry);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!before(entry, heap[parent] as Entry)) break;
      heap[index] = heap[parent] as Entry;
      index = parent;
    }
    heap[index] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Entry;
    if (heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = index * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1] as Entry, heap[child] as Entry)) child += 1;
      if (!before(heap[child] as Entry, last)) break;
      heap[index] = heap[child] as Entry;
      index = child;
    }
    heap[index] = last;
  }
}

function before(a: Entry, b: Entry): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);
}
