/** Delivery: from the room to every thread that holds a lease on it. One message a thread, whatever the members. */
import type { Context } from '../../runtime/context.ts';
import { pinnedId } from '../../runtime/placement.ts';
import type { Ref } from '../../runtime/ref.ts';
import { type FanoutMessage, fanoutKind } from '../fanout/messages.ts';
import { LEASE_MS, type LedgerEntry } from './ledger.ts';
import type { RoomMessage } from './messages.ts';

export class Delivery {
  readonly #context: Context<RoomMessage>;
  readonly #entry: LedgerEntry;
  readonly #refs = new Map<number, Ref<FanoutMessage>>();

  constructor(context: Context<RoomMessage>, entry: LedgerEntry) {
    this.#context = context;
    this.#entry = entry;
  }

  /** The thread gets everything from now on, until its lease ends. */
  attach(thread: number): void {
    this.#entry.leases.set(thread, this.#context.monotonicMs() + LEASE_MS);
    if (!this.#refs.has(thread)) this.#refs.set(thread, this.#context.ref(fanoutKind, pinnedId(thread, 0)));
  }

  /** To every thread whose lease holds. What is lost on the way is noticed by its next message, or when it renews. */
  send(message: FanoutMessage): void {
    const now = this.#context.monotonicMs();
    for (const [thread, endMs] of this.#entry.leases) {
      if (endMs <= now) this.#entry.leases.delete(thread);
      else this.#context.tell(this.#refs.get(thread) as Ref<FanoutMessage>, message);
    }
  }

  /** Drops the leases that ended. True if none is left. */
  expire(): boolean {
    const now = this.#context.monotonicMs();
    for (const [thread, endMs] of this.#entry.leases) if (endMs <= now) this.#entry.leases.delete(thread);
    return this.#entry.leases.size === 0;
  }
}
