/** A simulated network between nodes: datagrams that may be late, lost, doubled or overtaken, and partitions. */
import type { SeededRandom } from './random.ts';
import type { Schedule } from './schedule.ts';

export interface NetworkConditions {
  /** Chance that a datagram is lost, 0 … 1. */
  readonly loss: number;
  /** Chance that it arrives twice. */
  readonly duplication: number;
  /** Chance that it takes longer than the shortest delay, up to the longest, so that others overtake it. */
  readonly lateness: number;
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
}

export const CALM: NetworkConditions = { loss: 0, duplication: 0, lateness: 0, minDelayMs: 0.1, maxDelayMs: 0.1 };

type Receive = (from: string, bytes: Uint8Array) => void;

export class SimulatedNetwork {
  conditions: NetworkConditions = CALM;
  readonly #schedule: Schedule;
  readonly #random: SeededRandom;
  readonly #nodes = new Map<string, Receive>();
  readonly #cut = new Set<string>();

  constructor(schedule: Schedule, random: SeededRandom) {
    this.#schedule = schedule;
    this.#random = random;
  }

  join(node: string, receive: Receive): void {
    this.#nodes.set(node, receive);
  }

  /** The node died: what is under way to it is lost. */
  leave(node: string): void {
    this.#nodes.delete(node);
  }

  /** Sends a copy of the bytes, which may or may not arrive. */
  send(from: string, to: string, bytes: Uint8Array): void {
    const { loss, duplication } = this.conditions;
    if (this.#random.chance(loss)) return;
    const copies = this.#random.chance(duplication) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) this.#carry(from, to, bytes.slice());
  }

  /** Cuts every way between the two sides, both ways; what is under way is lost too. */
  partition(sideA: readonly string[], sideB: readonly string[]): void {
    for (const a of sideA) for (const b of sideB) this.#cut.add(wayOf(a, b)).add(wayOf(b, a));
  }

  /** Cuts one direction only; what is under way there is lost too. */
  cut(from: string, to: string): void {
    this.#cut.add(wayOf(from, to));
  }

  heal(): void {
    this.#cut.clear();
  }

  #carry(from: string, to: string, bytes: Uint8Array): void {
    const { lateness, minDelayMs, maxDelayMs } = this.conditions;
    const delayMs = this.#random.chance(lateness) ? this.#random.between(minDelayMs, maxDelayMs) : minDelayMs;
    this.#schedule.after(delayMs, () => {
      if (!this.#cut.has(wayOf(from, to))) this.#nodes.get(to)?.(from, bytes);
    });
  }
}

function wayOf(from: string, to: string): string {
  return `${from} > ${to}`;
}
