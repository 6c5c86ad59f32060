/**
 * A link between threads of two nodes: batches over a network that may lose, delay, double and reorder them.
 *
 * What is handed on is in order, at most once, and meant for this start of the node. A batch that comes late counts as
 * lost: whoever needs an answer asks with a deadline, and whoever must notice a loss numbers what it says.
 */
import { ByteQueue } from './byte-queue.ts';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import type { IncomingLink, OutgoingLink } from './link.ts';

export interface BatchLinkOptions {
  /** Which start of this node it is: a whole number from 1, higher than that of every earlier start. */
  readonly incarnation: number;
  /**
   * Sends a datagram, which is the callee's from then on, to the thread at the other end. False if it surely does not
   * leave now: it is offered again when the thread is woken.
   */
  readonly send: (datagram: Uint8Array) => boolean;
  /** Wakes this thread: bytes are there. */
  readonly wake: () => void;
  /** Bytes that may wait for this thread to read them; a batch on top of them is lost. */
  readonly maxWaitingBytes?: number;
}

/** Batches that were not handed on, by reason, since the link began. */
export interface BatchLosses {
  /** Numbers that were passed over: lost on the way, or not here yet. */
  readonly missing: number;
  /** Came a second time, or after a later one. */
  readonly late: number;
  /** From an earlier start of the other node. */
  readonly stale: number;
  /** For an earlier start of this node, or from one who knew of none. */
  readonly misdirected: number;
  /** This thread did not read for so long that there was no room. */
  readonly overflow: number;
  readonly unreadable: number;
}

/** u64 incarnation of the sender, u64 incarnation of the receiver as the sender knows it (0: not at all), u64 number. */
const HEADER_BYTES = 24;
/** The number of a greeting: it says which start of its node it comes from, and carries nothing. */
const GREETING = 0;
const MAX_WAITING_BYTES = 8 * 1024 * 1024;

export class BatchLink implements OutgoingLink, IncomingLink {
  readonly lossy = true;
  readonly #options: BatchLinkOptions;
  readonly #maxWaitingBytes: number;
  readonly #reader = new ByteReader();
  readonly #losses = { missing: 0, late: 0, stale: 0, misdirected: 0, overflow: 0, unreadable: 0 };
  readonly #waiting = new ByteQueue();
  #readerSleeps = true;
  /** The newest start of the other node that was heard of; 0 before that. */
  #peer = 0;
  #sent = 0;
  /** The newest batch of that start that was handed on. */
  #received = 0;

  constructor(options: BatchLinkOptions) {
    if (!Number.isSafeInteger(options.incarnation) || options.incarnation < 1) {
      throw new RangeError(`an incarnation is a whole number from 1, not ${options.incarnation}`);
    }
    this.#options = options;
    this.#maxWaitingBytes = options.maxWaitingBytes ?? MAX_WAITING_BYTES;
  }

  get losses(): BatchLosses {
    return { ...this.#losses };
  }

  // ── sending ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Says that this start of the node is here. A lost greeting costs the first batch each way, and nothing else. */
  greet(): void {
    this.#options.send(this.#datagram(GREETING, new Uint8Array(0), 0));
  }

  write(bytes: Uint8Array, length: number): number {
    if (!this.#options.send(this.#datagram(this.#sent + 1, bytes, length))) return 0;
    this.#sent += 1;
    return length;
  }

  /** Whoever refused to send wakes the thread. */
  awaitCredit(): void {
    return;
  }

  #datagram(number: number, bytes: Uint8Array, length: number): Uint8Array {
    const writer = new ByteWriter(HEADER_BYTES + length);
    writer.uint(this.#options.incarnation);
    writer.uint(this.#peer);
    writer.uint(number);
    writer.bytes.set(bytes.subarray(0, length), HEADER_BYTES);
    return writer.bytes;
  }

  // ── receiving ────────────────────────────────────────────────────────────────────────────────────────────────────

  /** A datagram arrived, on this thread. Its bytes must not change any more. */
  receive(datagram: Uint8Array): void {
    if (datagram.length < HEADER_BYTES) {
      this.#losses.unreadable += 1;
      return;
    }
    this.#reader.over(datagram, 0, HEADER_BYTES);
    const from = this.#reader.uint();
    const to = this.#reader.uint();
    const number = this.#reader.uint();
    if (from < this.#peer) this.#losses.stale += 1;
    else if (to !== this.#options.incarnation) {
      if (number !== GREETING) this.#losses.misdirected += 1;
      this.#meet(from);
      this.greet();
    } else {
      this.#meet(from);
      if (number !== GREETING) this.#accept(number, datagram.subarray(HEADER_BYTES));
    }
  }

  #meet(incarnation: number): void {
    if (incarnation === this.#peer) return;
    this.#peer = incarnation;
    this.#received = 0;
  }

  #accept(number: number, batch: Uint8Array): void {
    if (number <= this.#received) {
      this.#losses.late += 1;
      return;
    }
    if (this.#received > 0) this.#losses.missing += number - this.#received - 1;
    this.#received = number;
    if (this.#waiting.length + batch.length > this.#maxWaitingBytes) {
      this.#losses.overflow += 1;
      return;
    }
    this.#waiting.push(batch);
    if (!this.#readerSleeps) return;
    this.#readerSleeps = false;
    this.#options.wake();
  }

  waiting(): number {
    return this.#waiting.length;
  }

  read(into: Uint8Array, offset: number): number {
    return this.#waiting.read(into, offset);
  }

  sleep(): boolean {
    this.#readerSleeps = true;
    return this.#waiting.length === 0;
  }

  awake(): void {
    this.#readerSleeps = false;
  }
}
