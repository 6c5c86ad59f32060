/** The receiving side of a lane: takes what waits, in order, and gives each entry to the shard. */
import type { Kind } from '../kind.ts';
import type { Ref } from '../ref.ts';
import { FAILED, type Fault } from '../reply.ts';
import { ByteReader } from './byte-reader.ts';
import type { MessageCodec } from './codec.ts';
import type { IncomingLink } from './link.ts';
import { ANSWER, ASK, DEFINE, ENDED, FAULT, TELL, WATCH } from './op.ts';

/** What a lane does with what it reads. */
export interface LaneSink {
  define(kind: string, id: string): Ref<unknown>;
  /** `askId` is undefined where the message was told. */
  told(from: number, to: Ref<unknown>, message: unknown, askId: number | undefined): void;
  /** The kind that the ask was sent to, or undefined if nobody waits for the answer any more. */
  asked(askId: number): Kind<never> | undefined;
  answered(askId: number, value: unknown, fault: Fault | undefined): void;
  watched(from: number, ref: Ref<unknown>): void;
  ended(address: string): void;
  /** An entry could not be read. `askId` is of the asker on the other side, if one waits. */
  garbled(from: number, askId: number | undefined, error: unknown): void;
}

/** Read at most at once, unless a single message is larger: what waits gets in between the turns of those it is for. */
const BUFFER_BYTES = 256 * 1024;

export class IncomingLane {
  readonly thread: number;
  readonly #link: IncomingLink;
  readonly #defaultCodec: MessageCodec<unknown>;
  readonly #sink: LaneSink;
  readonly #reader = new ByteReader();
  readonly #refs: (Ref<unknown> | undefined)[] = [];
  #buffer: Uint8Array = new Uint8Array(BUFFER_BYTES);
  #filled = 0;

  constructor(thread: number, link: IncomingLink, defaultCodec: MessageCodec<unknown>, sink: LaneSink) {
    this.thread = thread;
    this.#link = link;
    this.#defaultCodec = defaultCodec;
    this.#sink = sink;
  }

  get hasWaiting(): boolean {
    return this.#link.waiting() > 0;
  }

  sleep(): boolean {
    return this.#link.sleep();
  }

  awake(): void {
    this.#link.awake();
  }

  /** Delivers, in order, what has arrived whole, up to a buffer full. */
  drain(): void {
    if (this.#link.waiting() === 0) return;
    this.#filled += this.#link.read(this.#buffer, this.#filled);
    let offset = 0;
    let needed = 0;
    const reader = this.#reader;
    while (this.#filled - offset >= 4) {
      reader.over(this.#buffer, offset, this.#filled);
      needed = 4 + reader.u32();
      if (offset + needed > this.#filled) break;
      offset += needed;
      needed = 0;
      this.#deliver(reader);
    }
    if (offset > 0) {
      if (offset < this.#filled) this.#buffer.copyWithin(0, offset, this.#filled);
      this.#filled -= offset;
    }
    if (needed > this.#buffer.length || (this.#filled === 0 && this.#buffer.length > BUFFER_BYTES))
      this.#resize(needed);
  }

  /** What one entry does wrong is that entry's loss; the next one begins where its length says. */
  #deliver(reader: ByteReader): void {
    let askId: number | undefined;
    try {
      const op = reader.u8();
      if (op === TELL) {
        const to = this.#ref(reader.u32());
        this.#sink.told(this.thread, to, this.#codec(to.kind).decode(reader, this.#defaultCodec), undefined);
      } else if (op === ASK) {
        askId = reader.uint();
        const to = this.#ref(reader.u32());
        this.#sink.told(this.thread, to, this.#codec(to.kind).decode(reader, this.#defaultCodec), askId);
      } else this.#control(op, reader);
    } catch (error) {
      this.#sink.garbled(this.thread, askId, error);
    }
  }

  #control(op: number, reader: ByteReader): void {
    switch (op) {
      case DEFINE:
        return this.#define(reader);
      case ANSWER:
        return this.#answer(reader);
      case FAULT:
        return this.#fault(reader);
      case WATCH:
        return this.#sink.watched(this.thread, this.#ref(reader.u32()));
      case ENDED:
        return this.#sink.ended(reader.string());
      default:
        throw new Error(`a lane carries the unknown op ${op}`);
    }
  }

  #define(reader: ByteReader): void {
    const laneId = reader.u32();
    // Should the new meaning fail, the old one must not get its messages.
    this.#refs[laneId] = undefined;
    const kind = reader.string();
    this.#refs[laneId] = this.#sink.define(kind, reader.string());
  }

  #answer(reader: ByteReader): void {
    const askId = reader.uint();
    const kind = this.#sink.asked(askId);
    if (kind === undefined) return;
    let value: unknown;
    try {
      value = this.#codec(kind).decodeAnswer(reader, this.#defaultCodec);
    } catch (error) {
      this.#sink.answered(askId, undefined, FAILED);
      throw error;
    }
    this.#sink.answered(askId, value, undefined);
  }

  #fault(reader: ByteReader): void {
    const askId = reader.uint();
    const code = reader.string();
    const message = reader.string();
    const retryAfter = reader.uint();
    this.#sink.answered(askId, undefined, retryAfter === 0 ? { code, message } : { code, message, retryAfter });
  }

  #ref(laneId: number): Ref<unknown> {
    const ref = this.#refs[laneId];
    if (ref === undefined) throw new Error(`a lane names the actor ${laneId} before it defines it`);
    return ref;
  }

  #codec<M>(kind: Kind<M>): MessageCodec<M> {
    return kind.codec ?? (this.#defaultCodec as MessageCodec<M>);
  }

  /** Holds the message of `needed` bytes that is half here; back to the usual size once it has gone. */
  #resize(needed: number): void {
    const buffer = new Uint8Array(Math.max(BUFFER_BYTES, needed));
    buffer.set(this.#buffer.subarray(0, this.#filled));
    this.#buffer = buffer;
  }
}
