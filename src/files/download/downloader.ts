/**
 * The downloads of a node: jobs that fetch for users, a few at once, each again until it is done, cannot be done or is not
 * wanted any more. The record decides; a job without work in its record ends.
 */
import type { CancelTimer, Host } from '../../runtime/host.ts';
import { type DownloadRecord, OPEN_STATES } from '../../storage/ports/downloads.ts';
import { StorageFault } from '../../storage/ports/faults.ts';
import type { Delivery, JobConsumer, JobQueue, QueuePolicy } from '../../storage/ports/queue.ts';
import { DownloadFault, type DownloadProblem } from './download-fault.ts';
import { checkedUrl } from './egress.ts';
import { type RunEnding, type RunOptions, runDownload } from './runner.ts';
import { UploadRefusal } from './upload-door.ts';

export interface DownloaderOptions extends RunOptions {
  readonly queue: JobQueue;
  readonly host: Pick<Host, 'setTimer'>;
  /** Open ones of one user. */
  readonly maxOpen: number;
  /** For the log. */
  readonly onFailed: (download: string, reason: string, isFinal: boolean) => void;
  /** A defect. */
  readonly onDefect: (error: unknown) => void;
}

export type AddRefusal = 'too-many' | DownloadProblem;
export type Added = { readonly record: DownloadRecord } | { readonly refusal: AddRefusal; readonly message: string };
/** The record as it is then; null where it was in none of the states that this takes. */
export type Controlled = DownloadRecord | null;

export const DOWNLOAD_QUEUE = 'downloads';
export const DOWNLOAD_POLICY: QueuePolicy = {
  maxAttempts: 8,
  delaysMs: [2_000, 10_000, 60_000, 300_000, 900_000],
  maxJobs: 1_000_000,
  maxDead: 1_000,
};
/** On their way at once. */
const IN_PARALLEL = 4;
const SWEEP_EVERY_MS = 60_000;
const SWEEP_PAGE = 500;
/** How long a user sees what has ended. */
const FORGET_MS = 30 * 86_400_000;

interface Running {
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

export class Downloader {
  readonly counts = { done: 0, failed: 0, retried: 0 };
  readonly #options: DownloaderOptions;
  readonly #running = new Map<string, Running>();
  /** For which this process knows of a job that is to come. */
  readonly #waiting = new Set<string>();
  #consumer: JobConsumer | undefined;
  #cancelTimer: CancelTimer = () => undefined;
  #sweeping: Promise<void> = Promise.resolve();
  #isEnding = false;

  constructor(options: DownloaderOptions) {
    this.#options = options;
  }

  /** Uploads can be written to from now on. */
  start(): void {
    this.#consumer = this.#options.queue.consume({
      prefetch: IN_PARALLEL,
      deliver: (delivery) => void this.#take(delivery).catch(this.#options.onDefect),
    });
    this.#sweep();
  }

  /** Stops what runs; all of it goes on at the next start. */
  async close(): Promise<void> {
    this.#isEnding = true;
    this.#cancelTimer();
    for (const { stop } of this.#running.values()) stop.abort();
    await Promise.all([...this.#running.values()].map(({ ended }) => ended));
    await this.#sweeping;
    await this.#consumer?.close();
    this.#consumer = undefined;
  }

  async add(user: string, url: string, name: string): Promise<Added> {
    const { egress, newId, wallMs, records, maxOpen } = this.#options;
    let checked: URL;
    try {
      checked = checkedUrl(url, egress());
    } catch (error) {
      if (!(error instanceof DownloadFault)) throw error;
      return { refusal: error.problem, message: error.message };
    }
    const at = wallMs();
    const record: DownloadRecord = {
      id: newId(),
      user,
      url: checked.href,
      name,
      size: null,
      received: 0,
      state: 'queued',
      problem: '',
      file: null,
      validator: null,
      upload: null,
      createdAt: at,
      updatedAt: at,
    };
    const message = `at most ${maxOpen} downloads may be under way; cancel one or wait`;
    if (!(await records.create(record, maxOpen))) return { refusal: 'too-many', message };
    await this.#enqueue(record.id);
    return { record };
  }

  async pause(id: string): Promise<Controlled> {
    const paused = await this.#change(id, ['queued', 'running'], 'paused');
    if (paused !== null) this.#running.get(id)?.stop.abort();
    return paused;
  }

  async resume(id: string): Promise<Controlled> {
    const resumed = await this.#change(id, ['paused'], 'queued');
    if (resumed !== null) await this.#enqueue(id);
    return resumed;
  }

  async cancel(id: string): Promise<Controlled> {
    const cancelled = await this.#change(id, OPEN_STATES, 'cancelled');
    if (cancelled === null) return null;
    const running = this.#running.get(id);
    running?.stop.abort();
    void Promise.resolve(running?.ended)
      .then(() => this.#free(id))
      .catch(this.#options.onDefect);
    return cancelled;
  }

  async #change(id: string, from: Parameters<RunOptions['records']['change']>[1], state: DownloadRecord['state']) {
    const { records, wallMs, onChanged } = this.#options;
    const changed = await records.change(id, from, { state }, wallMs());
    if (changed !== null) onChanged(changed);
    return changed;
  }

  /** The record is there: what cannot be enqueued now is found by the sweep. */
  async #enqueue(id: string): Promise<void> {
    this.#waiting.add(id);
    try {
      await this.#options.queue.enqueue({ id, body: new Uint8Array(0) });
    } catch (error) {
      this.#waiting.delete(id);
      if (!(error instanceof StorageFault)) throw error;
      this.#options.onFailed(id, error.message, false);
    }
  }

  /** A second job for one that runs is superfluous; one for a run that is ending takes over. */
  async #take(delivery: Delivery): Promise<void> {
    const { id } = delivery.job;
    this.#waiting.delete(id);
    for (let running = this.#running.get(id); running !== undefined; running = this.#running.get(id)) {
      if (!running.stop.signal.aborted) return await this.#settle(id, () => delivery.done());
      await running.ended;
    }
    if (this.#isEnding) return await this.#settle(id, () => delivery.putBack());
    const stop = new AbortController();
    const ended = this.#run(delivery, stop.signal).finally(() => this.#running.delete(id));
    this.#running.set(id, { stop, ended: ended.catch(() => undefined) });
    await ended;
  }

  async #run(delivery: Delivery, signal: AbortSignal): Promise<void> {
    const { id } = delivery.job;
    const ending = await runDownload(this.#options, id, signal);
    if (ending.kind === 'done') this.counts.done += 1;
    if (ending.kind === 'failed') return await this.#failed(delivery, ending);
    if (ending.kind === 'done' || (signal.aborted && !this.#isEnding)) {
      return await this.#settle(id, () => delivery.done());
    }
    if (this.#isEnding) return await this.#settle(id, () => delivery.putBack());
    await this.#again(delivery, 'somebody else had its upload');
  }

  async #failed(delivery: Delivery, { problem, mayPass, reason }: Extract<RunEnding, { kind: 'failed' }>) {
    const { id, attempt } = delivery.job;
    if (mayPass && attempt < DOWNLOAD_POLICY.maxAttempts) {
      await this.#settle(id, () => this.#requeue(id));
      return await this.#again(delivery, reason);
    }
    this.counts.failed += 1;
    this.#options.onFailed(id, reason, true);
    await this.#settle(id, async () => {
      const { records, wallMs, onChanged } = this.#options;
      const failed = await records.change(id, ['queued', 'running'], { state: 'failed', problem }, wallMs());
      if (failed !== null) onChanged(failed);
      await this.#free(id);
      await delivery.done();
    });
  }

  async #requeue(id: string): Promise<void> {
    await this.#change(id, ['running'], 'queued');
  }

  async #again(delivery: Delivery, reason: string): Promise<void> {
    const { id } = delivery.job;
    this.counts.retried += 1;
    this.#options.onFailed(id, reason, false);
    this.#waiting.add(id);
    await this.#settle(id, async () => {
      if ((await delivery.retry(reason)) === 'dead') this.#waiting.delete(id);
    });
  }

  /** Where a step fails, the job comes again, or the sweep finds the record; every step bears repetition. */
  async #settle(id: string, settle: () => Promise<void>): Promise<void> {
    try {
      await settle();
    } catch (error) {
      if (!(error instanceof StorageFault)) throw error;
      this.#options.onFailed(id, error.message, false);
    }
  }

  /** What came of one that ended is of no use. Where this fails the bytes go when the upload expires. */
  async #free(id: string): Promise<void> {
    try {
      const record = await this.#options.records.download(id);
      if (record === null || record.upload === null || record.state === 'done') return;
      await this.#options.door.terminate(record.user, record.upload);
    } catch (error) {
      if (!(error instanceof StorageFault || error instanceof UploadRefusal)) throw error;
      this.#options.onFailed(id, error.message, false);
    }
  }

  #sweep(): void {
    this.#sweeping = this.#sweepOnce()
      .catch((error: unknown) => {
        if (!(error instanceof StorageFault)) return this.#options.onDefect(error);
        this.#options.onFailed('all', error.message, false);
      })
      .then(() => {
        if (!this.#isEnding) this.#cancelTimer = this.#options.host.setTimer(SWEEP_EVERY_MS, () => this.#sweep());
      });
  }

  /** Enqueues what ought to be under way and is not, and forgets what ended long ago. */
  async #sweepOnce(): Promise<void> {
    const { records, wallMs } = this.#options;
    let after: string | undefined;
    do {
      const page = await records.unfinished(SWEEP_PAGE, after);
      for (const { id } of page) {
        if (this.#isEnding) return;
        if (!this.#running.has(id) && !this.#waiting.has(id)) await this.#enqueue(id);
      }
      after = page.length < SWEEP_PAGE ? undefined : page.at(-1)?.id;
    } while (after !== undefined);
    while ((await records.forgetEnded(wallMs() - FORGET_MS, SWEEP_PAGE)) === SWEEP_PAGE && !this.#isEnding);
  }
}
