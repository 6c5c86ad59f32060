/** The sweeper: goes round all actors, a few at a time, frees the memory of idle ones and passivates those long idle. */
import type { Cell } from './cell.ts';
import type { Host } from './host.ts';
import type { KindEntry } from './kind-entry.ts';
import type { Timers } from './timers.ts';

/** Time between two rounds, and what an actor must have been idle for to be looked at. */
const ROUND_MS = 1_000;
/** Actors looked at in one go; more than that would hold up the sockets. */
const AT_ONCE = 4_096;
const PAUSE_MS = 1;

export class Sweeper {
  readonly #host: Host;
  readonly #timers: Timers;
  readonly #kinds: ReadonlyMap<string, KindEntry>;
  #round: Iterator<Cell<never>> | undefined;

  constructor(host: Host, timers: Timers, kinds: ReadonlyMap<string, KindEntry>) {
    this.#host = host;
    this.#timers = timers;
    this.#kinds = kinds;
  }

  start(): void {
    this.#timers.set(ROUND_MS, () => this.#sweep());
  }

  #sweep(): void {
    const nowMs = this.#host.monotonicMs();
    this.#round ??= this.#all();
    for (let looked = 0; looked < AT_ONCE; looked++) {
      const next = this.#round.next();
      if (next.done === true) {
        this.#round = undefined;
        break;
      }
      const cell = next.value;
      const { passivateAfterMs } = cell.entry.kind;
      const idleMs = nowMs - cell.activeMs;
      if (idleMs >= ROUND_MS) cell.sweep(passivateAfterMs > 0 && idleMs >= passivateAfterMs);
    }
    this.#timers.set(this.#round === undefined ? ROUND_MS : PAUSE_MS, () => this.#sweep());
  }

  /** From the last place to the first: actors that come or go during the round are met or not, all others once. */
  *#all(): Generator<Cell<never>> {
    for (const { cells } of this.#kinds.values()) {
      for (let place = cells.size - 1; place >= 0; place--) {
        const cell = cells.at(place);
        if (cell !== undefined) yield cell;
      }
    }
  }
}
