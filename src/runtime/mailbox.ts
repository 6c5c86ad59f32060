/** A bounded first-in-first-out queue of messages, each with the right to answer it where it was asked. */
import type { Overflow } from './kind.ts';
import { type Fault, OVERLOADED, type ReplyTo } from './reply.ts';

const FIRST_PAIRS = 4;
/** Stands for the ring until there is one; never written to. */
const NO_SLOTS: never[] = [];
/** Stands for the message that the mailbox keeps itself where it keeps none. */
const NONE = Symbol('none');

/**
 * A message for an empty mailbox is kept in the mailbox itself: most actors never have more waiting. Those behind it wait
 * in a ring, made for the first of them, that doubles up to the bound. Messages and reply rights sit side by side in it,
 * so that a tell allocates nothing.
 *
 * *Details.* Six fields are what an object of the engine holds in one small cell: what can be derived is.
 */
export class Mailbox<M> {
  readonly capacity: number;
  size = 0;
  /** The oldest message, and the right to answer it, unless it is in the ring. */
  #message: M | typeof NONE = NONE;
  #replyTo: ReplyTo | undefined;
  /** Pairs, a power of two of them. */
  #slots: (M | ReplyTo | undefined)[] = NO_SLOTS;
  /** Where the oldest pair is. */
  #head = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  /** False if the mailbox is full. */
  push(message: M, replyTo: ReplyTo | undefined): boolean {
    const { size } = this;
    if (size === 0) {
      this.#message = message;
      this.#replyTo = replyTo;
      this.size = 1;
      return true;
    }
    if (size >= this.capacity) return false;
    // The one outside the ring is counted too: a ring that grows a message too early is no harm.
    if (size * 2 >= this.#slots.length) this.#grow();
    const slots = this.#slots;
    const slot = (this.#head + this.#inRing * 2) & (slots.length - 1);
    slots[slot] = message;
    slots[slot + 1] = replyTo;
    this.size = size + 1;
    return true;
  }

  /** What the policy does with a message that found the mailbox full. False if it is refused. */
  overflow(message: M, replyTo: ReplyTo | undefined, policy: Overflow): boolean {
    if (policy === 'drop-oldest') {
      this.headReplyTo()?.settle(undefined, OVERLOADED);
      this.shift();
      return this.push(message, replyTo);
    }
    replyTo?.settle(undefined, OVERLOADED);
    return policy === 'drop-newest';
  }

  /** The right to answer the oldest message. Read it before `shift`. The mailbox must not be empty. */
  headReplyTo(): ReplyTo | undefined {
    return this.#message !== NONE ? this.#replyTo : (this.#slots[this.#head + 1] as ReplyTo | undefined);
  }

  /** Takes the oldest message. The mailbox must not be empty. */
  shift(): M {
    this.size -= 1;
    const kept = this.#message;
    if (kept !== NONE) {
      this.#message = NONE;
      this.#replyTo = undefined;
      return kept as M;
    }
    const slots = this.#slots;
    const slot = this.#head;
    const message = slots[slot] as M;
    slots[slot] = undefined;
    slots[slot + 1] = undefined;
    this.#head = (slot + 2) & (slots.length - 1);
    return message;
  }

  /** Drops what waits; askers hear the fault. */
  empty(fault: Fault): void {
    while (this.size > 0) {
      this.headReplyTo()?.settle(undefined, fault);
      this.shift();
    }
  }

  get #inRing(): number {
    return this.#message === NONE ? this.size : this.size - 1;
  }

  #grow(): void {
    const old = this.#slots;
    const inRing = this.#inRing;
    const slots = new Array<M | ReplyTo | undefined>(Math.max(FIRST_PAIRS * 2, old.length * 2)).fill(undefined);
    for (let slot = 0; slot < inRing * 2; slot++) slots[slot] = old[(this.#head + slot) & (old.length - 1)];
    this.#slots = slots;
    this.#head = 0;
  }
}
