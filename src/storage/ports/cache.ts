/**
 * The cache: copies of what the stores have, kept where they are read faster. It may forget anything at any time, and
 * nothing that was acknowledged is only here.
 *
 * Under a key lies nothing, a value, or a *tombstone*: the mark of a write, which keeps a reader that began before it from
 * putting back what it had read. Each carries a version, and one rule holds for both: what is there gives way only to a
 * version that is not lower. A *lease* is the right to load a key. One reader in all has it at a time; a write takes it
 * away, so that a value under a lease is never older than the last write, however late it arrives.
 */
import type { Promised } from './records.ts';

/** A whole number from 0. Data without a version of their own are all of version 0. */
export type CacheVersion = number;

/** Gives way to nothing: the version of a tombstone over data without versions. */
export const NEWEST: CacheVersion = Number.MAX_SAFE_INTEGER;

export interface CacheHit {
  readonly value: Uint8Array;
  readonly version: CacheVersion;
}

/** What somebody who wants to load finds: the value after all, the lease, or another who has it. */
export type Taken = { readonly state: 'hit'; readonly hit: CacheHit } | { readonly state: 'leased' | 'busy' };

export interface CacheFill extends CacheHit {
  readonly ttlMs: number;
  /** The holder's token of the lease under which the value was loaded: without that lease the fill is refused. */
  readonly lease?: string;
}

export interface CacheTombstone {
  /** Whatever is of a lower version is dead. */
  readonly version: CacheVersion;
  /** Longer than anybody may take to load and fill without a lease. */
  readonly ttlMs: number;
}

/**
 * A cache. Keys are non-empty strings of at most 512 bytes, times are whole milliseconds from 1.
 *
 * *Details.* Every operation is atomic for its key. A back end that is away or slow is a `StorageFault` `unavailable` within
 * the driver's deadline; then a fill, a lease or a tombstone may have taken place or may still.
 * *Gotchas.* Bytes that are got may be the cache's own: nobody writes into them.
 */
export interface Cache {
  get(key: string): Promised<CacheHit | null>;
  /** One answer for each key, in their order. */
  getMany(keys: readonly string[]): Promised<readonly (CacheHit | null)[]>;
  /** The value, or else the lease for `leaseMs` under `token`, unless another token has it. */
  take(key: string, token: string, leaseMs: number): Promised<Taken>;
  /** The lease although there may be a value, to replace it in good time. False where another token has it. */
  takeAnew(key: string, token: string, leaseMs: number): Promised<boolean>;
  /** Gives the lease back without a value. Nothing happens where another token has it. */
  release(key: string, token: string): Promised<void>;
  /** Stores a value and ends its lease. False where the lease is lost, or what is there is of a higher version. */
  fill(key: string, fill: CacheFill): Promised<boolean>;
  /** Ends any lease, and puts a tombstone over everything of a lower version; a value of this version or a higher stays. */
  bury(key: string, tombstone: CacheTombstone): Promised<void>;
  close(): Promised<void>;
}
