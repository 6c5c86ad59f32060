/**
 * A space: one kind of cached thing, read through the cache and loaded where the cache lacks it.
 *
 * - *A hot key breaks down.* Readers of a key share flights, one after the other; the nodes share one lease; and what is read
 *   much is renewed before it expires, by one reader and with growing likelihood as the expiry comes near.
 * - *Keys that do not exist.* Ids of another form are answered without asking anybody; for the rest, nothing is an answer
 *   that is kept too, for a short time.
 * - *Everything expires together.* Times to live are spread by chance, and loads of the space at once are bounded.
 *
 * A cache that is away costs loads and nothing else. Who comes after a flight has departed waits for the next one: a write
 * may have been answered in between, and this reader may know of it.
 */
import { type Cache, type CacheHit, NEWEST } from '../ports/cache.ts';
import { StorageFault } from '../ports/faults.ts';
import type { Promised } from '../ports/records.ts';
import { decodeEntry, type Entry, encodeEntry } from './entry.ts';
import { Limiter } from './limiter.ts';
import type { SpaceCounts, SpaceOptions, Surroundings } from './space-options.ts';

/** One look into the cache, and a load where it finds nothing. */
interface Flight<T> {
  landing: Promise<T | null>;
}

/** What the cache had; null where it had that there is nothing. */
interface Found<T> {
  readonly value: T | null;
  readonly entry: Entry;
}

type Load<T> = () => Promised<T | null>;

/** Leave to load: under a lease, or else without keeping what is loaded. */
interface Leave {
  readonly lease: string | undefined;
}

const WITHOUT_LEASE: Leave = { lease: undefined };
/** Mean time between two looks at a lease that another node has. */
const POLL_MS = 10;

export class Space<T> {
  readonly counts: SpaceCounts = {
    nearHits: 0,
    hits: 0,
    loads: 0,
    shared: 0,
    malformed: 0,
    busy: 0,
    fellThrough: 0,
    renewals: 0,
    refusedFills: 0,
    faults: 0,
  };
  readonly #options: SpaceOptions<T>;
  readonly #cache: Cache;
  readonly #near: Cache | undefined;
  readonly #host: Surroundings['host'];
  readonly #onEnded: (key: string) => void;
  readonly #onFault: (fault: StorageFault) => void;
  readonly #limiter: Limiter;
  /** For each key the flight that is under way, and the one that departs next and takes readers aboard. */
  readonly #underWay = new Map<string, Flight<T>>();
  readonly #boarding = new Map<string, Flight<T>>();
  readonly #refreshing = new Set<string>();
  #distrustedUntilMs = Number.NEGATIVE_INFINITY;

  constructor(options: SpaceOptions<T>, { cache, near, host, onEnded = () => undefined, onFault }: Surroundings) {
    this.#options = options;
    this.#cache = cache;
    this.#near = options.nearMs > 0 ? near : undefined;
    this.#host = host;
    this.#onEnded = onEnded;
    this.#onFault = onFault ?? (() => undefined);
    const { name, maxLoads, maxWaiting } = options;
    this.#limiter = new Limiter({ name: `load of ${name}`, maxRunning: maxLoads, maxWaiting });
  }

  /** The value of the key; null where there is none. Rejects with what `load` throws. */
  async read(id: string, load: Load<T>): Promise<T | null> {
    if (!this.#options.isKey(id)) {
      this.counts.malformed += 1;
      return null;
    }
    const near = this.#near === undefined ? undefined : this.#decode(await this.#near.get(this.#key(id)));
    if (near !== undefined) {
      this.counts.nearHits += 1;
      return near.value;
    }
    return this.#fly(id, load);
  }

  /** Those of the ids that there are, by id: one question to the cache, then `load` for each that it lacks. */
  async readMany(ids: readonly string[], load: (id: string) => Promised<T | null>): Promise<ReadonlyMap<string, T>> {
    const wanted = [...new Set(ids)].filter((id) => this.#options.isKey(id));
    const found = await this.#lookUpMany(wanted);
    const values = await Promise.all(
      wanted.map(async (id, index): Promise<readonly [string, T | null]> => {
        const there = found[index];
        return [id, there === undefined ? await this.#fly(id, () => load(id)) : there.value];
      }),
    );
    return new Map(values.filter((pair): pair is [string, T] => pair[1] !== null));
  }

  /** What the cache has now: null where it has that there is nothing, undefined where it has nothing to say. */
  async peek(id: string): Promise<T | null | undefined> {
    if (!this.#options.isKey(id)) return null;
    if (this.#isDistrusted()) return undefined;
    const found = this.#decode(await this.#attempt(() => this.#cache.get(this.#key(id))));
    if (found !== undefined) this.counts.hits += 1;
    return found?.value;
  }

  /** Loads anew, where nobody else does, what may be in the cache already. Rejects only where there is a defect. */
  async refresh(id: string, load: Load<T>): Promise<void> {
    if (this.#isDistrusted() || this.#refreshing.has(id)) return;
    this.#refreshing.add(id);
    const lease = this.#host.newId();
    try {
      const mine = await this.#attempt(() => this.#cache.takeAnew(this.#key(id), lease, this.#options.leaseMs));
      if (mine !== true) return;
      this.counts.renewals += 1;
      // The old value is served on: where this fails, another reader tries again, or the value expires.
      await this.#attempt(() => this.#load(id, load, lease));
    } finally {
      this.#refreshing.delete(id);
    }
  }

  /** Asks the store past the cache, within the bound of the space. */
  limited<R>(load: () => R | Promise<R>): Promise<R> {
    return this.#limiter.run(() => {
      this.counts.loads += 1;
      return load();
    });
  }

  /**
   * After a write, and before it is answered: nothing that was read earlier is served any more. Where the cache cannot be
   * told, the answer is false, and this process reads past it until everything stale that it may hold has expired.
   */
  async invalidate(id: string): Promise<boolean> {
    if (!this.#options.isKey(id)) return true;
    // Who comes from now on neither shares what began before, nor waits for it.
    this.#boarding.delete(id);
    this.#underWay.delete(id);
    const tombstone = { version: NEWEST, ttlMs: this.#options.tombstoneMs };
    await this.#near?.bury(this.#key(id), tombstone);
    const told = await this.#attempt(async () => {
      await this.#cache.bury(this.#key(id), tombstone);
      return true;
    });
    if (told !== true) this.#distrustedUntilMs = this.#host.monotonicMs() + this.#options.staleMs;
    this.#onEnded(this.#key(id));
    return told === true;
  }

  // ── one flight ───────────────────────────────────────────────────────────────────────────────────────────────────

  #fly(id: string, load: Load<T>): Promise<T | null> {
    const open = this.#boarding.get(id);
    if (open !== undefined) {
      this.counts.shared += 1;
      return open.landing;
    }
    const flight: Flight<T> = { landing: Promise.resolve(null) };
    flight.landing = this.#depart(id, load, flight, this.#underWay.get(id)?.landing);
    this.#boarding.set(id, flight);
    return flight.landing;
  }

  /** Departs when the flight before it has landed, and no earlier than the readers of this turn are aboard. */
  async #depart(id: string, load: Load<T>, flight: Flight<T>, before: Promise<unknown> | undefined): Promise<T | null> {
    await before?.catch(() => undefined);
    await Promise.resolve();
    if (this.#boarding.get(id) === flight) {
      this.#boarding.delete(id);
      this.#underWay.set(id, flight);
    }
    try {
      return await this.#fetch(id, load);
    } finally {
      if (this.#underWay.get(id) === flight) this.#underWay.delete(id);
    }
  }

  async #fetch(id: string, load: Load<T>): Promise<T | null> {
    const found = await this.#lookUp(id);
    if ('lease' in found) return this.#load(id, load, found.lease);
    this.counts.hits += 1;
    if (this.#isDue(found)) void this.refresh(id, load);
    this.#keepNear(id, found);
    return found.value;
  }

  async #lookUp(id: string): Promise<Found<T> | Leave> {
    if (this.#isDistrusted()) return WITHOUT_LEASE;
    const hit = await this.#attempt(() => this.#cache.get(this.#key(id)));
    if (hit === null) return this.#obtain(id);
    // What is not to be understood stays until it expires.
    return this.#decode(hit) ?? WITHOUT_LEASE;
  }

  /** Takes the lease. Waits, no longer than `waitMs`, while another node has it, and then goes on without it. */
  async #obtain(id: string): Promise<Found<T> | Leave> {
    const endMs = this.#host.monotonicMs() + this.#options.waitMs;
    const lease = this.#host.newId();
    for (let first = true; ; first = false) {
      const taken = await this.#attempt(() => this.#cache.take(this.#key(id), lease, this.#options.leaseMs));
      if (taken === undefined) return WITHOUT_LEASE;
      if (taken.state === 'leased') return { lease };
      if (taken.state === 'hit') return this.#decode(taken.hit) ?? WITHOUT_LEASE;
      if (first) this.counts.busy += 1;
      if (this.#host.monotonicMs() >= endMs) {
        this.counts.fellThrough += 1;
        return WITHOUT_LEASE;
      }
      await new Promise<void>((resolve) => {
        this.#host.setTimer(POLL_MS * (0.5 + this.#host.random()), resolve);
      });
    }
  }

  async #load(id: string, load: Load<T>, lease: string | undefined): Promise<T | null> {
    const startMs = this.#host.monotonicMs();
    try {
      const value = await this.limited(load);
      // On its way before the next flight looks.
      if (lease !== undefined) void this.#fill(id, value, this.#host.monotonicMs() - startMs, lease);
      return value;
    } catch (error) {
      if (lease !== undefined) void this.#giveUp(id, lease);
      throw error;
    }
  }

  // ── renewal ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Whether this reader renews a value that has not expired: the likelier, the nearer its expiry and the longer its load,
   * so that of many readers one begins about in time, and of few none.
   */
  #isDue({ value, entry }: Found<T>): boolean {
    if (value === null) return false;
    const leftMs = entry.expiresAt - this.#host.wallMs();
    return leftMs <= -Math.max(entry.loadMs, 1) * this.#options.eagerness * Math.log(1 - this.#host.random());
  }

  // ── the cache ────────────────────────────────────────────────────────────────────────────────────────────────────

  async #lookUpMany(ids: readonly string[]): Promise<readonly (Found<T> | undefined)[]> {
    if (ids.length === 0) return [];
    const keys = ids.map((id) => this.#key(id));
    const near = (await this.#near?.getMany(keys)) ?? [];
    const missing = this.#isDistrusted() ? [] : keys.filter((_, index) => (near[index] ?? null) === null);
    const shared = missing.length === 0 ? [] : await this.#attempt(() => this.#cache.getMany(missing));
    const byKey = new Map(missing.map((key, index) => [key, shared?.[index] ?? null]));
    return keys.map((key, index) => {
      const nearby = this.#decode(near[index]);
      const found = nearby ?? this.#decode(byKey.get(key));
      if (nearby !== undefined) this.counts.nearHits += 1;
      else if (found !== undefined) {
        this.counts.hits += 1;
        this.#keepNear(ids[index] as string, found);
      }
      return found;
    });
  }

  async #fill(id: string, value: T | null, loadMs: number, lease: string): Promise<void> {
    const { ttlMs: somethingMs, nothingMs, spread, codec } = this.#options;
    const fullMs = value === null ? nothingMs : somethingMs;
    const ttlMs = Math.ceil(fullMs * (1 - spread * this.#host.random()));
    const payload = value === null ? undefined : codec.encode(value);
    if (ttlMs <= 0 || (payload?.length ?? 0) > this.#options.maxValueBytes) return this.#giveUp(id, lease);
    const entry = { payload, loadMs, expiresAt: this.#host.wallMs() + ttlMs };
    const version = value === null ? 0 : (codec.versionOf?.(value) ?? 0);
    const fill = { value: encodeEntry(entry), version, ttlMs, lease };
    const stored = await this.#attempt(() => this.#cache.fill(this.#key(id), fill));
    if (stored === false) this.counts.refusedFills += 1;
    if (stored === true) this.#keepNear(id, { value, entry });
  }

  async #giveUp(id: string, lease: string): Promise<void> {
    await this.#attempt(() => this.#cache.release(this.#key(id), lease));
  }

  /** Only of what all but never changes: word of another node's write may be lost, and then its time alone ends the copy. */
  #keepNear(id: string, { value, entry }: Found<T>): void {
    if (this.#near === undefined || value === null) return;
    const ttlMs = Math.floor(Math.min(this.#options.nearMs, entry.expiresAt - this.#host.wallMs()));
    if (ttlMs > 0) void this.#near.fill(this.#key(id), { value: encodeEntry(entry), version: 0, ttlMs });
  }

  /** Undefined for a miss, and for bytes that are not to be understood. */
  #decode(hit: CacheHit | null | undefined): Found<T> | undefined {
    if (hit === null || hit === undefined) return undefined;
    const entry = decodeEntry(hit.value);
    if (entry === undefined) return undefined;
    if (entry.payload === undefined) return { value: null, entry };
    const value = this.#options.codec.decode(entry.payload);
    return value === undefined ? undefined : { value, entry };
  }

  /** What the storage cannot do now is counted and told, and undefined comes of it; a defect is thrown. */
  async #attempt<R>(work: () => Promised<R>): Promise<R | undefined> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof StorageFault)) throw error;
      this.counts.faults += 1;
      this.#onFault(error);
      return undefined;
    }
  }

  #isDistrusted(): boolean {
    return this.#host.monotonicMs() < this.#distrustedUntilMs;
  }

  #key(id: string): string {
    return `${this.#options.name}:${id}`;
  }
}
