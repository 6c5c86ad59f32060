/** A map that is bounded by bytes: what was used longest ago goes first, and what has expired is not there. */

interface Item<V> {
  readonly value: V;
  readonly bytes: number;
  readonly expiresMs: number;
}

/** Rough cost of an item beside its key and value. */
const ITEM_BYTES = 128;

export class ExpiringLru<V> {
  readonly #maxBytes: number;
  readonly #nowMs: () => number;
  /** Least recently used first. */
  readonly #items = new Map<string, Item<V>>();
  #bytes = 0;

  /** `nowMs` never goes backwards. */
  constructor(maxBytes: number, nowMs: () => number) {
    this.#maxBytes = maxBytes;
    this.#nowMs = nowMs;
  }

  get size(): number {
    return this.#items.size;
  }

  /** What it holds, expired items that nobody has asked for since included; never over the bound. */
  get bytes(): number {
    return this.#bytes;
  }

  get(key: string): V | undefined {
    const item = this.#items.get(key);
    if (item === undefined) return undefined;
    if (item.expiresMs <= this.#nowMs()) {
      this.delete(key);
      return undefined;
    }
    this.#items.delete(key);
    this.#items.set(key, item);
    return item.value;
  }

  /** An item that is larger than the bound is not kept. `valueBytes` is what the value takes. */
  set(key: string, value: V, valueBytes: number, ttlMs: number): void {
    this.delete(key);
    const bytes = ITEM_BYTES + key.length * 2 + valueBytes;
    if (bytes > this.#maxBytes) return;
    this.#items.set(key, { value, bytes, expiresMs: this.#nowMs() + ttlMs });
    this.#bytes += bytes;
    for (const oldest of this.#items.keys()) {
      if (this.#bytes <= this.#maxBytes) return;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    const item = this.#items.get(key);
    if (item === undefined) return;
    this.#items.delete(key);
    this.#bytes -= item.bytes;
  }

  clear(): void {
    this.#items.clear();
    this.#bytes = 0;
  }
}
