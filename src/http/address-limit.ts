/** Rate limits per address or name: token buckets, the least used forgotten first. */

interface Bucket {
  units: number;
  atMs: number;
}

export interface AddressLimitOptions {
  readonly burst: number;
  readonly perMinute: number;
  /** Most keys that are remembered. */
  readonly maxKeys: number;
}

export class AddressLimit {
  readonly #options: AddressLimitOptions;
  readonly #nowMs: () => number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(options: AddressLimitOptions, nowMs: () => number) {
    this.#options = options;
    this.#nowMs = nowMs;
  }

  /** Takes one unit and returns 0, or takes none and returns the milliseconds until there is one. */
  take(key: string): number {
    const { burst, perMinute, maxKeys } = this.#options;
    const nowMs = this.#nowMs();
    const bucket = this.#buckets.get(key) ?? { units: burst, atMs: nowMs };
    bucket.units = Math.min(burst, bucket.units + ((nowMs - bucket.atMs) * perMinute) / 60_000);
    bucket.atMs = nowMs;
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > maxKeys) this.#dropOldest();
    if (bucket.units < 1) return Math.ceil(((1 - bucket.units) * 60_000) / perMinute);
    bucket.units -= 1;
    return 0;
  }

  #dropOldest(): void {
    const oldest = this.#buckets.keys().next().value;
    if (oldest !== undefined) this.#buckets.delete(oldest);
  }
}
