/** Names of a test's own in a shared broker, and their end. */
import { randomBytes } from 'node:crypto';
import { connect } from 'amqplib';
import { amqpNames } from '../../src/storage/amqp/names.ts';

export function testPrefix(): string {
  return `mailroom-test-${randomBytes(6).toString('hex')}`;
}

/** Deletes everything that the log, the dead letters and the exchanges have under the prefix. */
export async function deleteAll(url: string, prefix: string, partitions: number): Promise<void> {
  const names = amqpNames(prefix);
  const connection = await connect(url);
  const channel = await connection.createChannel();
  for (let partition = 0; partition < partitions; partition += 1) {
    await channel.deleteQueue(names.logPartition(partition));
  }
  await channel.deleteQueue(names.deadLetters);
  for (const exchange of [names.log, names.events]) await channel.deleteExchange(exchange);
  await connection.close();
}
