/**
 * The spreader: turns noted messages into one delivery for each message and hook, once the store has the messages. A crash
 * on the way makes some of the deliveries twice; their ids are the same.
 */
import { StorageFault } from '../storage/ports/faults.ts';
import type { Hook } from '../storage/ports/hooks.ts';
import type { Delivery, JobConsumer, JobQueue } from '../storage/ports/queue.ts';
import { decodeRanges, encodeJob, eventId, type RoomRange, wants } from './event.ts';
import type { KnownHooks } from './known-hooks.ts';

export interface SpreaderOptions {
  readonly moved: JobQueue;
  readonly out: Pick<JobQueue, 'enqueue'>;
  readonly hooks: Pick<KnownHooks, 'current'>;
  /** Seq of the newest message of the room that the store has. Rejects with a `StorageFault`. */
  readonly head: (room: string) => Promise<number>;
  readonly newId: () => string;
  readonly onDefect: (error: unknown) => void;
}

const AT_ONCE = 4;
/** With pauses of up to five seconds, an hour. What is not stored by then was another's to store, or never will be. */
const MAX_LOOKS = 720;

export class Spreader {
  readonly #options: SpreaderOptions;
  #consumer: JobConsumer | undefined;

  constructor(options: SpreaderOptions) {
    this.#options = options;
  }

  start(): void {
    this.#consumer = this.#options.moved.consume({
      prefetch: AT_ONCE,
      deliver: (delivery) => void this.#take(delivery).catch(this.#options.onDefect),
    });
  }

  async close(): Promise<void> {
    await this.#consumer?.close();
  }

  async #take(delivery: Delivery): Promise<void> {
    try {
      await this.#spread(delivery);
    } catch (error) {
      if (!(error instanceof StorageFault)) throw error;
      await settled(() => delivery.retry(error.message));
    }
  }

  /** What cannot be spread yet is noted anew, by itself: the rest is not spread a second time. */
  async #spread(delivery: Delivery): Promise<void> {
    const { moved, newId } = this.#options;
    const { body, attempt } = delivery.job;
    const ranges = decodeRanges(body);
    const hooks = await this.#options.hooks.current();
    const left: RoomRange[] = [];
    for (const range of ranges) {
      const wanting = hooks.filter((hook) => wants(hook, range.room));
      if (wanting.length > 0) left.push(...(await this.#spreadRange(range, wanting, attempt)));
    }
    if (left.length === 0) return void (await settled(() => delivery.done()));
    if (sum(left) < sum(ranges)) {
      await moved.enqueue({ id: newId(), body: encodeJob(left), delayMs: 1_000 });
      return void (await settled(() => delivery.done()));
    }
    await settled(() => delivery.retry('the store lacks the messages, or the queue of deliveries is full'));
  }

  /** The part of the range that is still to be done. */
  async #spreadRange(
    { room, from, to }: RoomRange,
    hooks: readonly Hook[],
    attempt: number,
  ): Promise<readonly RoomRange[]> {
    const head = await this.#options.head(room);
    const last = Math.min(to, head);
    for (let seq = from; seq <= last; seq += 1) {
      if (!(await this.#enqueue(room, seq, hooks))) return [{ room, from: seq, to }];
    }
    if (last >= to || attempt >= MAX_LOOKS) return [];
    return [{ room, from: Math.max(from, last + 1), to }];
  }

  /** False where the queue takes no more. */
  async #enqueue(room: string, seq: number, hooks: readonly Hook[]): Promise<boolean> {
    try {
      for (const { id: hook } of hooks) {
        const event = { hook, room, seq };
        await this.#options.out.enqueue({ id: eventId(event), body: encodeJob(event) });
      }
      return true;
    } catch (error) {
      if (!(error instanceof StorageFault) || error.code !== 'unavailable') throw error;
      return false;
    }
  }
}

function sum(ranges: readonly RoomRange[]): number {
  return ranges.reduce((count, { from, to }) => count + to - from + 1, 0);
}

/** A settlement that fails leaves the job to be delivered again. */
export async function settled(settle: () => Promise<unknown>): Promise<void> {
  try {
    await settle();
  } catch (error) {
    if (!(error instanceof StorageFault)) throw error;
  }
}
