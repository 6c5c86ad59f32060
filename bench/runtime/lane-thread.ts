/** One of the two threads of the lane bench: a shard as production has it, joined to the other by rings and a bell. */
import { realHost } from '../../src/app/host.ts';
import { laneCodec } from '../../src/app/lane-codec.ts';
import type { Context } from '../../src/runtime/context.ts';
import { type Actor, defineKind } from '../../src/runtime/kind.ts';
import type { MessageCodec } from '../../src/runtime/lanes/codec.ts';
import { incomingRing, outgoingRing } from '../../src/runtime/lanes/link.ts';
import { Ring } from '../../src/runtime/lanes/ring.ts';
import { evenPlacement, pinnedId } from '../../src/runtime/placement.ts';
import type { Ref } from '../../src/runtime/ref.ts';
import { Shard } from '../../src/runtime/shard.ts';

export interface LaneBoot {
  readonly type: 'boot';
  readonly thread: number;
  readonly outgoing: SharedArrayBuffer;
  readonly incoming: SharedArrayBuffer;
  readonly bell: MessagePort;
  /** Messages that thread 0 sends to thread 1. */
  readonly messages: number;
  readonly payloadBytes: number;
  readonly roundTrips: number;
}
export type LaneOrder = LaneBoot | { readonly type: 'stream' } | { readonly type: 'round-trips' };
export type LaneReport =
  | { readonly type: 'ready' }
  | { readonly type: 'streamed'; readonly received: number; readonly lost: number; readonly reordered: number }
  | { readonly type: 'returned'; readonly micros: readonly number[] };

declare const self: Worker & { onmessage: ((event: MessageEvent<LaneOrder>) => void) | null };

/** What crosses: a number and a payload, as the hot kinds of the engine have them. */
interface Parcel {
  readonly type: 'parcel';
  readonly number: number;
  readonly payload: Uint8Array;
}
interface Go {
  readonly type: 'go';
}

const codec: MessageCodec<Parcel> = {
  encode(writer, { number, payload }) {
    writer.u32(number);
    writer.block(payload);
  },
  decode: (reader) => ({ type: 'parcel', number: reader.u32(), payload: reader.block() }),
  encodeAnswer: () => undefined,
  decodeAnswer: () => undefined,
};
const mailbox = { capacity: 65_536 } as const;
const sinkKind = defineKind<Parcel>({ name: 'sink', placement: 'pinned', mailbox, codec });
const echoKind = defineKind<Parcel>({ name: 'echo', placement: 'pinned', codec });
const sourceKind = defineKind<Go>({ name: 'source', placement: 'pinned' });
const clockKind = defineKind<Parcel>({ name: 'clock', placement: 'pinned', codec });
/** Messages of one slice: more would only wait in the lane. */
const PER_SLICE = 2_048;
const PAUSE_MS = 1;

let shard: Shard;
let boot: LaneBoot;

self.onmessage = ({ data }) => {
  if (data.type === 'boot') start(data);
  else if (data.type === 'stream') shard.tell(shard.ref(sourceKind, '0.one'), { type: 'go' });
  else shard.tell(shard.ref(clockKind, '0.one'), { type: 'parcel', number: 0, payload: new Uint8Array(0) });
};

function say(report: LaneReport): void {
  self.postMessage(report);
}

function start(order: LaneBoot): void {
  boot = order;
  const { thread, bell } = order;
  const log = {
    warn: (text: string, fields: object) => process.stderr.write(`${text} ${JSON.stringify(fields)}\n`),
    error: (text: string, fields: object) => process.stderr.write(`${text} ${JSON.stringify(fields)}\n`),
  };
  shard = new Shard({ thread, host: realHost, log, placement: evenPlacement(2), codec: laneCodec });
  const ring = (): void => bell.postMessage(0);
  bell.onmessage = shard.wake;
  shard.connect(1 - thread, outgoingRing(new Ring(order.outgoing), ring), incomingRing(new Ring(order.incoming), ring));
  shard.register(sinkKind, () => new Sink());
  shard.register(sourceKind, (context) => new Source(context));
  shard.register(echoKind, (context) => new Echo(context));
  shard.register(clockKind, (context) => new Clock(context));
  say({ type: 'ready' });
}

class Source implements Actor<Go> {
  readonly #context: Context<Go>;
  readonly #sink: Ref<Parcel>;
  readonly #payload = new Uint8Array(boot.payloadBytes).fill(120);
  #next = 1;

  constructor(context: Context<Go>) {
    this.#context = context;
    this.#sink = context.ref(sinkKind, pinnedId(1, 'one'));
  }

  /** A lane out of credit refuses: what it did not take is sent in a later slice. */
  receive(): void {
    const end = Math.min(boot.messages, this.#next + PER_SLICE - 1);
    while (this.#next <= end) {
      const parcel = { type: 'parcel', number: this.#next, payload: this.#payload } as const;
      if (!this.#context.tell(this.#sink, parcel)) break;
      this.#next += 1;
    }
    if (this.#next > boot.messages) return;
    this.#context.endOfSlice(() => this.#context.tell(this.#context.self, { type: 'go' }));
  }
}

class Sink implements Actor<Parcel> {
  #received = 0;
  #last = 0;
  #reordered = 0;

  receive({ number, payload }: Parcel): void {
    if (payload.length !== boot.payloadBytes) throw new Error('a payload was cut');
    if (number !== this.#last + 1) this.#reordered += 1;
    this.#last = number;
    this.#received += 1;
    if (number === boot.messages) {
      const lost = boot.messages - this.#received;
      say({ type: 'streamed', received: this.#received, lost, reordered: this.#reordered });
    }
  }
}

class Echo implements Actor<Parcel> {
  readonly #context: Context<Parcel>;
  readonly #clock: Ref<Parcel>;

  constructor(context: Context<Parcel>) {
    this.#context = context;
    this.#clock = context.ref(clockKind, pinnedId(0, 'one'));
  }

  receive(parcel: Parcel): void {
    this.#context.tell(this.#clock, parcel);
  }
}

/** There and back without a pause, before those that count: a server has run for a while, what is hot is compiled. */
const WARM_TRIPS = 10_000;

/** Sends one parcel, waits for it, lets both threads fall asleep, and sends the next. */
class Clock implements Actor<Parcel> {
  readonly #context: Context<Parcel>;
  readonly #echo: Ref<Parcel>;
  readonly #payload = new Uint8Array(boot.payloadBytes);
  readonly #micros: number[] = [];
  #sentMs = 0;

  constructor(context: Context<Parcel>) {
    this.#context = context;
    this.#echo = context.ref(echoKind, pinnedId(1, 'one'));
  }

  receive({ number }: Parcel): void {
    if (number > WARM_TRIPS) this.#micros.push((this.#context.monotonicMs() - this.#sentMs) * 1000);
    if (number >= WARM_TRIPS + boot.roundTrips) return say({ type: 'returned', micros: this.#micros });
    if (number < WARM_TRIPS) this.#send(number + 1);
    else this.#context.after(PAUSE_MS, () => this.#send(number + 1));
  }

  #send(number: number): void {
    this.#sentMs = this.#context.monotonicMs();
    this.#context.tell(this.#echo, { type: 'parcel', number, payload: this.#payload });
  }
}
