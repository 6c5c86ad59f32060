import { asMailroomError, type MailroomError } from './errors.ts';

/** An entry of a stream by its number: a message by its `seq`, a change by its `change`. */
export interface Numbered {
  readonly seq: number;
}

/** A part of a stream as it is fetched. */
export interface StreamPage<T extends Numbered> {
  readonly messages: readonly T[];
  readonly more: boolean;
}

/** What a room's stream needs from the client. */
export interface StreamHooks<T extends Numbered> {
  /** Called with each entry once, in order of `seq`. */
  deliver(message: T): void;
  /** A page of what is after `after`, ascending. */
  fetch(after: number): Promise<StreamPage<T>>;
  /** Entries that were not fetched and never will be, both ends included. */
  skipped(from: number, to: number): void;
  /** A fetch failed: the stream asks to be called again with `resume` when there is a point in it. */
  stalled(error: MailroomError): void;
}

/** Messages kept above a hole. Past it the newest are let go, since history has them. */
const maxHeld = 1_000;

/**
 * One room's messages, or its changes, each delivered exactly once and in order.
 *
 * Details: a message that follows the position is delivered at once. Any other is either a repeat, which is dropped, or
 * shows a hole: it is held, history fills the hole, and the held ones follow. A fill belongs to one connection; when
 * that ends it is forgotten, because the next connection resumes from the position.
 */
export class RoomStream<T extends Numbered> {
  readonly #hooks: StreamHooks<T>;
  readonly #maxFill: number;
  readonly #held = new Map<number, T>();
  #seq: number;
  /** The highest seq known to exist. Above the position it means that a fill is needed. */
  #target: number;
  /** Counts fills; an answer to an older one changes nothing. */
  #fill = 0;
  #filling = false;

  constructor(hooks: StreamHooks<T>, seq: number, maxFill: number) {
    this.#hooks = hooks;
    this.#seq = seq;
    this.#target = seq;
    this.#maxFill = maxFill;
  }

  /** The last delivered seq. */
  get seq(): number {
    return this.#seq;
  }

  /** Takes a message as it came from the server. */
  push(message: T): void {
    if (message.seq <= this.#seq) return;
    if (message.seq === this.#seq + 1 && !this.#filling) {
      this.#deliver(message);
      this.#target = Math.max(this.#target, this.#seq);
      this.#drain();
      return;
    }
    if (this.#held.size < maxHeld) this.#held.set(message.seq, message);
    this.catchUp(message.seq);
  }

  /** What is before `from` is not to be had: the stream goes on there. */
  beginAt(from: number): void {
    if (this.#seq < from - 1) this.#skipTo(from - 1);
  }

  /** Makes sure that everything up to `to` gets delivered. */
  catchUp(to: number): void {
    this.#target = Math.max(this.#target, to);
    if (this.#filling || this.#target <= this.#seq) return;
    if (this.#target - this.#seq > this.#maxFill) this.#skipTo(this.#target - this.#maxFill);
    this.#startFill();
  }

  /** Goes on after `stalled`. */
  resume(): void {
    this.catchUp(this.#target);
  }

  /** The connection ended: what is held and what is under way is forgotten, the position stays. */
  interrupt(): void {
    this.#fill++;
    this.#filling = false;
    this.#held.clear();
    this.#target = this.#seq;
  }

  #startFill(): void {
    const fill = ++this.#fill;
    this.#filling = true;
    this.#hooks.fetch(this.#seq).then(
      (page) => {
        if (fill === this.#fill) this.#filled(page);
      },
      (error: unknown) => {
        if (fill !== this.#fill) return;
        this.#filling = false;
        this.#hooks.stalled(asMailroomError(error));
      },
    );
  }

  #filled(page: StreamPage<T>): void {
    const before = this.#seq;
    for (const message of page.messages) {
      if (message.seq <= this.#seq) continue;
      // History ascends without a hole, so that a step here means messages that are gone for good.
      if (message.seq > this.#seq + 1) this.#hooks.skipped(this.#seq + 1, message.seq - 1);
      this.#deliver(message);
    }
    this.#filling = false;
    this.#drain();
    if (this.#target <= this.#seq) {
      this.#target = this.#seq;
      return;
    }
    if (this.#seq === before && !page.more) {
      const error = new Error(`history ends at ${this.#seq} although ${this.#target} was announced`);
      this.#hooks.stalled(asMailroomError(error));
      return;
    }
    this.#startFill();
  }

  #skipTo(seq: number): void {
    const from = this.#seq + 1;
    this.#seq = seq;
    for (const held of this.#held.keys()) if (held <= seq) this.#held.delete(held);
    this.#hooks.skipped(from, seq);
  }

  #deliver(message: T): void {
    this.#seq = message.seq;
    this.#held.delete(message.seq);
    this.#hooks.deliver(message);
  }

  #drain(): void {
    for (let next = this.#held.get(this.#seq + 1); next !== undefined; next = this.#held.get(this.#seq + 1)) {
      this.#deliver(next);
    }
  }
}
