/**
 * Takes jobs from one queue. A job that is tried again is published to where it waits, and only then is the old message
 * acknowledged: a crash between the two leaves it there twice, never not at all.
 */
import type { ConfirmChannel, ConsumeMessage } from 'amqplib';
import { StorageFault } from '../ports/faults.ts';
import {
  type ConsumeOptions,
  checkDelay,
  checkPrefetch,
  cutReason,
  type Delivery,
  delayAfter,
  type JobConsumer,
  SettleOnce,
  unsettledReason,
} from '../ports/queue.ts';
import type { ChannelUser, SupervisedChannel } from './channel.ts';
import type { AmqpConnection } from './connection.ts';
import { amqpFault } from './faults.ts';
import type { ConfirmedPublisher, OutgoingMessage } from './publisher.ts';
import { type JobMessage, jobMessage, jobOf, redeliveries } from './queue-message.ts';
import { moveMessage } from './queue-mover.ts';
import type { QueueTopology } from './queue-topology.ts';

/** A broker that does not answer is not waited for: milliseconds. */
const CANCEL_MS = 2_000;

export interface QueueConsumerOptions {
  /** One that nothing is published on. */
  readonly connection: AmqpConnection;
  readonly publisher: ConfirmedPublisher;
  readonly topology: QueueTopology;
  /** How long settling may wait for a confirmation: milliseconds. */
  readonly waitMs: number;
  readonly now: () => number;
  readonly consume: ConsumeOptions;
  readonly closed: () => void;
}

export class QueueConsumer implements ChannelUser, JobConsumer {
  readonly #options: QueueConsumerOptions;
  readonly #handle: SupervisedChannel;
  #channel: ConfirmChannel | undefined;
  #tag: string | undefined;
  /** Aborts when the channel is gone, and with it the right to settle what came on it. */
  #gone = new AbortController();

  constructor(options: QueueConsumerOptions) {
    checkPrefetch(options.consume.prefetch);
    this.#options = options;
    this.#handle = options.connection.use(this);
  }

  async opened(channel: ConfirmChannel): Promise<void> {
    const { topology, consume } = this.#options;
    await topology.declare(channel);
    await channel.prefetch(consume.prefetch);
    this.#channel = channel;
    this.#gone = new AbortController();
    const { consumerTag } = await channel.consume(topology.waiting, (message) => {
      if (message === null) this.#handle.renew('RabbitMQ has ended the consumer');
      else if (this.#channel === channel) this.#received(channel, message);
    });
    this.#tag = consumerTag;
  }

  lost(): void {
    this.#channel = undefined;
    this.#tag = undefined;
    this.#gone.abort();
  }

  async close(): Promise<void> {
    const [channel, tag] = [this.#channel, this.#tag];
    this.lost();
    if (channel !== undefined && tag !== undefined) await cancelled(channel, tag);
    await this.#handle.close();
    this.#options.closed();
  }

  #received(channel: ConfirmChannel, message: ConsumeMessage): void {
    const { topology, consume } = this.#options;
    const job = jobOf(message);
    if (job.id === '') return this.#buryAlone(channel, message, job, 'it is no job');
    const attempts = job.attempts + redeliveries(message) + 1;
    const { maxAttempts } = topology.policy;
    if (attempts > maxAttempts) {
      const used = { ...job, attempts: attempts - 1 };
      return this.#buryAlone(channel, message, used, unsettledReason(used.attempts));
    }
    consume.deliver(this.#delivery(channel, message, { ...job, attempts }));
  }

  #delivery(channel: ConfirmChannel, message: ConsumeMessage, job: JobMessage): Delivery {
    const { policy } = this.#options.topology;
    const { id, body, attempts, enqueuedAt } = job;
    const once = new SettleOnce();
    const bury = (reason: string): Promise<void> => this.#bury(channel, message, job, reason);
    return {
      job: { id, body, attempt: attempts, enqueuedAt },
      done: () => once.run(id, () => Promise.try(() => this.#acknowledge(channel, message, id))),
      retry: (reason, delayMs = delayAfter(attempts, policy)) =>
        once.run(id, async () => {
          checkDelay(delayMs, policy);
          if (attempts >= policy.maxAttempts) {
            await bury(reason);
            return 'dead';
          }
          await this.#move(channel, message, job, delayMs);
          return 'again';
        }),
      giveUp: (reason) => once.run(id, () => bury(reason)),
      putBack: () => once.run(id, () => this.#move(channel, message, { ...job, attempts: attempts - 1 }, 0)),
    };
  }

  async #move(channel: ConfirmChannel, message: ConsumeMessage, job: JobMessage, delayMs: number): Promise<void> {
    this.#requireChannel(channel, job.id);
    const { topology, publisher, now } = this.#options;
    const place = delayMs === 0 ? {} : { dueAt: now() + delayMs };
    const outgoing = jobMessage(job, topology.exchange, topology.keyAfter(delayMs), place);
    await publisher.publish(outgoing, this.#settleSignal());
    this.#acknowledge(channel, message, job.id);
  }

  async #bury(channel: ConfirmChannel, message: ConsumeMessage, job: JobMessage, reason: string): Promise<void> {
    this.#requireChannel(channel, job.id);
    await this.#options.publisher.publish(this.#deadMessage(job, reason), this.#settleSignal());
    this.#acknowledge(channel, message, job.id);
  }

  /** Buries what no consumer is to see. It waits for room as long as it takes; without a channel the message comes again. */
  #buryAlone(channel: ConfirmChannel, message: ConsumeMessage, job: JobMessage, reason: string): void {
    const gone = this.#gone.signal;
    moveMessage(this.#options.publisher, this.#deadMessage(job, reason), { channel, message, gone }).catch((error) => {
      throw error;
    });
  }

  #deadMessage(job: JobMessage, reason: string): OutgoingMessage {
    const { topology, now } = this.#options;
    return jobMessage(job, topology.exchange, topology.deadKey, { reason: cutReason(reason), diedAt: now() });
  }

  #settleSignal(): AbortSignal {
    return AbortSignal.any([this.#gone.signal, AbortSignal.timeout(this.#options.waitMs)]);
  }

  #acknowledge(channel: ConfirmChannel, message: ConsumeMessage, id: string): void {
    this.#requireChannel(channel, id);
    try {
      channel.ack(message);
    } catch (error) {
      throw amqpFault(`settle job ${id}`, error);
    }
  }

  #requireChannel(channel: ConfirmChannel, id: string): void {
    if (this.#channel !== channel) {
      throw new StorageFault('unavailable', `the consumer of job ${id} has lost its channel`);
    }
  }
}

/**
 * Ends a consumer in the broker. Closing its channel would do too, but a moment later: jobs that come in between would be
 * given to it, come back, and have an attempt counted that nobody made.
 */
async function cancelled(channel: ConfirmChannel, tag: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const deadline = setTimeout(resolve, CANCEL_MS);
  // Whether it is ended or the channel is gone makes no difference.
  channel.cancel(tag).then(
    () => resolve(),
    () => resolve(),
  );
  await promise;
  clearTimeout(deadline);
}
