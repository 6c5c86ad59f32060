/**
 * Bare amqplib: messages of the size of a record into a queue like the log's, each confirmed by itself. First one at a time,
 * as whoever waits for each confirm does, then with as many under way as there are clients.
 */
import { randomBytes } from 'node:crypto';
import { type ConfirmChannel, connect } from 'amqplib';
import { giveResult, takePlan } from '../lib/load.ts';

export interface ConfirmsPlan {
  readonly url: string;
  readonly bytes: number;
  readonly seconds: number;
  readonly underWay: number;
}

export interface ConfirmsResult {
  readonly singlePerSecond: number;
  readonly pipelinedPerSecond: number;
}

const QUEUE_ARGUMENTS = { 'x-queue-type': 'quorum', 'x-overflow': 'reject-publish', 'x-max-length-bytes': 2 ** 31 };

async function confirmed(channel: ConfirmChannel, queue: string, body: Buffer): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  channel.sendToQueue(queue, body, { persistent: true, mandatory: true }, (error) => {
    if (error === null) resolve();
    else reject(error);
  });
  return await promise;
}

async function rate(plan: ConfirmsPlan, channel: ConfirmChannel, queue: string, underWay: number): Promise<number> {
  const body = randomBytes(plan.bytes);
  const endMs = performance.now() + plan.seconds * 1000;
  let done = 0;
  const one = async (): Promise<void> => {
    for (; performance.now() < endMs; done += 1) await confirmed(channel, queue, body);
  };
  await Promise.all(Array.from({ length: underWay }, one));
  return done / plan.seconds;
}

const plan = await takePlan<ConfirmsPlan>();
const connection = await connect(plan.url, { noDelay: true });
const channel = await connection.createConfirmChannel();
const consumer = await connection.createChannel();
const queue = `mailroom-bench-${randomBytes(6).toString('hex')}`;
await channel.assertQueue(queue, { durable: true, arguments: QUEUE_ARGUMENTS });
await consumer.prefetch(1_000);
await consumer.consume(queue, (message) => {
  if (message !== null) consumer.ack(message);
});
try {
  await rate({ ...plan, seconds: 1 }, channel, queue, 1);
  const singlePerSecond = await rate(plan, channel, queue, 1);
  const pipelinedPerSecond = await rate(plan, channel, queue, plan.underWay);
  const result: ConfirmsResult = { singlePerSecond, pipelinedPerSecond };
  await channel.deleteQueue(queue);
  giveResult(result);
} finally {
  await connection.close();
}
