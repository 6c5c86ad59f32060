/**
 * Read-your-writes: how far a replica has to be so that whoever knows of a write sees it.
 *
 * Every write is announced under the users and rooms that it concerns. A reader names the users and rooms that it reads of
 * and gets the position from which all of their writes can be seen, or null where nobody can tell: then only the primary
 * will do. That is also so while a write is under way, as a reader of the primary may see it before its answer has come.
 */
import { latestOf, NOWHERE, type Position, parsePosition } from './position.ts';
import type { PrimarySample } from './replica.ts';

/** What the positions are kept under: `user:ID` or `room:ID`. */
export type PositionKey = `${'user' | 'room'}:${string}`;

/** A write that has been announced. It is settled once, by one of these. */
export interface AnnouncedWrite {
  /** It was committed; null where the server writes no binary log. */
  committed(gtid: string | null): void;
  /** It has changed nothing. */
  nothing(): void;
  /** Nobody knows whether it was, or will yet be, committed. */
  unknown(): void;
}

/** Kept in this process, or where several nodes share them. */
export interface WritePositions {
  announce(keys: readonly PositionKey[]): AnnouncedWrite | Promise<AnnouncedWrite>;
  /** The position that shows all writes that concern these; null where that is not known. */
  of(keys: readonly PositionKey[]): Position | null | Promise<Position | null>;
}

export interface LocalWritePositionsOptions {
  /** Where the primary stood when it was last asked. */
  readonly sample: () => PrimarySample | undefined;
  /** Milliseconds, on the clock of the samples. */
  readonly now?: () => number;
  readonly maxKeys?: number;
}

const MAX_KEYS = 100_000;

/** A statement whose answer did not come may still be at work on the server for so long, by far: milliseconds. */
const UNKNOWN_MS = 60_000;

interface Entry {
  /** Null where it is not known. */
  position: Position | null;
  /** When it was last found to be unknown. */
  unknownSinceMs: number;
  /** Writes that are announced and not settled. */
  underWay: number;
}

/**
 * The positions of the writes of this process, for an engine whose writes are all its own.
 *
 * What other writers did before it started is covered by the primary's position of then, the floor. At most `maxKeys` are
 * kept; the oldest ones sink into the floor, which only makes readers wait for more than they need.
 */
export class LocalWritePositions implements WritePositions {
  readonly #options: Required<LocalWritePositionsOptions>;
  readonly #entries = new Map<PositionKey, Entry>();
  readonly #floor: Entry = { position: null, unknownSinceMs: Number.POSITIVE_INFINITY, underWay: 0 };

  constructor(options: LocalWritePositionsOptions) {
    this.#options = { now: () => performance.now(), maxKeys: MAX_KEYS, ...options };
  }

  /** Says where the primary stood after the last write of anybody else. Until then nothing is known. */
  startAt(position: Position): void {
    this.#floor.position = position;
  }

  announce(keys: readonly PositionKey[]): AnnouncedWrite {
    const entries = keys.map((key) => this.#touch(key));
    for (const entry of entries) entry.underWay += 1;
    this.#sinkOldest();
    const settle = (change: (entry: Entry) => void): void => {
      for (const entry of entries.splice(0)) {
        entry.underWay -= 1;
        change(entry);
      }
    };
    const unknown = (): void => settle((entry) => makeUnknown(entry, this.#options.now()));
    return {
      committed: (gtid) => {
        if (gtid === null) return unknown();
        const position = parsePosition(gtid);
        // Two answers may come in another order than their commits.
        settle((entry) => {
          if (this.#resolve(entry) !== null) entry.position = latestOf([entry.position ?? NOWHERE, position]);
        });
      },
      nothing: () => settle(() => undefined),
      unknown,
    };
  }

  of(keys: readonly PositionKey[]): Position | null {
    const floor = this.#resolve(this.#floor);
    if (floor === null) return null;
    const wanted = [floor];
    for (const key of keys) {
      const entry = this.#entries.get(key);
      if (entry === undefined) continue;
      const position = this.#resolve(entry);
      if (position === null || entry.underWay > 0) return null;
      wanted.push(position);
    }
    return latestOf(wanted);
  }

  #touch(key: PositionKey): Entry {
    const entry = this.#entries.get(key) ?? { position: NOWHERE, unknownSinceMs: 0, underWay: 0 };
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry;
  }

  /** Whatever a write of unknown outcome did is in the position that the primary had long after it. */
  #resolve(entry: Entry): Position | null {
    if (entry.position !== null) return entry.position;
    const sample = this.#options.sample();
    if (sample !== undefined && sample.atMs >= entry.unknownSinceMs + UNKNOWN_MS) entry.position = sample.position;
    return entry.position;
  }

  #sinkOldest(): void {
    for (const [key, entry] of this.#entries) {
      if (this.#entries.size <= this.#options.maxKeys) return;
      if (entry.underWay > 0) continue;
      this.#entries.delete(key);
      const [floor, position] = [this.#resolve(this.#floor), this.#resolve(entry)];
      if (position === null) makeUnknown(this.#floor, entry.unknownSinceMs);
      else if (floor !== null) this.#floor.position = latestOf([floor, position]);
    }
  }
}

/** A floor that nobody has said yet stays unknown for good. */
function makeUnknown(entry: Entry, sinceMs: number): void {
  entry.unknownSinceMs = entry.position === null ? Math.max(entry.unknownSinceMs, sinceMs) : sinceMs;
  entry.position = null;
}
