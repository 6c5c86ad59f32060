/** A simulated lane between two threads of a process: lossless and in order, as shared memory is, but late by chance. */
import { ByteQueue } from '../../runtime/lanes/byte-queue.ts';
import type { IncomingLink, OutgoingLink } from '../../runtime/lanes/link.ts';
import type { Schedule } from './schedule.ts';

export interface LinkOptions {
  readonly schedule: Schedule;
  readonly capacityBytes: number;
  readonly latencyMs: () => number;
  /** Wakes the reading thread: bytes are there. */
  readonly wakeReader: () => void;
  /** Wakes the writing thread: credit is there. */
  readonly wakeWriter: () => void;
  /** Told of every arrival. */
  readonly onArrival?: (bytes: Uint8Array) => void;
}

export class SimulatedLink implements OutgoingLink, IncomingLink {
  readonly lossy = false;
  /** Bytes that may be under way or waiting. Lowered, the lane is squeezed. */
  capacityBytes: number;
  readonly #options: LinkOptions;
  readonly #underWay: Uint8Array[] = [];
  readonly #waiting = new ByteQueue();
  #usedBytes = 0;
  #lastArrivalMs = 0;
  #readerSleeps = true;
  #writerWaits = false;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.capacityBytes = options.capacityBytes;
  }

  write(bytes: Uint8Array, length: number): number {
    const count = Math.max(0, Math.min(length, this.capacityBytes - this.#usedBytes));
    if (count === 0) return 0;
    const { schedule, latencyMs } = this.#options;
    this.#usedBytes += count;
    this.#underWay.push(bytes.slice(0, count));
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, schedule.nowMs + latencyMs());
    schedule.after(this.#lastArrivalMs - schedule.nowMs, () => this.#arrive());
    return count;
  }

  awaitCredit(): void {
    this.#writerWaits = true;
  }

  waiting(): number {
    return this.#waiting.length;
  }

  read(into: Uint8Array, offset: number): number {
    const count = this.#waiting.read(into, offset);
    this.#usedBytes -= count;
    if (count > 0 && this.#writerWaits) {
      this.#writerWaits = false;
      this.#options.wakeWriter();
    }
    return count;
  }

  sleep(): boolean {
    this.#readerSleeps = true;
    return this.#waiting.length === 0;
  }

  awake(): void {
    this.#readerSleeps = false;
  }

  /** Whichever event comes first brings the oldest bytes: the order never changes. */
  #arrive(): void {
    const chunk = this.#underWay.shift();
    if (chunk === undefined) return;
    this.#options.onArrival?.(chunk);
    this.#waiting.push(chunk);
    if (!this.#readerSleeps) return;
    this.#readerSleeps = false;
    this.#options.wakeReader();
  }
}
