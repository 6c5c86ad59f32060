/**
 * Job queues: work that is done later, by whoever is free, and tried again until it succeeds or is given up: transfers,
 * downloads, thumbnails, hooks.
 *
 * *Delivery.* At least once. A job is delivered again when its consumer dies, when what settles it is lost on the way, or
 * when whoever enqueued it did not hear that it was taken and enqueued it anew. Handlers are idempotent by the job's id.
 * *Order.* None is promised; jobs that wait are roughly taken in turn.
 */
import { StorageFault } from './faults.ts';

export interface NewJob {
  /** 1 … 64 letters, digits, `_` and `-`. The queue does not look for a job of the same id. */
  readonly id: string;
  /** Opaque; at most {@link MAX_JOB_BYTES}. */
  readonly body: Uint8Array;
  /** Not before so many milliseconds have passed; see {@link QueuePolicy.delaysMs}. */
  readonly delayMs?: number;
}

export interface Job {
  readonly id: string;
  readonly body: Uint8Array;
  /**
   * Which delivery this is: 1, 2, 3 … up to `maxAttempts`. One that was on its way to a consumer when its connection was
   * lost counts too, though the consumer has not seen it.
   */
  readonly attempt: number;
  /** Milliseconds since the epoch, by the clock of whoever enqueued it. */
  readonly enqueuedAt: number;
}

/**
 * One job in the hands of a consumer, until exactly one of the four methods has settled it. Settling it again is an error
 * of the program.
 *
 * *Gotchas.* A method that rejects with `unavailable` has perhaps done nothing: the job comes again, and may then be there
 * twice. While the back end is there, the method may be called again; once the consumer has lost its connection, every
 * one of them rejects, since the job is given to somebody already.
 */
export interface Delivery {
  readonly job: Job;
  /** The job is done and goes. */
  done(): Promise<void>;
  /**
   * The job failed and comes again after `delayMs`, or else after the delay that belongs to its attempt; after its last
   * attempt it is dead. Says which.
   */
  retry(reason: string, delayMs?: number): Promise<'again' | 'dead'>;
  /** The job can never succeed: it is dead at once. */
  giveUp(reason: string): Promise<void>;
  /** The job was not tried, as its consumer is ending: it comes again at once, to anybody, and the attempt does not count. */
  putBack(): Promise<void>;
}

export interface ConsumeOptions {
  /** How many deliveries may be unsettled at once: 1 … 1,000. */
  readonly prefetch: number;
  /** Takes one delivery. Must not throw; what goes wrong with the job is told to the delivery. */
  readonly deliver: (delivery: Delivery) => void;
}

export interface JobConsumer {
  /** Ends the consumer. What it has not settled is delivered again, and the attempt counts. */
  close(): Promise<void>;
}

/** A job that has used up its attempts or was given up. It stays until it is replayed or discarded. */
export interface DeadJob {
  readonly id: string;
  readonly body: Uint8Array;
  readonly attempts: number;
  /** Of its last failure. */
  readonly reason: string;
  readonly enqueuedAt: number;
  /** Milliseconds since the epoch. */
  readonly diedAt: number;
}

/** Of one queue; the same wherever that queue is opened. */
export interface QueuePolicy {
  /** Deliveries before a job is dead. A job that kills its consumers each time is dead after as many. */
  readonly maxAttempts: number;
  /**
   * Ascending, in milliseconds. A job's first failure costs the first of them, and so on, and the last one serves all
   * further ones. A delay that is asked for is at most the last; a driver may take the next higher of them.
   */
  readonly delaysMs: readonly number[];
  /** Past about this many jobs that wait, enqueuing is `unavailable`. */
  readonly maxJobs: number;
  /** Past about this many dead jobs a job cannot die: settling it so is `unavailable`, and it comes again. */
  readonly maxDead: number;
}

/** One queue by its name. Methods reject with a `StorageFault`. */
export interface JobQueue {
  /**
   * Adds a job. Durable when it answers. `unavailable`: the queue is full, or the outcome is unknown and it may be
   * enqueued again.
   */
  enqueue(job: NewJob): Promise<void>;

  /**
   * Begins to deliver jobs, now and whenever there are some. Several consumers share them. While the back end is away
   * nothing is delivered, and everything unsettled counts as given back; deliveries go on by themselves afterwards.
   */
  consume(options: ConsumeOptions): JobConsumer;

  /**
   * Dead jobs, those that died first, first; `limit` is 1 … 1,000.
   *
   * *Gotchas.* For operators, not for programs that ask all the time: a driver may have to go through all of them. Of two
   * processes that look at the same time, each may see a part.
   */
  dead(limit: number): Promise<readonly DeadJob[]>;

  /** Enqueues dead jobs again, with all their attempts before them. Says how many there were. */
  replay(ids: readonly string[]): Promise<number>;

  /** Removes dead jobs for good. Says how many there were. */
  discard(ids: readonly string[]): Promise<number>;

  /** Resolves if the back end answers and the queue can be used. */
  ping(): Promise<void>;

  /** Ends the consumers too. */
  close(): Promise<void>;
}

export const MAX_JOB_BYTES = 64 * 1024;
export const MAX_PREFETCH = 1_000;
export const MAX_DEAD_LIMIT = 1_000;
/** A longer reason is cut. */
export const MAX_REASON_CHARACTERS = 500;

const ID = /^[A-Za-z0-9_-]{1,64}$/;
const QUEUE_NAME = /^[a-z][a-z0-9-]{0,31}$/;

export function checkQueueName(name: string): void {
  if (!QUEUE_NAME.test(name)) throw new RangeError(`not a name of a queue: ${JSON.stringify(name)}`);
}

export function checkPolicy({ maxAttempts, delaysMs, maxJobs, maxDead }: QueuePolicy): void {
  for (const number of [maxAttempts, maxJobs, maxDead, ...delaysMs]) {
    if (!Number.isSafeInteger(number) || number < 1) throw new RangeError(`not a bound of a queue: ${number}`);
  }
  const isAscending = delaysMs.every((delay, index) => index === 0 || delay > (delaysMs[index - 1] ?? 0));
  if (delaysMs.length === 0 || !isAscending) throw new RangeError(`not ascending delays: ${delaysMs.join(', ')}`);
}

/** Refuses what is no job. */
export function checkJob({ id, body, delayMs }: NewJob, policy: QueuePolicy): void {
  if (!ID.test(id)) throw refusal(`not an id of a job: ${JSON.stringify(id.slice(0, 100))}`);
  if (body.length > MAX_JOB_BYTES) throw refusal(`the body of job ${id} has ${body.length} bytes`);
  if (delayMs !== undefined) checkDelay(delayMs, policy);
}

export function checkDelay(delayMs: number, { delaysMs }: QueuePolicy): void {
  if (!(delayMs >= 0 && delayMs <= (delaysMs.at(-1) ?? 0))) throw refusal(`not a delay: ${delayMs} ms`);
}

export function checkPrefetch(prefetch: number): void {
  if (!Number.isInteger(prefetch) || prefetch < 1 || prefetch > MAX_PREFETCH) {
    throw new RangeError(`not a prefetch: ${prefetch}`);
  }
}

export function checkDeadLimit(limit: number): void {
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_DEAD_LIMIT) throw refusal(`not a limit: ${limit}`);
}

/** The delay before the attempt that follows `attempt`: milliseconds. */
export function delayAfter(attempt: number, { delaysMs }: QueuePolicy): number {
  return delaysMs[Math.min(attempt, delaysMs.length) - 1] ?? 0;
}

/** What a job that was never settled is said to have died of. */
export function unsettledReason(attempts: number): string {
  return `not settled in ${attempts} deliveries: its consumers died or lost their connection`;
}

export function cutReason(reason: string): string {
  return reason.slice(0, MAX_REASON_CHARACTERS);
}

/**
 * Lets a delivery be settled once. A settlement that fails may be tried again; two at once, or one after a success, are
 * errors of the program.
 */
export class SettleOnce {
  #state: 'open' | 'settling' | 'settled' = 'open';

  async run<T>(id: string, settle: () => Promise<T>): Promise<T> {
    if (this.#state !== 'open') throw new Error(`job ${id} is ${this.#state} already`);
    this.#state = 'settling';
    try {
      const answer = await settle();
      this.#state = 'settled';
      return answer;
    } catch (error) {
      this.#state = 'open';
      throw error;
    }
  }
}

function refusal(message: string): StorageFault {
  return new StorageFault('refused', message);
}
