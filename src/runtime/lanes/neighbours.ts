/** The lanes of one shard to and from all other threads, of this node and of others. */
import type { Kind } from '../kind.ts';
import { FAILED, type Fault, LOST, type ReplyTo } from '../reply.ts';
import type { MessageCodec } from './codec.ts';
import { IncomingLane, type LaneSink } from './incoming-lane.ts';
import type { IncomingLink, OutgoingLink } from './link.ts';
import { OutgoingLane } from './outgoing-lane.ts';

export class Neighbours {
  readonly #codec: MessageCodec<unknown>;
  readonly #maxPendingBytes: number;
  /** By thread number, with holes. */
  readonly #byThread: (OutgoingLane | undefined)[] = [];
  readonly #outgoing: OutgoingLane[] = [];
  readonly #incoming: IncomingLane[] = [];

  constructor(codec: MessageCodec<unknown>, maxPendingBytes: number) {
    this.#codec = codec;
    this.#maxPendingBytes = maxPendingBytes;
  }

  connect(thread: number, outgoing: OutgoingLink, incoming: IncomingLink, sink: LaneSink): void {
    const lane = new OutgoingLane(thread, outgoing, this.#codec, this.#maxPendingBytes);
    this.#byThread[thread] = lane;
    this.#outgoing.push(lane);
    this.#incoming.push(new IncomingLane(thread, incoming, this.#codec, sink));
  }

  /** The lane to a thread. Throws if there is none: a mistake in the placement. */
  lane(thread: number): OutgoingLane {
    const lane = this.#byThread[thread];
    if (lane === undefined) throw new Error(`there is no lane to thread ${thread}`);
    return lane;
  }

  /** Messages refused for want of credit, over all lanes. */
  get refused(): number {
    return this.#outgoing.reduce((sum, lane) => sum + lane.refused, 0);
  }

  get pendingBytes(): number {
    return this.#outgoing.reduce((sum, lane) => sum + lane.pendingBytes, 0);
  }

  /** Takes in what has arrived, a fair share from each neighbour. */
  drain(): void {
    for (const lane of this.#incoming) {
      lane.awake();
      lane.drain();
    }
  }

  /** Hands over what there is credit for. */
  flush(): void {
    for (const lane of this.#outgoing) lane.flush();
  }

  /** False if something arrived after all. */
  sleep(): boolean {
    let quiet = true;
    for (const lane of this.#incoming) quiet = lane.sleep() && quiet;
    return quiet;
  }
}

/** The right to answer an ask that came over a lane. */
export class RemoteReplyTo implements ReplyTo {
  readonly #neighbours: Neighbours;
  readonly #thread: number;
  readonly #kind: Kind<never>;
  readonly #askId: number;
  #settled = false;

  constructor(neighbours: Neighbours, thread: number, kind: Kind<never>, askId: number) {
    this.#neighbours = neighbours;
    this.#thread = thread;
    this.#kind = kind;
    this.#askId = askId;
  }

  /** Throws if the value cannot be encoded: that is the mistake of the one who answers. The asker gets `internal`. */
  settle(value: unknown, fault: Fault | undefined): void {
    if (this.#settled) return;
    this.#settled = true;
    const lane = this.#neighbours.lane(this.#thread);
    if (fault !== undefined) {
      lane.fault(this.#askId, fault);
      return;
    }
    try {
      if (!lane.answer(this.#kind, this.#askId, value)) lane.fault(this.#askId, LOST);
    } catch (error) {
      lane.fault(this.#askId, FAILED);
      throw error;
    }
  }
}
