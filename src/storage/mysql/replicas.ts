/**
 * The rotation of read replicas. One that is dead, stopped, frozen or lagging leaves it and comes back by itself; with
 * none, the primary reads.
 *
 * The primary is asked for its position several times a second, each replica for its own right after: a replica lags by
 * the age of the newest position of the primary that it has reached. That needs no privilege and no clock but ours, and a
 * replica whose replication was stopped is noticed with the next write.
 */
import { StorageFault } from '../ports/faults.ts';
import { atMost } from './at-most.ts';
import type { SqlRunner } from './connection.ts';
import { positionQuery } from './dialect.ts';
import { openPool, type PoolOptions, type SqlPool } from './pool.ts';
import { type Position, parsePosition } from './position.ts';
import { type PrimarySample, Replica } from './replica.ts';

export interface ReplicasOptions {
  /** How often all are asked: milliseconds. */
  readonly intervalMs?: number;
  /** A replica that lags by more is not read from: milliseconds. */
  readonly maxLagMs?: number;
  /** How long a read waits for a replica to show a write: milliseconds. Then the primary reads. */
  readonly waitMs?: number;
  /** Of the connections to each replica. Deadlines are short, as there is always the primary. */
  readonly pool?: Omit<PoolOptions, 'role'>;
}

/** Counts since the start, and the state of each replica. */
export interface ReplicasStats {
  readonly replicas: readonly { readonly address: string; readonly fit: boolean; readonly lagMs: number }[];
  readonly byReplica: number;
  /** Reads of the primary: as nobody knew what the reader had to see, no replica was fit, or the replica was behind or failed. */
  readonly byPrimary: {
    readonly unknown: number;
    readonly noReplica: number;
    readonly behind: number;
    readonly failed: number;
  };
}

const INTERVAL_MS = 250;
const MAX_LAG_MS = 2_000;
const WAIT_MS = 50;
const REPLICA_POOL: PoolOptions = { maxConnections: 8, waitMs: 100, connectMs: 500, queryMs: 500 };

/** For how long the primary's positions are remembered. */
const REMEMBERED_MS = 60_000;

export class Replicas {
  readonly #primary: SqlPool;
  readonly #fallback: SqlPool;
  readonly #replicas: readonly Replica[];
  readonly #maxLagMs: number;
  readonly #samples: PrimarySample[] = [];
  readonly #timer: ReturnType<typeof setInterval> | null;
  readonly #counts = { byReplica: 0, unknown: 0, noReplica: 0, behind: 0, failed: 0 };
  readonly #intervalMs: number;
  #looking: Promise<void> | null = null;
  #sampling: Promise<void> | null = null;
  #turn = 0;

  /** The primary's pool stays the caller's to close. `fallback` leads there too, perhaps past a guard, for reads. */
  constructor(primary: SqlPool, urls: readonly string[], options: ReplicasOptions = {}, fallback: SqlPool = primary) {
    const { intervalMs = INTERVAL_MS, maxLagMs = MAX_LAG_MS, waitMs = WAIT_MS, pool } = options;
    this.#primary = primary;
    this.#fallback = fallback;
    this.#maxLagMs = maxLagMs;
    this.#intervalMs = intervalMs;
    this.#replicas = urls.map((url) => new Replica(openPool(url, { ...REPLICA_POOL, ...pool, role: 'any' }), waitMs));
    this.#timer = urls.length === 0 ? null : setInterval(() => void this.look(), intervalMs);
    this.#timer?.unref();
  }

  get stats(): ReplicasStats {
    const { byReplica, ...byPrimary } = this.#counts;
    const replicas = this.#replicas.map(({ pool: { address }, fit, lagMs }) => ({ address, fit, lagMs }));
    return { replicas, byReplica, byPrimary };
  }

  /** Where the primary stood when it last answered. */
  get sample(): PrimarySample | undefined {
    return this.#samples.at(-1);
  }

  /** The next replica that is fit; undefined where none is. */
  pick(): Replica | undefined {
    const count = this.#replicas.length;
    for (let step = 1; step <= count; step += 1) {
      const replica = this.#replicas[(this.#turn + step) % count];
      if (replica?.fit !== true) continue;
      this.#turn = (this.#turn + step) % count;
      return replica;
    }
    return undefined;
  }

  /**
   * Reads on a replica that shows everything up to `want`, or on the primary: where `want` is null, no replica is fit, the
   * one whose turn it is does not get there within the bound, or it fails. `work` may run twice, on different servers.
   */
  async read<T>(want: Position | null, work: (runner: SqlRunner) => Promise<T>): Promise<T> {
    const answer = await this.#readReplica(want, work);
    return answer === undefined ? await work(this.#fallback) : answer.value;
  }

  /** Asks the primary and all replicas now. One look at a time: a second caller gets the one under way. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#looking;
    await Promise.all(this.#replicas.map(({ pool }) => pool.close()));
  }

  async #readReplica<T>(
    want: Position | null,
    work: (runner: SqlRunner) => Promise<T>,
  ): Promise<{ readonly value: T } | undefined> {
    const replica = this.pick();
    if (want === null || replica === undefined) {
      this.#counts[want === null ? 'unknown' : 'noReplica'] += 1;
      return undefined;
    }
    try {
      const answer = await replica.read(want, work);
      this.#counts[answer === undefined ? 'behind' : 'byReplica'] += 1;
      return answer;
    } catch (error) {
      if (!(error instanceof StorageFault)) throw error;
      this.#counts.failed += 1;
      return undefined;
    }
  }

  /** A primary that does not answer delays nothing: its last position is what the replicas are measured against. */
  async #look(): Promise<void> {
    this.#sampling ??= this.#samplePrimary().finally(() => {
      this.#sampling = null;
    });
    await atMost(this.#intervalMs, this.#sampling);
    await Promise.all(this.#replicas.map((replica) => replica.examine(this.#samples, this.#maxLagMs)));
  }

  async #samplePrimary(): Promise<void> {
    const atMs = performance.now();
    try {
      const position = await primaryPosition(this.#primary);
      this.#samples.push({ atMs, position });
    } catch (error) {
      if (!(error instanceof StorageFault)) throw error;
    }
    while (this.#samples.length > 1 && (this.#samples[0]?.atMs ?? 0) < atMs - REMEMBERED_MS) this.#samples.shift();
  }
}

/** Where the primary stands now. */
export async function primaryPosition(primary: SqlPool): Promise<Position> {
  const dialect = await primary.dialect();
  const [row] = await primary.rows<{ position: string }>(positionQuery(dialect, 'primary'));
  return parsePosition(row?.position ?? '');
}
