/** The sending side of a lane: packs the messages of a turn into one buffer and hands it over in one go. */
import type { Kind } from '../kind.ts';
import type { Ref } from '../ref.ts';
import type { Fault } from '../reply.ts';
import { ByteWriter } from './byte-writer.ts';
import type { MessageCodec } from './codec.ts';
import type { OutgoingLink } from './link.ts';
import { ANSWER, ASK, DEFINE, ENDED, FAULT, TELL, WATCH } from './op.ts';

/** Actors that one lane remembers by number; beyond it the oldest number is given away. */
const LANE_IDS = 1 << 16;
const FIRST_BYTES = 64 * 1024;
/** Over a link that may lose them, messages leave once they are this many bytes: what is lost is lost in one piece. */
const LOSSY_BATCH_BYTES = 64 * 1024;

export class OutgoingLane {
  readonly thread: number;
  readonly #link: OutgoingLink;
  readonly #defaultCodec: MessageCodec<unknown>;
  readonly #maxPendingBytes: number;
  /** From here on a send looks closer. */
  readonly #roomyBytes: number;
  readonly #pending = new ByteWriter(FIRST_BYTES);
  readonly #named: (Ref<never> | undefined)[] = [];
  #nextLaneId = 0;
  /** Messages that were refused for want of credit. */
  refused = 0;

  constructor(thread: number, link: OutgoingLink, defaultCodec: MessageCodec<unknown>, maxPendingBytes: number) {
    this.thread = thread;
    this.#link = link;
    this.#defaultCodec = defaultCodec;
    this.#maxPendingBytes = maxPendingBytes;
    this.#roomyBytes = link.lossy ? Math.min(LOSSY_BATCH_BYTES, maxPendingBytes) : maxPendingBytes;
  }

  get pendingBytes(): number {
    return this.#pending.length;
  }

  /** False if the lane is out of credit: nothing was sent. Throws if the message cannot be encoded. */
  tell<M>(to: Ref<M>, message: M): boolean {
    if (!this.#hasCredit()) return false;
    const pending = this.#pending;
    const laneId = to.laneId >= 0 ? to.laneId : this.#define(to);
    const start = this.#begin(TELL);
    try {
      pending.u32(laneId);
      this.#codec(to.kind).encode(pending, message, this.#defaultCodec);
    } catch (error) {
      pending.length = start;
      throw error;
    }
    this.#end(start);
    return true;
  }

  ask<M>(to: Ref<M>, message: M, askId: number): boolean {
    if (!this.#hasCredit()) return false;
    const pending = this.#pending;
    const laneId = to.laneId >= 0 ? to.laneId : this.#define(to);
    const start = this.#begin(ASK);
    try {
      pending.uint(askId);
      pending.u32(laneId);
      this.#codec(to.kind).encode(pending, message, this.#defaultCodec);
    } catch (error) {
      pending.length = start;
      throw error;
    }
    this.#end(start);
    return true;
  }

  /** False if the lane is out of credit. Throws if the answer cannot be encoded. */
  answer(kind: Kind<never>, askId: number, value: unknown): boolean {
    if (!this.#hasCredit()) return false;
    const start = this.#begin(ANSWER);
    try {
      this.#pending.uint(askId);
      this.#codec(kind).encodeAnswer(this.#pending, value, this.#defaultCodec);
    } catch (error) {
      this.#pending.length = start;
      throw error;
    }
    this.#end(start);
    return true;
  }

  /** Never refused, so that every asker hears something: a fault is small, and there are no more of them than asks. */
  fault(askId: number, fault: Fault): void {
    this.#entry(FAULT, () => {
      this.#pending.uint(askId);
      this.#pending.string(fault.code);
      this.#pending.string(fault.message);
      this.#pending.uint(fault.retryAfter ?? 0);
    });
  }

  /** False too over a link that may lose the question or the answer: nobody would ever tell. */
  watch<M>(ref: Ref<M>): boolean {
    if (this.#link.lossy || !this.#hasCredit()) return false;
    const laneId = ref.laneId >= 0 ? ref.laneId : this.#define(ref);
    this.#entry(WATCH, () => this.#pending.u32(laneId));
    return true;
  }

  /** Never refused: a watcher is told once, and there are no more ends than watched actors. */
  ended(address: string): void {
    this.#entry(ENDED, () => this.#pending.string(address));
  }

  /** Hands over what there is credit for. True if nothing is left. */
  flush(): boolean {
    const pending = this.#pending;
    if (pending.length === 0) return true;
    if (this.#link.lossy) return this.#flushWhole();
    pending.consume(this.#link.write(pending.bytes, pending.length));
    if (pending.length > 0) {
      this.#link.awaitCredit();
      pending.consume(this.#link.write(pending.bytes, pending.length));
    }
    if (pending.length > 0) return false;
    pending.shrink(FIRST_BYTES);
    return true;
  }

  /** The numbers of actors end with the batch: the next one must be understood where this one got lost. */
  #flushWhole(): boolean {
    const pending = this.#pending;
    if (this.#link.write(pending.bytes, pending.length) < pending.length) return false;
    pending.length = 0;
    pending.shrink(FIRST_BYTES);
    for (const ref of this.#named) if (ref !== undefined) ref.laneId = -1;
    this.#named.length = 0;
    this.#nextLaneId = 0;
    return true;
  }

  #hasCredit(): boolean {
    if (this.#pending.length < this.#roomyBytes) return true;
    if (this.#link.lossy) this.#flushWhole();
    if (this.#pending.length < this.#maxPendingBytes) return true;
    this.refused += 1;
    return false;
  }

  /** An entry of the rare ops. The frequent ones are written out, since a closure a message is what they would pay. */
  #entry(op: number, body: () => void): void {
    const start = this.#begin(op);
    try {
      body();
    } catch (error) {
      this.#pending.length = start;
      throw error;
    }
    this.#end(start);
  }

  /** Where the entry begins: whatever fails before its end takes the lane back to there. */
  #begin(op: number): number {
    const start = this.#pending.length;
    this.#pending.u32(0);
    this.#pending.u8(op);
    return start;
  }

  #end(start: number): void {
    this.#pending.patchU32(start, this.#pending.length - start - 4);
  }

  /** Gives the actor a number, and tells the other side. */
  #define<M>(ref: Ref<M>): number {
    const laneId = this.#nextLaneId;
    this.#entry(DEFINE, () => {
      this.#pending.u32(laneId);
      this.#pending.string(ref.kind.name);
      this.#pending.string(ref.id);
    });
    // From here on nothing throws: the number changes hands only if the other side hears of it.
    this.#nextLaneId = (laneId + 1) % LANE_IDS;
    const evicted = this.#named[laneId];
    if (evicted !== undefined) evicted.laneId = -1;
    this.#named[laneId] = ref as unknown as Ref<never>;
    ref.laneId = laneId;
    return laneId;
  }

  #codec<M>(kind: Kind<M>): MessageCodec<M> {
    return kind.codec ?? (this.#defaultCodec as MessageCodec<M>);
  }
}
