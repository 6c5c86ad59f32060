/** The list of what was hot, kept in the cache itself: lost with it, and then the start is a cold one. */
import type { Cache } from '../ports/cache.ts';

const TTL_MS = 86_400_000;
const utf8 = new TextEncoder();
const text = new TextDecoder();

export class WarmUp {
  readonly #cache: Cache;
  readonly #key: string;

  constructor(cache: Cache, key: string) {
    this.#cache = cache;
    this.#key = key;
  }

  async remember(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    await this.#cache.fill(this.#key, { value: utf8.encode(ids.join('\n')), version: 0, ttlMs: TTL_MS });
  }

  async remembered(): Promise<string[]> {
    const hit = await this.#cache.get(this.#key);
    return hit === null ? [] : text.decode(hit.value).split('\n');
  }
}
