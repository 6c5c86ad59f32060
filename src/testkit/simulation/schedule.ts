/** The schedule of a simulation: one queue of everything that will happen, in virtual time. */
import type { SeededRandom } from './random.ts';

interface Event {
  readonly dueMs: number;
  /** Chance decides between events that are due at one moment. */
  readonly tie: number;
  readonly order: number;
  run: (() => void) | undefined;
}

export class Schedule {
  /** Milliseconds since the simulation began, with fractions. */
  nowMs = 0;
  /** Events that have run. */
  steps = 0;
  readonly #random: SeededRandom;
  readonly #settlePromises: () => void;
  readonly #heap: Event[] = [];
  #order = 0;

  /** `settlePromises` runs all promise reactions that are due; without it they wait for the caller to yield. */
  constructor(random: SeededRandom, settlePromises: () => void = () => undefined) {
    this.#random = random;
    this.#settlePromises = settlePromises;
  }

  /** Calls `run` once, `delayMs` from now. The returned function cancels it. */
  after(delayMs: number, run: () => void): () => void {
    const event: Event = {
      dueMs: this.nowMs + Math.max(0, delayMs),
      tie: this.#random.next(),
      order: this.#order++,
      run,
    };
    this.#push(event);
    return () => {
      event.run = undefined;
    };
  }

  /** A promise that settles with what `work` gives, `delayMs` from now. */
  later<T>(delayMs: number, work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.after(delayMs, () => {
        try {
          resolve(work());
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  /** Runs the next event, and all promise reactions that it sets off. False if there is none up to `limitMs`. */
  step(limitMs = Number.POSITIVE_INFINITY): boolean {
    for (let first = this.#heap[0]; first !== undefined; first = this.#heap[0]) {
      if (first.run !== undefined && first.dueMs > limitMs) return false;
      this.#pop();
      const { run } = first;
      if (run === undefined) continue;
      first.run = undefined;
      this.nowMs = first.dueMs;
      this.steps += 1;
      run();
      this.#settlePromises();
      return true;
    }
    return false;
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let index = heap.length;
    heap.push(event);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!before(event, heap[parent] as Event)) break;
      heap[index] = heap[parent] as Event;
      index = parent;
    }
    heap[index] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Event;
    if (heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = index * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1] as Event, heap[child] as Event)) child += 1;
      if (!before(heap[child] as Event, last)) break;
      heap[index] = heap[child] as Event;
      index = child;
    }
    heap[index] = last;
  }
}

function before(a: Event, b: Event): boolean {
  if (a.dueMs !== b.dueMs) return a.dueMs < b.dueMs;
  return a.tie < b.tie || (a.tie === b.tie && a.order < b.order);
}
