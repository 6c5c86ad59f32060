/** A bounded first-in-first-out queue of messages, each with the right to answer it where it was asked. */
import type { Overflow } from './kind.ts';
import { OVERLOADED, type ReplyTo } from './reply.ts';

/** Most actors never have more waiting. */
const FIRST_SLOTS = 2;

/**
 * A ring that doubles up to its bound. Messages and reply rights sit side by side in one array, so that a tell allocates
 * nothing.
 */
export class Mailbox<M> {
  readonly capacity: number;
  size = 0;
  #slots: (M | ReplyTo | undefined)[];
  /** Index mask over pairs. */
  #mask: number;
  #head = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.#slots = new Array<M | ReplyTo | undefined>(FIRST_SLOTS * 2).fill(undefined);
    this.#mask = FIRST_SLOTS - 1;
  }

  /** False if the mailbox is full. */
  push(message: M, replyTo: ReplyTo | undefined): boolean {
    if (this.size >= this.capacity) return false;
    if (this.size > this.#mask) this.#grow();
    const slot = ((this.#head + this.size) & this.#mask) << 1;
    this.#slots[slot] = message;
    this.#slots[slot + 1] = replyTo;
    this.size += 1;
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

  /** The right to answer the oldest message. Read it before `shift`. */
  headReplyTo(): ReplyTo | undefined {
    return this.#slots[(this.#head << 1) + 1] as ReplyTo | undefined;
  }

  /** Takes the oldest message. The mailbox must not be empty. */
  shift(): M {
    const slot = this.#head << 1;
    const message = this.#slots[slot] as M;
    this.#slots[slot] = undefined;
    this.#slots[slot + 1] = undefined;
    this.#head = (this.#head + 1) & this.#mask;
    this.size -= 1;
    return message;
  }

  #grow(): void {
    const pairs = this.#mask + 1;
    const slots = new Array<M | ReplyTo | undefined>(pairs * 4).fill(undefined);
    for (let index = 0; index < this.size; index++) {
      const from = ((this.#head + index) & this.#mask) << 1;
      slots[index << 1] = this.#slots[from];
      slots[(index << 1) + 1] = this.#slots[from + 1];
    }
    this.#slots = slots;
    this.#mask = pairs * 2 - 1;
    this.#head = 0;
  }
}
