/**
 * What one job queue is made of: quorum queues on the direct exchange of the jobs.
 *
 * | queue | routing key | holds |
 * | --- | --- | --- |
 * | `<jobs>.<queue>` | `<queue>` | jobs that wait, and those in the hands of a consumer |
 * | `<jobs>.<queue>.delay.<ms>` | `<queue>.delay.<ms>` | jobs that wait for at most that delay |
 * | `<jobs>.<queue>.dead` | `<queue>.dead` | dead jobs |
 *
 * The broker moves nothing by itself, neither on expiry nor past a limit; a job leaves a queue only by an acknowledgement,
 * which is sent once its next place is confirmed. RabbitMQ could do it, but its quorum queues dead-letter either at most
 * once, or at least once and then hold back for over a minute what the next queue, being full, refused (seen with 3.10.8).
 */
import type { ConfirmChannel } from 'amqplib';
import { checkPolicy, checkQueueName, type QueuePolicy } from '../ports/queue.ts';
import { amqpNames } from './names.ts';

/** It is the consumer that counts. A limit must be set, for newer brokers drop messages past one of their own. */
const NO_DELIVERY_LIMIT = 2 ** 31 - 1;

export interface DelayQueue {
  readonly delayMs: number;
  readonly name: string;
  readonly key: string;
}

export class QueueTopology {
  readonly policy: QueuePolicy;
  readonly exchange: string;
  readonly waitingKey: string;
  readonly deadKey: string;
  readonly waiting: string;
  readonly dead: string;
  /** Ascending. One for each delay, so that those with a long one do not hold up others. */
  readonly delays: readonly DelayQueue[];

  constructor(queue: string, policy: QueuePolicy, prefix?: string) {
    checkQueueName(queue);
    checkPolicy(policy);
    const { jobs } = amqpNames(prefix);
    this.policy = policy;
    this.exchange = jobs;
    this.waitingKey = queue;
    this.deadKey = `${queue}.dead`;
    this.waiting = `${jobs}.${queue}`;
    this.dead = `${jobs}.${queue}.dead`;
    this.delays = policy.delaysMs.map((delayMs) => ({
      delayMs,
      name: `${jobs}.${queue}.delay.${delayMs}`,
      key: `${queue}.delay.${delayMs}`,
    }));
  }

  /** Where a job goes that is due after `delayMs`. */
  keyAfter(delayMs: number): string {
    if (delayMs === 0) return this.waitingKey;
    const queue = this.delays.find((delay) => delay.delayMs >= delayMs);
    if (queue === undefined) throw new RangeError(`no delay of ${delayMs} ms`);
    return queue.key;
  }

  /** Harmless to repeat. The broker refuses it where the queues exist with other bounds. */
  async declare(channel: ConfirmChannel): Promise<void> {
    const { maxJobs, maxDead } = this.policy;
    await channel.assertExchange(this.exchange, 'direct', { durable: true });
    await this.#queue(channel, this.dead, this.deadKey, maxDead);
    await this.#queue(channel, this.waiting, this.waitingKey, maxJobs);
    for (const { name, key } of this.delays) await this.#queue(channel, name, key, maxJobs);
  }

  async #queue(channel: ConfirmChannel, name: string, key: string, maxLength: number): Promise<void> {
    await channel.assertQueue(name, {
      durable: true,
      arguments: {
        'x-queue-type': 'quorum',
        'x-overflow': 'reject-publish',
        'x-max-length': maxLength,
        'x-delivery-limit': NO_DELIVERY_LIMIT,
      },
    });
    await channel.bindQueue(name, this.exchange, key);
  }
}
