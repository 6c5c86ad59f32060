/** One read replica: whether it is fit to be read from, and reads that see everything up to a position. */
import { StorageFault } from '../ports/faults.ts';
import type { SqlConnection, SqlRunner } from './connection.ts';
import { positionQuery, waitQuery } from './dialect.ts';
import type { SqlPool } from './pool.ts';
import { formatPosition, hasReached, NOWHERE, type Position, parsePosition } from './position.ts';

/** The primary stood here at this moment: milliseconds on the clock of `performance.now()`. */
export interface PrimarySample {
  readonly atMs: number;
  readonly position: Position;
}

export class Replica {
  readonly pool: SqlPool;
  readonly #waitMs: number;
  /**
   * What each session is known to show. Not kept by replica: behind the same address there may be another server, or the
   * same one with less than it had before it crashed, and that takes a new session.
   */
  readonly #shown = new WeakMap<SqlConnection, Position>();
  #lagMs = Number.POSITIVE_INFINITY;
  #fit = false;

  constructor(pool: SqlPool, waitMs: number) {
    this.pool = pool;
    this.#waitMs = waitMs;
  }

  /** Whether it answered when last asked, and lagged no more than it may. */
  get fit(): boolean {
    return this.#fit;
  }

  /** Milliseconds; infinite where it does not answer or is behind all that is remembered of the primary. */
  get lagMs(): number {
    return this.#lagMs;
  }

  /**
   * Reads once the replica shows everything up to `want`. Undefined where it does not get there within the bound; rejects
   * where it fails, and is not fit from then on.
   */
  async read<T>(want: Position, work: (runner: SqlRunner) => Promise<T>): Promise<{ readonly value: T } | undefined> {
    try {
      return await this.pool.session(async (session) => {
        if (!(await this.#shows(session, want))) return undefined;
        return { value: await work(session) };
      });
    } catch (error) {
      if (error instanceof StorageFault) this.leave();
      throw error;
    }
  }

  /** Takes it out of use until it is examined again. */
  leave(): void {
    this.#fit = false;
    this.#lagMs = Number.POSITIVE_INFINITY;
  }

  /** Asks how far it has come, and measures that against what is remembered of the primary, oldest first. */
  async examine(samples: readonly PrimarySample[], maxLagMs: number): Promise<void> {
    const now = performance.now();
    try {
      const dialect = await this.pool.dialect();
      const [row] = await this.pool.rows<{ position: string }>(positionQuery(dialect, 'replica'));
      this.#lagMs = lagOf(parsePosition(row?.position ?? ''), samples, now);
      this.#fit = this.#lagMs <= maxLagMs;
    } catch (error) {
      if (!(error instanceof StorageFault)) throw error;
      this.leave();
    }
  }

  async #shows(session: SqlConnection, want: Position): Promise<boolean> {
    if (hasReached(this.#shown.get(session) ?? NOWHERE, want)) return true;
    const [answer] = await session.rows<{ late: number | null; position: string }>(waitQuery(session.facts.dialect), [
      formatPosition(want),
      String(this.#waitMs / 1_000),
    ]);
    if (answer === undefined) return false;
    // The position may have been read before the wait was over, so it can say too little.
    const position = parsePosition(answer.position);
    if (hasReached(position, want)) this.#shown.set(session, position);
    else if (answer.late === 0) this.#shown.set(session, want);
    return answer.late === 0;
  }
}

/** How long ago the primary was where the replica is now. */
function lagOf(position: Position, samples: readonly PrimarySample[], now: number): number {
  const newest = samples.at(-1);
  if (newest === undefined) return Number.POSITIVE_INFINITY;
  if (hasReached(position, newest.position)) return 0;
  const reached = samples.findLast((sample) => hasReached(position, sample.position));
  return reached === undefined ? Number.POSITIVE_INFINITY : now - reached.atMs;
}
