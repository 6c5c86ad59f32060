/** The cache inside one process. Answers at once; what it holds is bounded by bytes. */
import type { Host } from '../../../runtime/host.ts';
import type { Cache, CacheFill, CacheHit, CacheTombstone, CacheVersion, Taken } from '../../ports/cache.ts';
import { ExpiringLru } from './expiring-lru.ts';

export interface MemoryCacheOptions {
  readonly host: Pick<Host, 'monotonicMs'>;
  /** Of keys and values together. */
  readonly maxBytes: number;
}

/** A tombstone has no value. */
interface Entry {
  readonly value: Uint8Array | undefined;
  readonly version: CacheVersion;
}

/** Leases are small and short-lived; beyond this many of them the oldest is lost, which costs one more load. */
const MAX_LEASE_BYTES = 4 * 1024 * 1024;
const LEASE_BYTES = 64;

export class MemoryCache implements Cache {
  readonly #entries: ExpiringLru<Entry>;
  readonly #leases: ExpiringLru<string>;

  constructor({ host, maxBytes }: MemoryCacheOptions) {
    const nowMs = (): number => host.monotonicMs();
    this.#entries = new ExpiringLru(maxBytes, nowMs);
    this.#leases = new ExpiringLru(MAX_LEASE_BYTES, nowMs);
  }

  /** Bytes that the entries take. */
  get bytes(): number {
    return this.#entries.bytes;
  }

  get(key: string): CacheHit | null {
    const entry = this.#entries.get(key);
    return entry?.value === undefined ? null : { value: entry.value, version: entry.version };
  }

  getMany(keys: readonly string[]): readonly (CacheHit | null)[] {
    return keys.map((key) => this.get(key));
  }

  take(key: string, token: string, leaseMs: number): Taken {
    const hit = this.get(key);
    if (hit !== null) return { state: 'hit', hit };
    return { state: this.takeAnew(key, token, leaseMs) ? 'leased' : 'busy' };
  }

  takeAnew(key: string, token: string, leaseMs: number): boolean {
    if (this.#leases.get(key) !== undefined) return false;
    this.#leases.set(key, token, LEASE_BYTES, leaseMs);
    return true;
  }

  release(key: string, token: string): void {
    if (this.#leases.get(key) === token) this.#leases.delete(key);
  }

  fill(key: string, { value, version, ttlMs, lease }: CacheFill): boolean {
    if (lease !== undefined) {
      if (this.#leases.get(key) !== lease) return false;
      this.#leases.delete(key);
    }
    const there = this.#entries.get(key);
    if (there !== undefined && there.version > version) return false;
    // The caller may go on with the memory behind its bytes.
    this.#entries.set(key, { value: value.slice(), version }, value.length, ttlMs);
    return true;
  }

  bury(key: string, { version, ttlMs }: CacheTombstone): void {
    this.#leases.delete(key);
    const there = this.#entries.get(key);
    if (there?.value !== undefined && there.version >= version) return;
    const highest = Math.max(version, there?.version ?? 0);
    this.#entries.set(key, { value: undefined, version: highest }, 0, ttlMs);
  }

  close(): void {
    this.#entries.clear();
    this.#leases.clear();
  }
}
