/** The tail: a room's newest messages in memory. It serves resume and recent history, and covers what the store lacks yet. */
import type { LogPosition } from '../../storage/ports/message-log.ts';

interface TailEntry {
  readonly seq: number;
  readonly sender: string;
  readonly nonce: string;
  readonly at: number;
  readonly frame: Uint8Array;
  readonly position: LogPosition;
}

export interface TailLimits {
  /** Messages that are kept although the store has them. */
  readonly maxMessages: number;
  readonly maxBytes: number;
}

/** Contiguous seqs, ascending. Messages above the store's position are always kept. */
export class Tail {
  readonly #limits: TailLimits;
  #entries: TailEntry[] = [];
  /** Index of the oldest kept entry: dropping from the front is put off until it pays. */
  #start = 0;
  #bytes = 0;

  constructor(limits: TailLimits) {
    this.#limits = limits;
  }

  /** Seq of the oldest message that is kept; infinite if none is. */
  get firstSeq(): number {
    return this.#entries[this.#start]?.seq ?? Number.POSITIVE_INFINITY;
  }

  /** Position of the newest message; 0 if none is kept. */
  get lastPosition(): LogPosition {
    return this.#entries.at(-1)?.position ?? 0;
  }

  push(entry: TailEntry, persisted: LogPosition): void {
    this.#entries.push(entry);
    this.#bytes += entry.frame.length;
    this.#trim(persisted);
  }

  /** Frames of `from` … `to`, which must lie within what is kept. */
  frames(from: number, to: number): Uint8Array[] {
    const offset = this.#start - this.firstSeq;
    return this.#entries.slice(offset + from, offset + to + 1).map((entry) => entry.frame);
  }

  /** The sender's kept posts, ascending. */
  postsOf(sender: string): TailEntry[] {
    return this.#entries.slice(this.#start).filter((entry) => entry.sender === sender);
  }

  #trim(persisted: LogPosition): void {
    const { maxMessages, maxBytes } = this.#limits;
    for (;;) {
      const oldest = this.#entries[this.#start];
      if (oldest === undefined || oldest.position > persisted) break;
      if (this.#entries.length - this.#start <= maxMessages && this.#bytes <= maxBytes) break;
      this.#start += 1;
      this.#bytes -= oldest.frame.length;
    }
    if (this.#start > 64 && this.#start * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#start);
      this.#start = 0;
    }
  }
}
