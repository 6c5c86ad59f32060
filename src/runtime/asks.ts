/** Asks under way on one shard: each is settled once, by an answer, a fault or its deadline. */
import type { Cell } from './cell.ts';
import type { Kind } from './kind.ts';
import { type Fault, LATE, type Reply, type ReplyTo } from './reply.ts';
import type { Timers } from './timers.ts';

const SWEEP_MS = 50;
const INDEX_BITS = 17;
const INDEX_MASK = (1 << INDEX_BITS) - 1;
const GENERATION = 1 << INDEX_BITS;

/** Most asks that may wait for their answer on one shard; past it, asking answers `overloaded` at once. */
export const MAX_PENDING_ASKS = 1 << (INDEX_BITS - 1);

/** One ask. It is its own right to reply where asker and asked share a shard. */
export class Ask implements ReplyTo {
  readonly asks: Asks;
  /**
   * Index in the table and generation: what crosses a lane instead of the object. A whole number below 2^53, so that no
   * answer that comes late ever meets a younger ask of the same number.
   */
  readonly id: number;
  /** Null where code outside any actor asks. */
  readonly asker: Cell<never> | null;
  readonly incarnation: number;
  readonly kind: Kind<never>;
  readonly deadlineMs: number;
  readonly onReply: (reply: Reply<never>) => void;
  settled = false;
  value: unknown;
  fault: Fault | undefined;

  constructor(
    asks: Asks,
    id: number,
    asker: Cell<never> | null,
    kind: Kind<never>,
    deadlineMs: number,
    onReply: (reply: Reply<never>) => void,
  ) {
    this.asks = asks;
    this.id = id;
    this.asker = asker;
    this.incarnation = asker === null ? 0 : asker.incarnation;
    this.kind = kind;
    this.deadlineMs = deadlineMs;
    this.onReply = onReply;
  }

  settle(value: unknown, fault: Fault | undefined): void {
    if (this.settled) return;
    this.settled = true;
    this.asks.remove(this.id);
    this.value = value;
    this.fault = fault;
    if (this.asker === null) this.deliver();
    else this.asker.signal(this);
  }

  /** Hands the reply over, in the asker's turn. */
  deliver(): void {
    if (this.asker !== null && this.asker.incarnation !== this.incarnation) return;
    const reply = this.fault === undefined ? { ok: true, value: this.value } : { ok: false, fault: this.fault };
    this.onReply(reply as Reply<never>);
  }
}

export class Asks {
  readonly #timers: Timers;
  readonly #nowMs: () => number;
  readonly #table: (Ask | undefined)[] = [];
  readonly #generations: number[] = [];
  readonly #free: number[] = [];
  #pending = 0;
  #sweeping = false;

  constructor(timers: Timers, nowMs: () => number) {
    this.#timers = timers;
    this.#nowMs = nowMs;
  }

  get pending(): number {
    return this.#pending;
  }

  /** Undefined when too many are under way. */
  add(
    asker: Cell<never> | null,
    kind: Kind<never>,
    deadlineMs: number,
    onReply: (reply: Reply<never>) => void,
  ): Ask | undefined {
    if (this.#pending >= MAX_PENDING_ASKS) return undefined;
    const index = this.#free.pop() ?? this.#table.length;
    const generation = (this.#generations[index] ?? 0) + 1;
    this.#generations[index] = generation;
    const ask = new Ask(this, generation * GENERATION + index, asker, kind, this.#nowMs() + deadlineMs, onReply);
    this.#table[index] = ask;
    this.#pending += 1;
    if (!this.#sweeping) {
      this.#sweeping = true;
      this.#timers.set(SWEEP_MS, () => this.#sweep());
    }
    return ask;
  }

  /** The ask with this id, unless it was settled. */
  find(id: number): Ask | undefined {
    const ask = this.#table[id & INDEX_MASK];
    return ask !== undefined && ask.id === id ? ask : undefined;
  }

  remove(id: number): void {
    const index = id & INDEX_MASK;
    this.#table[index] = undefined;
    this.#free.push(index);
    this.#pending -= 1;
  }

  /** Takes an ask back that could not be sent: it never was, and nobody is answered. */
  withdraw(ask: Ask): void {
    if (ask.settled) return;
    ask.settled = true;
    this.remove(ask.id);
  }

  /** Settles every ask with the fault: the shard is stopping. */
  failAll(fault: Fault): void {
    for (const ask of [...this.#table]) ask?.settle(undefined, fault);
  }

  #sweep(): void {
    const now = this.#nowMs();
    for (let index = 0; index < this.#table.length; index++) {
      const ask = this.#table[index];
      if (ask !== undefined && ask.deadlineMs <= now) ask.settle(undefined, LATE);
    }
    this.#sweeping = this.#pending > 0;
    if (this.#sweeping) this.#timers.set(SWEEP_MS, () => this.#sweep());
  }
}
