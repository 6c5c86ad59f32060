import type { ClientClock } from '../clock.ts';

interface Task {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** Time that moves only when a test says so. Tasks due at one moment run in the order they were set. */
export class VirtualClock implements ClientClock {
  #now: number;
  #order = 0;
  readonly #tasks = new Set<Task>();

  constructor(startMs = 1_700_000_000_000) {
    this.#now = startMs;
  }

  now(): number {
    return this.#now;
  }

  after(delayMs: number, run: () => void): () => void {
    const task = { at: this.#now + Math.max(0, delayMs), order: this.#order++, run };
    this.#tasks.add(task);
    return () => this.#tasks.delete(task);
  }

  /** Moves time on by `ms`, running what falls due and letting promises settle after each task. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settled();
    for (let task = this.#next(end); task !== undefined; task = this.#next(end)) {
      this.#tasks.delete(task);
      this.#now = task.at;
      task.run();
      await settled();
    }
    this.#now = end;
  }

  /** Moves time on until `done` holds, at most by `limitMs`; says whether it came to hold. */
  async advanceUntil(done: () => boolean, limitMs: number): Promise<boolean> {
    const end = this.#now + limitMs;
    await settled();
    while (!done()) {
      const task = this.#next(end);
      if (task === undefined) return false;
      this.#tasks.delete(task);
      this.#now = task.at;
      task.run();
      await settled();
    }
    return true;
  }

  #next(end: number): Task | undefined {
    let next: Task | undefined;
    for (const task of this.#tasks) {
      if (task.at > end) continue;
      if (next === undefined || task.at < next.at || (task.at === next.at && task.order < next.order)) next = task;
    }
    return next;
  }
}

/** Resolves when every promise reaction that is ready now has run: an immediate comes after all microtasks. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
