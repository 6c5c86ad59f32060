/** A job queue in RabbitMQ. See `queue-topology.ts` for what it is made of there. */
import {
  type ConsumeOptions,
  checkDeadLimit,
  checkJob,
  type DeadJob,
  type JobConsumer,
  type JobQueue,
  type NewJob,
  type QueuePolicy,
} from '../ports/queue.ts';
import type { AmqpConnection } from './connection.ts';
import { ConfirmedPublisher } from './publisher.ts';
import { browse, onOwnChannel } from './queue-browse.ts';
import { QueueConsumer } from './queue-consumer.ts';
import { QueueDelays } from './queue-delays.ts';
import { deadJobOf, jobMessage } from './queue-message.ts';
import { QueueTopology } from './queue-topology.ts';

export interface AmqpJobQueueOptions {
  readonly queue: string;
  readonly policy: QueuePolicy;
  /** One that nothing is consumed on, for all that is published. */
  readonly publishing: AmqpConnection;
  /** One that nothing is published on: what is settled must reach a broker that is short of memory. */
  readonly consuming: AmqpConnection;
  readonly prefix?: string;
  /** How long enqueuing and settling wait for a confirmation: milliseconds. */
  readonly waitMs?: number;
  /** How long looking through the dead jobs may take: milliseconds. */
  readonly browseMs?: number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

const WAIT_MS = 10_000;
const BROWSE_MS = 60_000;

export class AmqpJobQueue implements JobQueue {
  readonly #options: AmqpJobQueueOptions;
  readonly #topology: QueueTopology;
  readonly #publisher: ConfirmedPublisher;
  readonly #consumers = new Set<QueueConsumer>();
  /** From the first consumer on. */
  #delays: QueueDelays | undefined;
  readonly #waitMs: number;
  readonly #now: () => number;
  /** Ends with the last look at the dead: two at once would each see a part. */
  #browsing: Promise<unknown> = Promise.resolve();

  /** The connections stay their owner's, who closes them afterwards. */
  constructor(options: AmqpJobQueueOptions) {
    this.#options = options;
    this.#waitMs = options.waitMs ?? WAIT_MS;
    this.#now = options.now ?? Date.now;
    const topology = new QueueTopology(options.queue, options.policy, options.prefix);
    this.#topology = topology;
    this.#publisher = new ConfirmedPublisher({
      connection: options.publishing,
      declare: (channel) => topology.declare(channel),
    });
  }

  async enqueue(job: NewJob): Promise<void> {
    checkJob(job, this.#topology.policy);
    const { id, body, delayMs = 0 } = job;
    const enqueuedAt = this.#now();
    const place = delayMs === 0 ? {} : { dueAt: enqueuedAt + delayMs };
    const { exchange } = this.#topology;
    const message = jobMessage(
      { id, body, attempts: 0, enqueuedAt },
      exchange,
      this.#topology.keyAfter(delayMs),
      place,
    );
    await this.#publisher.publish(message, AbortSignal.timeout(this.#waitMs));
  }

  consume(options: ConsumeOptions): JobConsumer {
    this.#delays ??= new QueueDelays({
      connection: this.#options.consuming,
      publisher: this.#publisher,
      topology: this.#topology,
      now: this.#now,
    });
    const consumer: QueueConsumer = new QueueConsumer({
      connection: this.#options.consuming,
      publisher: this.#publisher,
      topology: this.#topology,
      waitMs: this.#waitMs,
      now: this.#now,
      consume: options,
      closed: () => this.#consumers.delete(consumer),
    });
    this.#consumers.add(consumer);
    return consumer;
  }

  async dead(limit: number): Promise<readonly DeadJob[]> {
    checkDeadLimit(limit);
    const oldest: DeadJob[] = [];
    await this.#look('list dead jobs', (job) => {
      oldest.push(job);
      // The queue is in no order any more once somebody has looked at it.
      oldest.sort((a, b) => a.diedAt - b.diedAt);
      oldest.splice(limit);
      return 'keep';
    });
    return oldest;
  }

  async replay(ids: readonly string[]): Promise<number> {
    const wanted = new Set(ids);
    const { exchange, waitingKey } = this.#topology;
    let count = 0;
    await this.#look('replay dead jobs', async ({ id, body, enqueuedAt }) => {
      // What is no job has no id.
      if (id === '' || !wanted.has(id)) return 'keep';
      const message = jobMessage({ id, body, attempts: 0, enqueuedAt }, exchange, waitingKey);
      await this.#publisher.publish(message, AbortSignal.timeout(this.#waitMs));
      count += 1;
      return 'remove';
    });
    return count;
  }

  async discard(ids: readonly string[]): Promise<number> {
    const wanted = new Set(ids);
    let count = 0;
    await this.#look('discard dead jobs', ({ id }) => {
      if (!wanted.has(id)) return 'keep';
      count += 1;
      return 'remove';
    });
    return count;
  }

  async ping(): Promise<void> {
    const { publishing, consuming } = this.#options;
    await consuming.ready(this.#waitMs);
    await onOwnChannel(publishing, 'use the job queue', this.#waitMs, (channel) => this.#topology.declare(channel));
  }

  async close(): Promise<void> {
    await Promise.all([...this.#consumers].map((consumer) => consumer.close()));
    await this.#delays?.close();
    await this.#publisher.close();
  }

  async #look(doing: string, look: (job: DeadJob) => Promise<'keep' | 'remove'> | 'keep' | 'remove'): Promise<void> {
    const { publishing, browseMs = BROWSE_MS } = this.#options;
    const looking = this.#browsing.then(() =>
      onOwnChannel(publishing, doing, browseMs, async (channel) => {
        await this.#topology.declare(channel);
        await browse(channel, this.#topology.dead, (message) => look(deadJobOf(message)));
      }),
    );
    // The next one waits for its end, however it ends.
    this.#browsing = looking.then(
      () => undefined,
      () => undefined,
    );
    await looking;
  }
}
