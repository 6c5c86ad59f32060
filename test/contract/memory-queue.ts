/** The job queue's reference model: what the port says, in the plainest form. */
import { StorageFault } from '../../src/storage/ports/faults.ts';
import {
  type ConsumeOptions,
  checkDeadLimit,
  checkDelay,
  checkJob,
  checkPrefetch,
  cutReason,
  type DeadJob,
  type Delivery,
  delayAfter,
  type JobConsumer,
  type JobQueue,
  type NewJob,
  type QueuePolicy,
  SettleOnce,
  unsettledReason,
} from '../../src/storage/ports/queue.ts';

interface Entry {
  readonly id: string;
  readonly body: Uint8Array;
  readonly enqueuedAt: number;
  attempts: number;
}

interface Consumer {
  readonly options: ConsumeOptions;
  readonly held: Set<Entry>;
}

export class MemoryQueue implements JobQueue {
  readonly #policy: QueuePolicy;
  readonly #ready: Entry[] = [];
  readonly #delayed = new Map<Entry, ReturnType<typeof setTimeout>>();
  readonly #consumers = new Set<Consumer>();
  #dead: DeadJob[] = [];

  constructor(policy: QueuePolicy) {
    this.#policy = policy;
  }

  async enqueue(job: NewJob): Promise<void> {
    checkJob(job, this.#policy);
    if (this.#ready.length + this.#delayed.size >= this.#policy.maxJobs) throw full('the queue is full');
    const { id, body, delayMs = 0 } = job;
    this.#wait({ id, body: body.slice(), enqueuedAt: Date.now(), attempts: 0 }, delayMs);
  }

  consume(options: ConsumeOptions): JobConsumer {
    checkPrefetch(options.prefetch);
    const consumer: Consumer = { options, held: new Set() };
    this.#consumers.add(consumer);
    queueMicrotask(() => this.#pump());
    return { close: async () => this.#end(consumer) };
  }

  async dead(limit: number): Promise<readonly DeadJob[]> {
    checkDeadLimit(limit);
    return this.#dead.slice(0, limit);
  }

  async replay(ids: readonly string[]): Promise<number> {
    const wanted = this.#dead.filter((job) => ids.includes(job.id));
    await this.discard(ids);
    for (const { id, body, enqueuedAt } of wanted) this.#wait({ id, body, enqueuedAt, attempts: 0 }, 0);
    return wanted.length;
  }

  async discard(ids: readonly string[]): Promise<number> {
    const before = this.#dead.length;
    this.#dead = this.#dead.filter((job) => !ids.includes(job.id));
    return before - this.#dead.length;
  }

  async ping(): Promise<void> {}

  async close(): Promise<void> {
    for (const consumer of [...this.#consumers]) this.#end(consumer);
    for (const timer of this.#delayed.values()) timer.unref();
  }

  #end(consumer: Consumer): void {
    if (!this.#consumers.delete(consumer)) return;
    for (const entry of consumer.held) this.#wait(entry, 0);
    consumer.held.clear();
  }

  #wait(entry: Entry, delayMs: number): void {
    if (delayMs === 0) this.#ready.push(entry);
    else {
      const due = (): void => {
        this.#delayed.delete(entry);
        this.#wait(entry, 0);
      };
      this.#delayed.set(entry, setTimeout(due, delayMs));
    }
    queueMicrotask(() => this.#pump());
  }

  #pump(): void {
    for (const consumer of this.#consumers) {
      while (consumer.held.size < consumer.options.prefetch) {
        const entry = this.#ready.shift();
        if (entry === undefined) return;
        if (entry.attempts >= this.#policy.maxAttempts) {
          this.#bury(entry, unsettledReason(entry.attempts));
          continue;
        }
        entry.attempts += 1;
        consumer.held.add(entry);
        consumer.options.deliver(this.#delivery(entry, consumer));
      }
    }
  }

  #bury({ id, body, attempts, enqueuedAt }: Entry, reason: string): void {
    this.#dead.push({ id, body, attempts, reason: cutReason(reason), enqueuedAt, diedAt: Date.now() });
  }

  #delivery(entry: Entry, consumer: Consumer): Delivery {
    const { id, body, enqueuedAt, attempts } = entry;
    const once = new SettleOnce();
    const settle = <T>(work: () => T): Promise<T> =>
      once.run(id, async () => {
        if (!this.#consumers.has(consumer)) throw full('the consumer was closed');
        const answer = work();
        consumer.held.delete(entry);
        queueMicrotask(() => this.#pump());
        return answer;
      });
    const bury = (reason: string): void => {
      if (this.#dead.length >= this.#policy.maxDead) throw full('there are too many dead jobs');
      this.#bury(entry, reason);
    };
    return {
      job: { id, body, attempt: attempts, enqueuedAt },
      done: () => settle(() => undefined),
      retry: (reason, delayMs = delayAfter(attempts, this.#policy)) =>
        settle(() => {
          checkDelay(delayMs, this.#policy);
          if (attempts >= this.#policy.maxAttempts) {
            bury(reason);
            return 'dead';
          }
          this.#wait(entry, delayMs);
          return 'again';
        }),
      giveUp: (reason) => settle(() => bury(reason)),
      putBack: () =>
        settle(() => {
          entry.attempts -= 1;
          this.#wait(entry, 0);
        }),
    };
  }
}

function full(message: string): StorageFault {
  return new StorageFault('unavailable', message);
}
