/** The tail: the newest entries of a room's stream in memory. It serves resume and reading, and covers what the store lacks yet. */
import type { LogPosition } from '../../storage/ports/message-log.ts';

export interface TailEntry {
  readonly seq: number;
  readonly sender: string;
  readonly nonce: string;
  readonly at: number;
  readonly frame: Uint8Array;
  readonly position: LogPosition;
}

export interface TailLimits {
  /** Entries that are kept although the store has them. */
  readonly maxMessages: number;
  readonly maxBytes: number;
}

/** Contiguous seqs, ascending. Entries above the store's position are always kept. */
export class Tail<E extends TailEntry = TailEntry> {
  readonly #limits: TailLimits;
  #entries: E[] = [];
  /** Index of the oldest kept entry: dropping from the front is put off until it pays. */
  #start = 0;
  #bytes = 0;

  constructor(limits: TailLimits) {
    this.#limits = limits;
  }

  /** Seq of the oldest entry that is kept; infinite if none is. */
  get firstSeq(): number {
    return this.#entries[this.#start]?.seq ?? Number.POSITIVE_INFINITY;
  }

  /** Position of the newest entry; 0 if none is kept. */
  get lastPosition(): LogPosition {
    return this.#entries.at(-1)?.position ?? 0;
  }

  push(entry: E, persisted: LogPosition): void {
    this.#entries.push(entry);
    this.#bytes += entry.frame.length;
    this.#trim(persisted);
  }

  /** What is kept, ascending. */
  entries(): readonly E[] {
    return this.#entries.slice(this.#start);
  }

  get(seq: number): E | undefined {
    return seq < this.firstSeq ? undefined : this.#entries[this.#start + seq - this.firstSeq];
  }

  /** Frames of `from` … `to`, which must lie within what is kept. */
  frames(from: number, to: number): Uint8Array[] {
    const offset = this.#start - this.firstSeq;
    return this.#entries.slice(offset + from, offset + to + 1).map((entry) => entry.frame);
  }

  /** The sender's kept entries, ascending. */
  entriesOf(sender: string): E[] {
    return this.entries().filter((entry) => entry.sender === sender);
  }

  /** Puts another frame in the place of what may not be shown any more. */
  replace(frameOf: (entry: E) => Uint8Array | undefined): void {
    for (const [index, entry] of this.#entries.entries()) {
      const frame = index < this.#start ? undefined : frameOf(entry);
      if (frame === undefined) continue;
      this.#bytes += frame.length - entry.frame.length;
      this.#entries[index] = { ...entry, frame };
    }
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
