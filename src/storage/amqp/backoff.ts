/** Pauses between attempts: they double up to a bound, and chance spreads them, so that many do not come back at once. */

export interface BackoffOptions {
  /** Pause after the first failure, before chance shortens it: milliseconds. */
  readonly firstMs: number;
  /** No pause is longer: milliseconds. */
  readonly maxMs: number;
  /** 0 … 1; chance takes at most half of a pause. */
  readonly random?: () => number;
}

export class Backoff {
  readonly #options: BackoffOptions;
  #failures = 0;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  /** Milliseconds to wait after one more failure. */
  next(): number {
    const { firstMs, maxMs, random = Math.random } = this.#options;
    const pause = Math.min(maxMs, firstMs * 2 ** Math.min(this.#failures, 30));
    this.#failures += 1;
    return pause * (1 - random() / 2);
  }

  succeeded(): void {
    this.#failures = 0;
  }
}
