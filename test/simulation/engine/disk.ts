/** The disk below the storage models: how long it takes, and what it fails to do. */

import { StorageFault } from '../../../src/storage/ports/faults.ts';
import type { SeededRandom } from '../../../src/testkit/simulation/random.ts';
import type { Schedule } from '../../../src/testkit/simulation/schedule.ts';

export type DiskUser = 'log' | 'store' | 'records' | 'reader';

export interface DiskOptions {
  readonly schedule: Schedule;
  readonly random: SeededRandom;
  /** Whether the log answers within the call, as an embedded driver does, or later. */
  readonly atOnce: boolean;
}

export class SimulatedDisk {
  readonly schedule: Schedule;
  readonly random: SeededRandom;
  readonly atOnce: boolean;
  /** Until this time every operation takes `SLOW_MS` more. */
  slowUntilMs = 0;
  #recordsFreeMs = 0;
  readonly #failures: Record<DiskUser, number> = { log: 0, store: 0, records: 0, reader: 0 };

  constructor({ schedule, random, atOnce }: DiskOptions) {
    this.schedule = schedule;
    this.random = random;
    this.atOnce = atOnce;
  }

  /** The next `count` operations of the user fail. */
  fail(user: DiskUser, count: number): void {
    this.#failures[user] += count;
  }

  heal(): void {
    for (const user of ['log', 'store', 'records', 'reader'] as const) this.#failures[user] = 0;
    this.slowUntilMs = 0;
  }

  /** Whether this operation fails; each planned failure happens once. */
  takesFailure(user: DiskUser): boolean {
    if (this.#failures[user] === 0) return false;
    this.#failures[user] -= 1;
    return true;
  }

  /** The records have one connection: their operations come one after another, in order. */
  #recordsTurnMs(): number {
    const { nowMs } = this.schedule;
    this.#recordsFreeMs = Math.max(this.#recordsFreeMs, nowMs) + this.latencyMs() / 4;
    return this.#recordsFreeMs - nowMs;
  }

  latencyMs(): number {
    const slow = this.schedule.nowMs < this.slowUntilMs ? this.random.between(50, 700) : 0;
    return slow + (this.random.chance(0.05) ? this.random.between(5, 40) : this.random.between(0.1, 3));
  }

  /** Does the work at some moment within the latency, or fails: a fault may come before or after the work was done. */
  operate<T>(user: DiskUser, work: () => T): Promise<T> {
    const fails = this.takesFailure(user);
    const done = fails && this.random.chance(0.5);
    return this.schedule.later(user === 'records' ? this.#recordsTurnMs() : this.latencyMs(), () => {
      if (!fails) return work();
      if (done && user !== 'store') work();
      throw new StorageFault('unavailable', 'the simulated disk fails');
    });
  }
}
