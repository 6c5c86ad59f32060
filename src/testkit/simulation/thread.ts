/** A simulated thread: the host of one shard. Its turns come late by chance, stop while it is stalled, and end with it. */
import type { CancelTimer, Host } from '../../runtime/host.ts';
import type { SeededRandom } from './random.ts';
import type { Schedule } from './schedule.ts';
import type { Trace } from './trace.ts';

/** The wall clock that all threads of a machine share. It may jump. */
export interface WallClock {
  /** Milliseconds since the epoch at the simulation's start; a jump changes it. */
  epochMs: number;
}

const ID_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-';
const ID_LENGTH = 21;

export interface ThreadOptions {
  readonly name: string;
  readonly schedule: Schedule;
  readonly random: SeededRandom;
  readonly clock: WallClock;
  readonly trace: Trace;
}

export class SimulatedThread implements Host {
  readonly name: string;
  /** Cleared when the process dies: nothing of it runs any more. */
  alive = true;
  /** Until this time the thread gets no processor. */
  stalledUntilMs = 0;
  readonly #schedule: Schedule;
  readonly #random: SeededRandom;
  readonly #clock: WallClock;
  readonly #trace: Trace;

  constructor({ name, schedule, random, clock, trace }: ThreadOptions) {
    this.name = name;
    this.#schedule = schedule;
    this.#random = random;
    this.#clock = clock;
    this.#trace = trace;
  }

  wallMs(): number {
    return Math.floor(this.#clock.epochMs + this.#schedule.nowMs);
  }

  monotonicMs(): number {
    return this.#schedule.nowMs;
  }

  setTimer(delayMs: number, callback: () => void): CancelTimer {
    return this.turn(delayMs + this.#random.next(), 'timer', callback);
  }

  defer(callback: () => void): void {
    const delayMs = this.#random.chance(0.02) ? this.#random.between(1, 8) : this.#random.between(0.01, 0.2);
    this.turn(delayMs, 'slice', callback);
  }

  random(): number {
    return this.#random.next();
  }

  newId(): string {
    let id = '';
    for (let index = 0; index < ID_LENGTH; index++) id += ID_ALPHABET[this.#random.int(ID_ALPHABET.length)];
    return id;
  }

  /** Runs something on this thread, no earlier than `delayMs` from now. */
  turn(delayMs: number, what: string, callback: () => void): CancelTimer {
    let cancelled = false;
    const run = (): void => {
      if (cancelled || !this.alive) return;
      const stalledMs = this.stalledUntilMs - this.#schedule.nowMs;
      if (stalledMs > 0) {
        this.#schedule.after(stalledMs, run);
        return;
      }
      this.#trace.add(this.#schedule.nowMs, `${this.name} ${what}`);
      callback();
    };
    this.#schedule.after(delayMs, run);
    return () => {
      cancelled = true;
    };
  }
}
