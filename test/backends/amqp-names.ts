/** Names of a test's own in a shared broker, and their end. */
import { randomBytes } from 'node:crypto';
import { connect } from 'amqplib';
import { TRANSFER_POLICY, TRANSFER_QUEUE } from '../../src/files/transfer/transfers.ts';
import { amqpNames } from '../../src/storage/amqp/names.ts';
import { QueueTopology } from '../../src/storage/amqp/queue-topology.ts';

export function testPrefix(): string {
  return `mailroom-test-${randomBytes(6).toString('hex')}`;
}

/** Deletes everything that the log, the dead letters, the transfers and the exchanges have under the prefix. */
export async function deleteAll(url: string, prefix: string, partitions: number): Promise<void> {
  const names = amqpNames(prefix);
  const connection = await connect(url);
  const channel = await connection.createChannel();
  for (let partition = 0; partition < partitions; partition += 1) {
    await channel.deleteQueue(names.logPartition(partition));
  }
  await channel.deleteQueue(names.deadLetters);
  const transfers = new QueueTopology(TRANSFER_QUEUE, TRANSFER_POLICY, prefix);
  for (const queue of [transfers.waiting, transfers.dead, ...transfers.delays.map(({ name }) => name)]) {
    await channel.deleteQueue(queue);
  }
  for (const exchange of [names.log, names.events, names.jobs, names.invalidations])
    await channel.deleteExchange(exchange);
  await connection.close();
}
