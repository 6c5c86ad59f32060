/** A shard for tests: the real one, on virtual time, run by hand. */
import type { Behaviour, Kind } from '../runtime/kind.ts';
import { incomingRing, outgoingRing } from '../runtime/lanes/link.ts';
import { Ring } from '../runtime/lanes/ring.ts';
import { evenPlacement, type Placement } from '../runtime/placement.ts';
import type { Ref } from '../runtime/ref.ts';
import type { AnswerOf, Reply } from '../runtime/reply.ts';
import { Shard, type ShardOptions } from '../runtime/shard.ts';
import { jsonCodec } from './json-codec.ts';
import { RecordedLog } from './recorded-log.ts';
import { VirtualHost } from './virtual-host.ts';

export type TestShardOptions = Partial<Omit<ShardOptions, 'host' | 'log'>> & { readonly clock?: VirtualHost };

export class TestShard {
  readonly clock: VirtualHost;
  readonly log = new RecordedLog();
  /** The real shard, for what this class does not wrap. */
  readonly shard: Shard;

  constructor({ clock, ...options }: TestShardOptions = {}) {
    this.clock = clock ?? new VirtualHost();
    this.shard = new Shard({
      thread: 0,
      placement: evenPlacement(1),
      codec: jsonCodec,
      ...options,
      host: this.clock,
      log: this.log,
    });
  }

  register<M>(kind: Kind<M>, behaviour: Behaviour<M>): void {
    this.shard.register(kind, behaviour);
  }

  ref<M>(kind: Kind<M>, id: string): Ref<M> {
    return this.shard.ref(kind, id);
  }

  /** Tells from outside. Nothing runs before `settle`. */
  tell<M>(to: Ref<M>, message: NoInfer<M>): boolean {
    return this.shard.tell(to, message);
  }

  /** Asks from outside and settles. Where the answer takes time, `advance` before awaiting it. */
  ask<M, const Q extends M>(to: Ref<M>, message: Q, deadlineMs = 1_000): Promise<Reply<AnswerOf<M, Q>>> {
    const reply = this.shard.ask(to, message, deadlineMs);
    this.settle();
    return reply;
  }

  /** Runs every actor until nothing is ready. Time stands still. */
  settle(): void {
    this.clock.settle();
  }

  /** Lets time pass, timer by timer. */
  advance(ms: number): void {
    this.clock.advance(ms);
  }
}

export interface LinkedOptions extends Omit<TestShardOptions, 'thread' | 'clock'> {
  /** Bytes of each ring; a power of two, 1,024 at least. */
  readonly ringBytes?: number;
  readonly services?: Placement['services'];
}

/** Shards on one virtual clock, joined by lanes over real rings. */
export function linkedShards(count: number, options: LinkedOptions = {}): TestShard[] {
  const { ringBytes = 64 * 1024, services = {}, ...rest } = options;
  const clock = new VirtualHost();
  const placement = rest.placement ?? evenPlacement(count, services);
  const shards = Array.from({ length: count }, (_, thread) => new TestShard({ ...rest, placement, thread, clock }));
  for (const [a, one] of shards.entries()) {
    for (const [b, other] of shards.entries()) {
      if (a >= b) continue;
      const there = new Ring(Ring.memory(ringBytes));
      const back = new Ring(Ring.memory(ringBytes));
      const ringOne = (): void => clock.defer(one.shard.wake);
      const ringOther = (): void => clock.defer(other.shard.wake);
      one.shard.connect(b, outgoingRing(there, ringOther), incomingRing(back, ringOther));
      other.shard.connect(a, outgoingRing(back, ringOne), incomingRing(there, ringOne));
    }
  }
  return shards;
}
