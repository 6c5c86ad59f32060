/** A bound on work at once: what is over it waits in line, and past the line's bound it is refused. */
import { StorageFault } from '../ports/faults.ts';

export interface LimiterOptions {
  /** Names the work in the refusal. */
  readonly name: string;
  readonly maxRunning: number;
  readonly maxWaiting: number;
}

export class Limiter {
  readonly #options: LimiterOptions;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(options: LimiterOptions) {
    this.#options = options;
  }

  get running(): number {
    return this.#running;
  }

  /** Runs the work in its turn. Throws a `StorageFault` `unavailable` where too many wait. */
  async run<T>(work: () => T | Promise<T>): Promise<T> {
    const { name, maxRunning, maxWaiting } = this.#options;
    if (this.#running >= maxRunning) {
      if (this.#waiting.length >= maxWaiting) throw new StorageFault('unavailable', `too many wait to ${name}`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else this.#running += 1;
    try {
      return await work();
    } finally {
      // The place goes to the next in line, if there is one.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}
