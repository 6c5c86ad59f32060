/** What a space is told at the start, and what it counts. */
import type { Host } from '../../runtime/host.ts';
import type { Cache, CacheVersion } from '../ports/cache.ts';
import type { StorageFault } from '../ports/faults.ts';

export interface Codec<T> {
  encode(value: T): Uint8Array;
  /** Undefined where the bytes say nothing: they count as absent. */
  decode(bytes: Uint8Array): T | undefined;
  /** Of values that have a version of their own; else all are of version 0. */
  versionOf?(value: T): CacheVersion;
}

export interface SpaceOptions<T> {
  /** Begins the keys of the space. */
  readonly name: string;
  readonly codec: Codec<T>;
  /** Ids of another form do not exist. */
  readonly isKey: (id: string) => boolean;
  readonly ttlMs: number;
  /** How long it is remembered that there is nothing; 0: not at all. */
  readonly nothingMs: number;
  /** Share of a time to live that chance may take away. */
  readonly spread: number;
  /** How long a value may be served out of this process's own memory; 0 for everything that may ever change. */
  readonly nearMs: number;
  /** Longer than a load takes. A lease that ends earlier costs a load more, never a stale value. */
  readonly leaseMs: number;
  /** Longest wait for the load of another node. */
  readonly waitMs: number;
  /** How many loads ahead of the expiry renewals begin, about. */
  readonly eagerness: number;
  /** Loads at once, and how many more may wait. */
  readonly maxLoads: number;
  readonly maxWaiting: number;
  /** A larger value is not cached. */
  readonly maxValueBytes: number;
  /** How long a write keeps older values away: longer than a replica of the store may lag, or a fill without a lease take. */
  readonly tombstoneMs: number;
  /** How long the cache may hold what a write should have ended, where it could not be told of the write. */
  readonly staleMs: number;
}

/** What spaces share. */
export interface Surroundings {
  readonly cache: Cache;
  /** In this process, and bounded; for values that never change. */
  readonly near?: Cache;
  readonly host: Pick<Host, 'wallMs' | 'monotonicMs' | 'setTimer' | 'random' | 'newId'>;
  /** Told of each key that a write has ended, once the cache knows: other nodes may hold copies near. */
  readonly onEnded?: (key: string) => void;
  /** Told each time the cache could not be used; it may be often. */
  readonly onFault?: (fault: StorageFault) => void;
}

/** Counted since the start. */
export interface SpaceCounts {
  /** Answers out of this process's memory, and out of the cache. */
  nearHits: number;
  hits: number;
  /** Questions to the store. */
  loads: number;
  /** Readers who took part in another's flight. */
  shared: number;
  malformed: number;
  /** Flights that found the lease with another node, and those of them that went on without it. */
  busy: number;
  fellThrough: number;
  /** Loads before the expiry. */
  renewals: number;
  /** Values that were not stored, since a write had come in between. */
  refusedFills: number;
  /** Operations that the cache could not carry out. */
  faults: number;
}

/** Figures that suit rows read by key; what differs is given. */
export const SPACE_DEFAULTS = Object.freeze({
  ttlMs: 600_000,
  nothingMs: 5_000,
  spread: 0.2,
  nearMs: 0,
  leaseMs: 5_000,
  waitMs: 200,
  eagerness: 2,
  maxLoads: 64,
  maxWaiting: 10_000,
  maxValueBytes: 1024 * 1024,
  tombstoneMs: 30_000,
  staleMs: 5_000,
});
