/** A job queue in a real RabbitMQ with names of its own, which are gone afterwards. */
import { AmqpConnection } from '../../src/storage/amqp/connection.ts';
import { AmqpJobQueue, type AmqpJobQueueOptions } from '../../src/storage/amqp/queue.ts';
import { onOwnChannel } from '../../src/storage/amqp/queue-browse.ts';
import { QueueTopology } from '../../src/storage/amqp/queue-topology.ts';
import type { QueuePolicy } from '../../src/storage/ports/queue.ts';
import type { QueueDriver } from './queue.ts';

export interface AmqpQueueDriver extends QueueDriver {
  open(options?: Partial<AmqpJobQueueOptions>): Promise<AmqpJobQueue>;
  readonly topology: QueueTopology;
  readonly publishing: AmqpConnection;
  /**
   * Makes one more quorum queue, so that the broker may be killed. It registers a new one in a file that it writes to the
   * disk with the next, or after some seconds; killed before, it starts the last one anew, empty and without a leader.
   */
  settleNames(): Promise<void>;
}

const WAIT_MS = 30_000;

export async function amqpQueueDriver(url: string, policy: QueuePolicy): Promise<AmqpQueueDriver> {
  const prefix = `mailroom-test-queue-${crypto.randomUUID()}`;
  const publishing = new AmqpConnection({ url, name: 'test: publishing', maxPauseMs: 200 });
  const consuming = new AmqpConnection({ url, name: 'test: consuming', maxPauseMs: 200 });
  await Promise.all([publishing.ready(WAIT_MS), consuming.ready(WAIT_MS)]);
  const topology = new QueueTopology('test', policy, prefix);
  const opened: AmqpJobQueue[] = [];
  return {
    settleNames: () =>
      onOwnChannel(publishing, 'make one more queue', WAIT_MS, async (channel) => {
        await channel.assertQueue(`${prefix}.last`, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
      }),
    topology,
    publishing,
    open: async (options = {}) => {
      await opened.at(-1)?.close();
      const queue = new AmqpJobQueue({ queue: 'test', policy, publishing, consuming, prefix, ...options });
      opened.push(queue);
      return queue;
    },
    cutConsumers: () => consuming.cut('the test cuts it'),
    [Symbol.asyncDispose]: async () => {
      await opened.at(-1)?.close();
      await onOwnChannel(publishing, 'remove the queues', WAIT_MS, async (channel) => {
        await topology.declare(channel);
        const delayed = topology.delays.map((delay) => delay.name);
        for (const name of [topology.waiting, ...delayed, topology.dead, `${prefix}.last`])
          await channel.deleteQueue(name);
        await channel.deleteExchange(topology.exchange);
      });
      await Promise.all([publishing.close(), consuming.close()]);
    },
  };
}
