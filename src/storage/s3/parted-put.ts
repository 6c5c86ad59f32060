/**
 * A put in parts: several on their way at once, each in memory of its own until the back end has confirmed it. Nothing
 * can be read before all are there and the whole has been compared with its checksum.
 */
import { StorageFault } from '../ports/faults.ts';
import type { SourceReader } from '../ports/object-content.ts';
import type { ObjectFacts } from '../ports/objects.ts';
import type { Bucket, Part } from './bucket.ts';

/** What S3 takes in one object. */
const MAX_PARTS = 10_000;
const MIB = 1024 * 1024;

export interface PartPlan {
  readonly partBytes: number;
  readonly count: number;
}

/** Parts of the size that is wanted, or larger where there would be too many of them. */
export function planParts(size: number, wantedPartBytes: number): PartPlan {
  const least = Math.ceil(Math.ceil(size / MAX_PARTS) / MIB) * MIB;
  const partBytes = Math.max(wantedPartBytes, size > wantedPartBytes * MAX_PARTS ? least : 0);
  return { partBytes, count: Math.max(1, Math.ceil(size / partBytes)) };
}

export class PartedPut {
  readonly #bucket: Bucket;
  readonly #key: string;
  readonly #facts: ObjectFacts;
  readonly #reader: SourceReader;
  readonly #plan: PartPlan;
  readonly #maxInFlight: number;
  readonly #stop: AbortController;
  readonly #inFlight = new Set<Promise<void>>();
  readonly #parts: Part[] = [];
  /** Buffers of parts that are stored, used again: garbage of this size piles up faster than it is collected. */
  readonly #free: Buffer[] = [];

  /** `stop` ends the put when it aborts; the put aborts it with the first failure. The reader must listen to it. */
  constructor(
    bucket: Bucket,
    key: string,
    facts: ObjectFacts,
    {
      reader,
      plan,
      maxInFlight,
      stop,
    }: {
      readonly reader: SourceReader;
      readonly plan: PartPlan;
      readonly maxInFlight: number;
      readonly stop: AbortController;
    },
  ) {
    this.#bucket = bucket;
    this.#key = key;
    this.#facts = facts;
    this.#reader = reader;
    this.#plan = plan;
    this.#maxInFlight = maxInFlight;
    this.#stop = stop;
  }

  async run(): Promise<void> {
    const uploadId = await this.#bucket.beginParts(this.#key, this.#facts, this.#stop.signal);
    try {
      await this.#sendAll(uploadId);
    } catch (error) {
      await this.#abandon(uploadId, error);
      throw error;
    }
    await this.#complete(uploadId);
    await this.#confirm();
  }

  async #sendAll(uploadId: string): Promise<void> {
    const { partBytes, count } = this.#plan;
    for (let number = 1; number <= count; number += 1) {
      // Before the bytes are taken, so that no more parts are in memory than may be in flight.
      while (this.#inFlight.size >= this.#maxInFlight) await Promise.race(this.#inFlight);
      this.#stop.signal.throwIfAborted();
      const length = Math.min(partBytes, this.#facts.size - (number - 1) * partBytes);
      const buffer = this.#free.pop() ?? Buffer.allocUnsafe(partBytes);
      this.#send(uploadId, number, await this.#reader.fill(buffer.subarray(0, length)), buffer);
    }
    await this.#reader.end();
    await Promise.all(this.#inFlight);
    this.#stop.signal.throwIfAborted();
  }

  #send(uploadId: string, number: number, bytes: Uint8Array, buffer: Buffer): void {
    const sending = this.#bucket.putPart(this.#key, uploadId, number, bytes, this.#stop.signal).then(
      (part) => {
        this.#parts.push(part);
        this.#free.push(buffer);
        this.#inFlight.delete(sending);
      },
      (error) => {
        this.#inFlight.delete(sending);
        this.#stop.abort(error);
      },
    );
    this.#inFlight.add(sending);
  }

  /** Frees the parts once none is on its way any more: one that arrives after the abort would stay for ever. */
  async #abandon(uploadId: string, reason: unknown): Promise<void> {
    this.#stop.abort(reason);
    await Promise.all(this.#inFlight);
    try {
      await this.#bucket.abortParts(this.#key, uploadId);
    } catch (error) {
      // The put's own failure is what counts. The parts stay listed as unfinished and are cleaned up by their age.
      if (!(error instanceof StorageFault)) throw error;
    }
  }

  /**
   * A completion without a clear answer may have been done, or be done yet; the object tells. It is not abandoned then:
   * a gateway that does both at once could keep the object and free its parts. What is left is cleaned up by its age.
   */
  async #complete(uploadId: string): Promise<void> {
    this.#parts.sort((a, b) => a.number - b.number);
    try {
      await this.#bucket.completeParts(this.#key, uploadId, this.#parts, this.#stop.signal);
    } catch (error) {
      if (!(error instanceof StorageFault) || error.code !== 'unavailable') throw error;
      const there = await this.#bucket.head(this.#key, this.#stop.signal);
      if (there === null) throw error;
    }
  }

  /** What the back end put together must be what was sent. */
  async #confirm(): Promise<void> {
    const there = await this.#bucket.head(this.#key, this.#stop.signal);
    if (there?.size === this.#facts.size && there.sha256 === this.#facts.sha256) return;
    if (there === null) throw new StorageFault('unavailable', `object ${this.#key} was deleted while it was stored`);
    await this.#bucket.delete(this.#key);
    throw new StorageFault('corrupt', `object ${this.#key} was put together wrong, with ${there.size} bytes`);
  }
}
