/** The book of a shard: how the persons of this shard are, and which threads look at them. Soft: a restart begins it anew. */
import type { Availability, PresenceState } from '../person/messages.ts';

/** A thread that was not heard of for this long is told nothing more; when it comes back it asks again. */
export const WATCH_LEASE_MS = 20_000;

interface SessionOfPerson {
  readonly state: Availability;
  /** By the monotonic clock. */
  readonly heardMs: number;
}

interface WatchingThread {
  /** By the monotonic clock. */
  endMs: number;
  readonly watchers: Set<string>;
}

export class PersonEntry {
  /** Counts what watching threads are told. Begins above what any earlier entry of the person came to. */
  version: number;
  shown: PresenceState = 'offline';
  /** Milliseconds since the epoch. */
  since = 0;
  lastSeen = 0;
  readonly sessions = new Map<string, SessionOfPerson>();
  readonly threads = new Map<number, WatchingThread>();

  constructor(version: number) {
    this.version = version;
  }

  /** Drops the threads whose lease has ended. True if none is left. */
  expire(nowMs: number): boolean {
    for (const [thread, { endMs }] of this.threads) if (endMs <= nowMs) this.threads.delete(thread);
    return this.threads.size === 0;
  }
}

/** By user. The person's actor writes the entries, the thread's presence actor the leases. */
export type PresenceBook = Map<string, PersonEntry>;
