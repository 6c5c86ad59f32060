/**
 * The ledger: what the active rooms of a shard have told their leaseholders, kept where one actor can compare all of it.
 *
 * Fan-out state is soft: a thread that serves a room holds a lease and renews it about each second with the position it
 * believes in. The ledger finds what was lost on the way: a last message, an unsubscribe, a fan-out cut short by a crash.
 */
import type { Context } from '../../runtime/context.ts';
import { type Actor, type Behaviour, defineKind } from '../../runtime/kind.ts';
import { pinnedId } from '../../runtime/placement.ts';
import { fanoutKind, type LeaseAnswer } from '../fanout/messages.ts';

/** A thread that was not heard of for this long gets nothing more; when it comes back it catches up. */
export const LEASE_MS = 5_000;

/** One room's entry. The room writes the position, the ledger's actor the leases. */
export class LedgerEntry {
  seq = 0;
  change = 0;
  version = 0;
  /** Leaseholding thread → monotonic time at which its lease ends. */
  readonly leases = new Map<number, number>();
}

/** Entries of the shard's active rooms, by room. */
export type Ledger = Map<string, LedgerEntry>;

export interface RenewLeases {
  readonly type: 'renew';
  readonly thread: number;
  readonly topics: readonly {
    readonly room: string;
    readonly seq: number;
    readonly change: number;
    readonly version: number;
  }[];
}

export const ledgerKind = defineKind<RenewLeases>({
  name: 'ledger',
  placement: 'pinned',
  mailbox: { capacity: 256, overflow: 'drop-oldest' },
});

export function ledgerActor(ledger: Ledger): Behaviour<RenewLeases> {
  return (context) => new LedgerActor(context, ledger);
}

class LedgerActor implements Actor<RenewLeases> {
  readonly #context: Context<RenewLeases>;
  readonly #ledger: Ledger;

  constructor(context: Context<RenewLeases>, ledger: Ledger) {
    this.#context = context;
    this.#ledger = ledger;
  }

  receive({ thread, topics }: RenewLeases): void {
    const endMs = this.#context.monotonicMs() + LEASE_MS;
    const differing = topics.flatMap((topic) => {
      const entry = this.#ledger.get(topic.room);
      if (entry === undefined || !entry.leases.has(thread))
        return [{ room: topic.room, unknown: true, seq: 0, change: 0, version: 0 }];
      entry.leases.set(thread, endMs);
      const { seq, change, version } = entry;
      if (seq === topic.seq && change === topic.change && version === topic.version) return [];
      return [{ room: topic.room, unknown: false, seq, change, version }];
    });
    if (differing.length === 0) return;
    const answer: LeaseAnswer = { type: 'lease-answer', differing };
    this.#context.tell(this.#context.ref(fanoutKind, pinnedId(thread, 0)), answer);
  }
}
