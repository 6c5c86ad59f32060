/** What a shard does with what arrives over its lanes. */
import type { Asks } from './asks.ts';
import type { Kind } from './kind.ts';
import type { KindEntry } from './kind-entry.ts';
import type { LaneSink } from './lanes/incoming-lane.ts';
import { type Neighbours, RemoteReplyTo } from './lanes/neighbours.ts';
import { Ref } from './ref.ts';
import { FAILED, type Fault } from './reply.ts';
import type { Shard } from './shard.ts';
import type { Watches } from './watches.ts';

export interface ArrivalsParts {
  readonly kinds: ReadonlyMap<string, KindEntry>;
  readonly asks: Asks;
  readonly watches: Watches;
  readonly neighbours: Neighbours;
}

export class Arrivals implements LaneSink {
  readonly #shard: Shard;
  readonly #parts: ArrivalsParts;

  constructor(shard: Shard, parts: ArrivalsParts) {
    this.#shard = shard;
    this.#parts = parts;
  }

  define(kindName: string, id: string): Ref<unknown> {
    const entry = this.#parts.kinds.get(kindName);
    const { thread } = this.#shard;
    if (entry === undefined) throw new Error(`the kind ${kindName} is not registered on thread ${thread}`);
    return new Ref(entry.kind, id, thread) as unknown as Ref<unknown>;
  }

  told(from: number, to: Ref<unknown>, message: unknown, askId: number | undefined): void {
    const { neighbours } = this.#parts;
    const replyTo =
      askId === undefined ? undefined : new RemoteReplyTo(neighbours, from, to.kind as Kind<never>, askId);
    const { deadLetters } = this.#shard;
    const before = deadLetters.total;
    // The sender is told nothing any more, so a full mailbox here is a dead letter. A stopped actor has counted it already.
    if (!this.#shard.deliver(to, message, replyTo) && replyTo === undefined && deadLetters.total === before) {
      deadLetters.add(to.address, 'refused on arrival from another thread');
    }
  }

  asked(askId: number): Kind<never> | undefined {
    return this.#parts.asks.find(askId)?.kind;
  }

  answered(askId: number, value: unknown, fault: Fault | undefined): void {
    this.#parts.asks.find(askId)?.settle(value, fault);
  }

  /** An entry that cannot be read is one message lost, not the lane: entries carry their length. */
  garbled(from: number, askId: number | undefined, error: unknown): void {
    this.#shard.log.error('a message from another thread cannot be read', { from, error });
    this.#shard.deadLetters.add(`thread/${from}`, 'unreadable');
    if (askId !== undefined) this.#parts.neighbours.lane(from).fault(askId, FAILED);
  }

  watched(from: number, ref: Ref<unknown>): void {
    const lane = this.#parts.neighbours.lane(from);
    this.#shard.watch(ref, (address) => {
      lane.ended(address);
      this.#shard.flushSoon();
    });
  }

  ended(address: string): void {
    this.#parts.watches.ended(address);
  }
}
