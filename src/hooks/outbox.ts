/**
 * The outbox: notes which messages are about to be stored, before they are, so that a crash in between loses none of them.
 * What it notes are jobs; whoever takes them waits until the store has the messages.
 *
 * While the queue cannot take jobs, the ranges wait here, and messages do not wait for them: a crash loses those.
 */
import type { Host } from '../runtime/host.ts';
import { StorageFault } from '../storage/ports/faults.ts';
import type { LogRecord } from '../storage/ports/log-record.ts';
import type { JobQueue, QueuePolicy } from '../storage/ports/queue.ts';
import { encodeJob, type RoomRange, wants } from './event.ts';
import type { KnownHooks } from './known-hooks.ts';

export interface OutboxOptions {
  readonly queue: Pick<JobQueue, 'enqueue'>;
  readonly hooks: Pick<KnownHooks, 'now'>;
  readonly host: Pick<Host, 'setTimer' | 'newId'>;
  /** For the log, once for each outage. */
  readonly onFault: (fault: StorageFault) => void;
  readonly onDefect: (error: unknown) => void;
}

export const MOVED_QUEUE = 'hook-moved';
/** A job waits for the store for more than a day; what it then lacks never gets there. */
export const MOVED_POLICY: QueuePolicy = {
  maxAttempts: 20_000,
  delaysMs: [200, 1_000, 5_000],
  maxJobs: 100_000,
  maxDead: 1_000,
};

/** A room's id and two numbers stay far below 300 bytes, and the body of a job below 64 KiB. */
const RANGES_OF_A_JOB = 200;
/** By then the store mostly has them. */
const FIRST_LOOK_MS = 200;
const RETRY_MS = 1_000;
/** Rooms that may wait for the queue, and rooms of which is known how far they were noted. */
const MAX_ROOMS = 100_000;

export class Outbox {
  readonly #options: OutboxOptions;
  readonly #pending = new Map<string, RoomRange>();
  /** How far each room was noted, so that what is moved again is not noted again. */
  readonly #noted = new Map<string, number>();
  #sending: Promise<void> | undefined;
  #cancel: () => void = () => undefined;
  #isAway = false;
  dropped = 0;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Resolves once the jobs are durable, or at once while the queue is away. Never rejects. */
  async announce(records: readonly LogRecord[]): Promise<void> {
    const hooks = this.#options.hooks.now;
    for (const { stream, room, seq } of records) {
      const isWanted = hooks === undefined || hooks.some((hook) => wants(hook, room));
      if (stream === 'messages' && isWanted) this.#note(room, seq);
    }
    if (this.#pending.size > 0 && !this.#isAway) await this.#send();
  }

  close(): void {
    this.#cancel();
  }

  #note(room: string, seq: number): void {
    if (seq <= (this.#noted.get(room) ?? 0)) return;
    this.#noted.delete(room);
    this.#noted.set(room, seq);
    if (this.#noted.size > MAX_ROOMS) this.#noted.delete(this.#noted.keys().next().value as string);
    const range = this.#pending.get(room);
    if (range === undefined && this.#pending.size >= MAX_ROOMS) this.dropped += 1;
    else this.#pending.set(room, { room, from: range?.from ?? seq, to: seq });
  }

  /** One at a time: who comes meanwhile waits for the one after it. */
  async #send(): Promise<void> {
    while (this.#sending !== undefined) await this.#sending;
    this.#sending = this.#sendAll();
    await this.#sending;
    this.#sending = undefined;
  }

  async #sendAll(): Promise<void> {
    const { queue, host } = this.#options;
    try {
      while (this.#pending.size > 0) {
        const ranges = [...this.#pending.values()].slice(0, RANGES_OF_A_JOB);
        await queue.enqueue({ id: host.newId(), body: encodeJob(ranges), delayMs: FIRST_LOOK_MS });
        for (const range of ranges) this.#sent(range);
      }
      this.#isAway = false;
    } catch (error) {
      this.#failed(error);
    }
  }

  /** What was added to the range meanwhile stays. */
  #sent({ room, to }: RoomRange): void {
    const range = this.#pending.get(room);
    if (range === undefined || range.to <= to) this.#pending.delete(room);
    else this.#pending.set(room, { ...range, from: to + 1 });
  }

  #failed(error: unknown): void {
    const { host, onFault, onDefect } = this.#options;
    if (!(error instanceof StorageFault)) return onDefect(error);
    if (!this.#isAway) onFault(error);
    this.#isAway = true;
    this.#cancel = host.setTimer(RETRY_MS, () => void this.#send());
  }
}
