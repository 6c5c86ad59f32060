/** A host whose time stands still until a test moves it, and whose chance repeats from run to run. */
import type { CancelTimer, Host } from '../runtime/host.ts';

/** 2025-01-01, so that wall times in tests look like wall times. */
const EPOCH_MS = 1_735_689_600_000;
/** Rounds of deferred work without an end in sight: somebody keeps himself busy for ever. */
const MAX_ROUNDS = 100_000;

interface VirtualTimer {
  readonly dueMs: number;
  readonly order: number;
  readonly callback: () => void;
}

/**
 * Clock, timers and chance for tests.
 *
 * *Gotchas.* Nothing runs by itself: `settle` runs what is due now, `advance` moves time from timer to timer. Promises are
 * not the host's: `settleWithPromises` lets them have their turn too.
 */
export class VirtualHost implements Host {
  #nowMs = 0;
  #wallOffsetMs = EPOCH_MS;
  #order = 0;
  #ids = 0;
  #random: number;
  #timers: VirtualTimer[] = [];
  #deferred: (() => void)[] = [];

  /** Equal seeds give equal runs. */
  constructor(seed = 1) {
    this.#random = seed >>> 0;
  }

  wallMs(): number {
    return Math.floor(this.#wallOffsetMs + this.#nowMs);
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  setTimer(delayMs: number, callback: () => void): CancelTimer {
    const timer = { dueMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer);
    };
  }

  defer(callback: () => void): void {
    this.#deferred.push(callback);
  }

  /** Mulberry32. */
  random(): number {
    this.#random = (this.#random + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#random ^ (this.#random >>> 15), this.#random | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  newId(): string {
    return `id-${String(this.#ids++).padStart(18, '0')}`;
  }

  /** Timers that wait. */
  get timers(): number {
    return this.#timers.length;
  }

  /** Moves the wall clock only, as an operator or a leap does. */
  jumpWall(ms: number): void {
    this.#wallOffsetMs += ms;
  }

  /** Moves time without running anything: what a handler that computes for `ms` milliseconds does. */
  spend(ms: number): void {
    this.#nowMs += ms;
  }

  /** Runs what is deferred now, once. False if there was nothing. */
  step(): boolean {
    const deferred = this.#deferred;
    this.#deferred = [];
    for (const callback of deferred) callback();
    return deferred.length > 0;
  }

  /** Runs deferred work until there is none. Time does not move. Throws if it never ends. */
  settle(): void {
    for (let round = 0; this.step(); round++) {
      if (round >= MAX_ROUNDS) throw new Error(`still busy after ${MAX_ROUNDS} rounds`);
    }
  }

  /** Like `settle`, with the promises that wait for one another in between. */
  async settleWithPromises(): Promise<void> {
    for (let quiet = 0; quiet < 10; quiet++) {
      await Promise.resolve();
      if (this.step()) quiet = 0;
    }
  }

  /** Lets `ms` milliseconds pass: every timer fires at its own time, and what it brings about runs before the next. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    this.settle();
    for (let next = this.#next(); next !== undefined && next.dueMs <= endMs; next = this.#next()) {
      const due = next;
      this.#timers = this.#timers.filter((each) => each !== due);
      this.#nowMs = Math.max(this.#nowMs, due.dueMs);
      due.callback();
      this.settle();
    }
    this.#nowMs = Math.max(this.#nowMs, endMs);
  }

  #next(): VirtualTimer | undefined {
    let first: VirtualTimer | undefined;
    for (const timer of this.#timers) {
      if (
        first === undefined ||
        timer.dueMs < first.dueMs ||
        (timer.dueMs === first.dueMs && timer.order < first.order)
      )
        first = timer;
    }
    return first;
  }
}
