/** One queue in the table: who consumes, who has what, and when to look again. */
import { StorageFault } from '../../ports/faults.ts';
import {
  type ConsumeOptions,
  checkDeadLimit,
  checkDelay,
  checkJob,
  checkPolicy,
  checkPrefetch,
  checkQueueName,
  cutReason,
  type DeadJob,
  type Delivery,
  delayAfter,
  type JobConsumer,
  type JobQueue,
  type NewJob,
  type QueuePolicy,
  SettleOnce,
} from '../../ports/queue.ts';
import { guarded } from '../faults.ts';
import type { JobTable, TakenJob } from './job-table.ts';

export interface SqliteQueueOptions {
  readonly now?: () => number;
  readonly onFault?: (fault: StorageFault) => void;
}

interface Consumer {
  readonly options: ConsumeOptions;
  /** Keys of the jobs that it has. */
  readonly held: Set<number>;
}

/** Longest wait between two looks, so that a clock that was set is noticed: milliseconds. */
const MAX_WAIT_MS = 60_000;
/** After a look that failed: milliseconds. */
const FAULT_PAUSE_MS = 1_000;

export class SqliteQueue implements JobQueue {
  readonly #name: string;
  readonly #policy: QueuePolicy;
  readonly #table: JobTable;
  readonly #now: () => number;
  readonly #onFault: (fault: StorageFault) => void;
  readonly #consumers = new Set<Consumer>();
  #waiting: number;
  #dead: number;
  #isPumping = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(name: string, policy: QueuePolicy, table: JobTable, options: SqliteQueueOptions) {
    checkQueueName(name);
    checkPolicy(policy);
    this.#name = name;
    this.#policy = policy;
    this.#table = table;
    this.#now = options.now ?? Date.now;
    this.#onFault = options.onFault ?? (() => undefined);
    this.#waiting = guarded(`count the jobs of ${name}`, () => table.waiting());
    this.#dead = guarded(`count the dead jobs of ${name}`, () => table.dead());
  }

  enqueue(job: NewJob): Promise<void> {
    return Promise.try(() => {
      checkJob(job, this.#policy);
      if (this.#waiting >= this.#policy.maxJobs) throw new StorageFault('unavailable', `queue ${this.#name} is full`);
      const now = this.#now();
      guarded(`enqueue job ${job.id}`, () => this.#table.insert(job, now, now + (job.delayMs ?? 0)));
      this.#waiting += 1;
      this.#pumpSoon();
    });
  }

  consume(options: ConsumeOptions): JobConsumer {
    checkPrefetch(options.prefetch);
    const consumer: Consumer = { options, held: new Set() };
    this.#consumers.add(consumer);
    this.#pumpSoon();
    return { close: () => Promise.try(() => this.#end(consumer)) };
  }

  dead(limit: number): Promise<readonly DeadJob[]> {
    return Promise.try(() => {
      checkDeadLimit(limit);
      return guarded('list dead jobs', () => this.#table.listDead(limit));
    });
  }

  replay(ids: readonly string[]): Promise<number> {
    return Promise.try(() => {
      const count = guarded('replay dead jobs', () => this.#table.replay(ids, this.#now()));
      this.#dead -= count;
      this.#waiting += count;
      this.#pumpSoon();
      return count;
    });
  }

  discard(ids: readonly string[]): Promise<number> {
    return Promise.try(() => {
      const count = guarded('discard dead jobs', () => this.#table.discard(ids));
      this.#dead -= count;
      return count;
    });
  }

  ping(): Promise<void> {
    return Promise.try(() => {
      guarded('look at the jobs', () => this.#table.nextDue());
    });
  }

  close(): Promise<void> {
    return Promise.try(() => {
      for (const consumer of [...this.#consumers]) this.#end(consumer);
    });
  }

  /** If its jobs cannot be given back they stay with it, and the call may be repeated. */
  #end(consumer: Consumer): void {
    if (!this.#consumers.has(consumer)) return;
    guarded('give jobs back', () => this.#table.waitAll([...consumer.held], this.#now()));
    this.#consumers.delete(consumer);
    this.#waiting += consumer.held.size;
    consumer.held.clear();
    this.#pumpSoon();
  }

  #pumpSoon(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    queueMicrotask(() => {
      this.#isPumping = false;
      this.#pump();
    });
  }

  /** Gives what is due to those who have room, and wakes again when the next job is due. */
  #pump(): void {
    clearTimeout(this.#timer);
    try {
      for (const consumer of this.#consumers) this.#fill(consumer);
      this.#wakeForNext();
    } catch (error) {
      if (!(error instanceof StorageFault)) throw error;
      this.#onFault(error);
      this.#wakeAfter(FAULT_PAUSE_MS);
    }
  }

  #fill(consumer: Consumer): void {
    for (;;) {
      const room = consumer.options.prefetch - consumer.held.size;
      if (room === 0) return;
      const { taken, died } = guarded('take jobs', () => this.#table.take(room, this.#now(), this.#policy.maxAttempts));
      this.#waiting -= taken.length + died;
      this.#dead += died;
      for (const job of taken) consumer.held.add(job.key);
      for (const job of taken) consumer.options.deliver(this.#delivery(job, consumer));
      if (died === 0) return;
    }
  }

  #wakeForNext(): void {
    const hasRoom = [...this.#consumers].some(({ held, options }) => held.size < options.prefetch);
    const due = hasRoom ? guarded('look at the jobs', () => this.#table.nextDue()) : null;
    if (due !== null) this.#wakeAfter(Math.min(MAX_WAIT_MS, Math.max(0, due - this.#now())));
  }

  #wakeAfter(ms: number): void {
    this.#timer = setTimeout(() => this.#pump(), ms);
  }

  #delivery({ key, id, body, attempts, enqueuedAt }: TakenJob, consumer: Consumer): Delivery {
    const once = new SettleOnce();
    const settle = <T>(doing: string, work: () => T): Promise<T> =>
      once.run(id, () =>
        Promise.try(() => {
          if (!consumer.held.has(key)) throw new StorageFault('unavailable', `the consumer of job ${id} was closed`);
          const answer = guarded(`${doing} job ${id}`, work);
          consumer.held.delete(key);
          this.#pumpSoon();
          return answer;
        }),
      );
    const wait = (delayMs: number, attemptCounts: boolean): void => {
      this.#table.wait(key, this.#now() + delayMs, attemptCounts);
      this.#waiting += 1;
    };
    return {
      job: { id, body, attempt: attempts, enqueuedAt },
      done: () => settle('finish', () => this.#table.remove(key)),
      retry: (reason, delayMs = delayAfter(attempts, this.#policy)) =>
        settle('retry', () => {
          checkDelay(delayMs, this.#policy);
          if (attempts < this.#policy.maxAttempts) {
            wait(delayMs, true);
            return 'again' as const;
          }
          this.#bury(key, reason);
          return 'dead' as const;
        }),
      giveUp: (reason) => settle('give up', () => this.#bury(key, reason)),
      putBack: () => settle('put back', () => wait(0, false)),
    };
  }

  #bury(key: number, reason: string): void {
    if (this.#dead >= this.#policy.maxDead) {
      throw new StorageFault('unavailable', `queue ${this.#name} has too many dead jobs`);
    }
    this.#table.bury(key, this.#now(), cutReason(reason));
    this.#dead += 1;
  }
}
