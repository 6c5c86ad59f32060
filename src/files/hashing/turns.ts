/** A few at once; whoever is waited for goes before those who can wait. */

export type Urgency = 'now' | 'later';

export class Turns {
  readonly #max: number;
  readonly #waiting: Readonly<Record<Urgency, (() => void)[]>> = { now: [], later: [] };
  #running = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** Runs the work in its turn and settles as it does. */
  async take<T>(urgency: Urgency, work: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#max) {
      await new Promise<void>((resolve) => {
        this.#waiting[urgency].push(resolve);
      });
    } else {
      this.#running += 1;
    }
    try {
      return await work();
    } finally {
      // The turn goes from hand to hand, so that nobody slips in between.
      const next = this.#waiting.now.shift() ?? this.#waiting.later.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}
