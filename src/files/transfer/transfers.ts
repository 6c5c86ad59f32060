/**
 * The transfers of a node: jobs that move staged contents to the object store, a few at once, each again and again until it
 * is done. Failing costs nothing but time: a content is read from staging meanwhile.
 */
import type { Host } from '../../runtime/host.ts';
import { StorageFault } from '../../storage/ports/faults.ts';
import { isSha256 } from '../../storage/ports/objects.ts';
import {
  type Delivery,
  delayAfter,
  type JobConsumer,
  type JobQueue,
  type QueuePolicy,
} from '../../storage/ports/queue.ts';
import { type MoveOptions, type MoveOutcome, moveContent } from './move.ts';

export interface TransferOptions extends MoveOptions {
  readonly queue: JobQueue;
  readonly host: Pick<Host, 'monotonicMs' | 'setTimer'>;
  /** A content has moved. */
  readonly onMoved: (hash: string) => void;
  /** For the log: a transfer failed and is tried again, or is given up. */
  readonly onFailed: (hash: string, reason: string, isDead: boolean) => void;
  /** A defect. */
  readonly onDefect: (error: unknown) => void;
}

/** Of the queue, wherever it is opened. Nearly always what fails is that a back end is away: a week of tries. */
export const TRANSFER_POLICY: QueuePolicy = {
  maxAttempts: 10_000,
  delaysMs: [1_000, 5_000, 15_000, 60_000],
  maxJobs: 1_000_000,
  maxDead: 1_000,
};
export const TRANSFER_QUEUE = 'transfer';
/** Contents on their way at once; each sends a few parts at once. */
const IN_PARALLEL = 2;
/** A refusal may be a bucket or a key that an operator is about to mend; more of them are taken for the content's own. */
const MAX_REFUSALS = 10;
/** Past it they are forgotten, which costs superfluous tries. */
const MAX_KNOWN = 100_000;

type Ending =
  | { readonly kind: 'done' | 'ended' }
  | { readonly kind: 'failed' | 'refused' | 'hopeless'; readonly reason: string };

interface Run {
  readonly ending: Ending;
  /** Whether the job that began it could be settled. */
  readonly isSettled: boolean;
}

export interface TransferCounts {
  moved: number;
  failed: number;
  dead: number;
}

export class Transfers {
  readonly counts: TransferCounts = { moved: 0, failed: 0, dead: 0 };
  readonly #options: TransferOptions;
  readonly #stop = new AbortController();
  readonly #running = new Map<string, Promise<Run>>();
  /** Until when other jobs for a content are superfluous, by the monotonic clock: well before its own comes again. */
  readonly #due = new Map<string, number>();
  /** Enqueued by this process, and not delivered yet. */
  readonly #waiting = new Set<string>();
  readonly #waiters = new Map<string, Set<() => void>>();
  #consumer: JobConsumer | undefined;

  constructor(options: TransferOptions) {
    this.#options = options;
  }

  start(): void {
    this.#consumer = this.#options.queue.consume({
      prefetch: IN_PARALLEL,
      deliver: (delivery) => {
        this.#take(delivery).catch(this.#options.onDefect);
      },
    });
  }

  /** Durable when it answers. A content for which there is a job already may have two. */
  async enqueue(hash: string): Promise<void> {
    await this.#options.queue.enqueue({ id: hash, body: new Uint8Array(0) });
    if (this.#waiting.size >= MAX_KNOWN) this.#waiting.clear();
    this.#waiting.add(hash);
  }

  isRunning(hash: string): boolean {
    return this.#running.has(hash);
  }

  /** Whether this process knows of a job for the content. There may be others. */
  hasJob(hash: string): boolean {
    return this.#running.has(hash) || this.#due.has(hash) || this.#waiting.has(hash);
  }

  /** True once the content is in the object store, false after `waitMs` without. */
  async whenStored(hash: string, waitMs: number): Promise<boolean> {
    const moved = Promise.withResolvers<boolean>();
    const waiters = this.#waiters.get(hash) ?? new Set();
    this.#waiters.set(hash, waiters);
    const waiter = (): void => moved.resolve(true);
    waiters.add(waiter);
    const cancel = this.#options.host.setTimer(waitMs, () => moved.resolve(false));
    try {
      const content = await this.#options.records.content(hash);
      if (content?.status === 'stored') return true;
      return await moved.promise;
    } finally {
      cancel();
      waiters.delete(waiter);
      if (waiters.size === 0) this.#waiters.delete(hash);
    }
  }

  /** What is under way is put back and goes on at the next start where it was. */
  async close(): Promise<void> {
    this.#stop.abort(new Error('the transfers are ending'));
    await Promise.all(this.#running.values());
    await this.#consumer?.close();
  }

  async #take(delivery: Delivery): Promise<void> {
    const { id: hash } = delivery.job;
    if (!isSha256(hash))
      return void (await this.#settle(delivery, { kind: 'hopeless', reason: 'it names no content' }));
    this.#waiting.delete(hash);
    const running = this.#running.get(hash);
    if (running !== undefined) return await this.#join(delivery, running);
    const due = this.#due.get(hash);
    if (due !== undefined && due > this.#options.host.monotonicMs()) {
      return void (await this.#settle(delivery, { kind: 'done' }));
    }
    this.#due.delete(hash);
    const run = this.#run(hash).then(async (ending) => ({ ending, isSettled: await this.#settle(delivery, ending) }));
    this.#running.set(hash, run);
    await run.finally(() => this.#running.delete(hash));
  }

  /** A second job for a content that is on its way is superfluous, if the first one could be settled. */
  async #join(delivery: Delivery, running: Promise<Run>): Promise<void> {
    const { ending, isSettled } = await running;
    await this.#settle(delivery, isSettled ? { kind: 'done' } : ending);
  }

  async #run(hash: string): Promise<Ending> {
    if (this.#stop.signal.aborted) return { kind: 'ended' };
    try {
      return this.#ended(hash, await moveContent(this.#options, hash, this.#stop.signal));
    } catch (error) {
      if (this.#stop.signal.aborted) return { kind: 'ended' };
      if (!(error instanceof StorageFault)) throw error;
      return { kind: error.code === 'refused' ? 'refused' : 'failed', reason: error.message };
    }
  }

  #ended(hash: string, outcome: MoveOutcome): Ending {
    if (outcome === 'elsewhere') return { kind: 'hopeless', reason: 'its bytes are on another node' };
    if (outcome === 'moved') {
      this.counts.moved += 1;
      this.#options.onMoved(hash);
    }
    for (const waiter of this.#waiters.get(hash) ?? []) waiter();
    return { kind: 'done' };
  }

  /** False for a settlement that failed: the job comes again, and every step bears repetition. */
  async #settle(delivery: Delivery, ending: Ending): Promise<boolean> {
    try {
      await this.#settleOnce(delivery, ending);
      return true;
    } catch (error) {
      if (!(error instanceof StorageFault)) throw error;
      this.#options.onFailed(delivery.job.id, error.message, false);
      return false;
    }
  }

  async #settleOnce(delivery: Delivery, ending: Ending): Promise<void> {
    switch (ending.kind) {
      case 'done':
        return await delivery.done();
      case 'ended':
        return await delivery.putBack();
      case 'hopeless':
        return await this.#giveUp(delivery, ending.reason);
      case 'refused':
        if (delivery.job.attempt >= MAX_REFUSALS) return await this.#giveUp(delivery, ending.reason);
        return await this.#retry(delivery, ending.reason);
      case 'failed':
        return await this.#retry(delivery, ending.reason);
    }
  }

  async #giveUp(delivery: Delivery, reason: string): Promise<void> {
    await delivery.giveUp(reason);
    this.#failed(delivery.job.id, reason, true);
  }

  async #retry(delivery: Delivery, reason: string): Promise<void> {
    const { id, attempt } = delivery.job;
    const untilMs = this.#options.host.monotonicMs() + delayAfter(attempt, TRANSFER_POLICY) / 2;
    const outcome = await delivery.retry(reason);
    if (outcome === 'again') {
      if (this.#due.size >= MAX_KNOWN) this.#due.clear();
      this.#due.set(id, untilMs);
    }
    this.#failed(id, reason, outcome === 'dead');
  }

  #failed(hash: string, reason: string, isDead: boolean): void {
    this.counts[isDead ? 'dead' : 'failed'] += 1;
    this.#options.onFailed(hash, reason, isDead);
  }
}
