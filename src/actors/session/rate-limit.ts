/** A token bucket: so many units at once, so many a second after that. */
export class RateLimit {
  readonly #unitsPerSecond: number;
  readonly #burst: number;
  #units: number;
  #atMs: number;

  constructor(unitsPerSecond: number, burst: number, nowMs: number) {
    this.#unitsPerSecond = unitsPerSecond;
    this.#burst = burst;
    this.#units = burst;
    this.#atMs = nowMs;
  }

  /** Takes the units and returns 0, or takes none and returns the milliseconds until there are enough. */
  take(units: number, nowMs: number): number {
    this.#units = Math.min(this.#burst, this.#units + ((nowMs - this.#atMs) * this.#unitsPerSecond) / 1_000);
    this.#atMs = nowMs;
    if (this.#units >= units) {
      this.#units -= units;
      return 0;
    }
    return Math.ceil(((units - this.#units) * 1_000) / this.#unitsPerSecond);
  }
}
