/** The message log over RabbitMQ under the contract of its port. */
import { setDefaultTimeout } from 'bun:test';
import { AmqpConnection } from '../../src/storage/amqp/connection.ts';
import { AmqpDeadLetters } from '../../src/storage/amqp/dead-letters.ts';
import { AmqpLogReader } from '../../src/storage/amqp/log/reader.ts';
import { AmqpLogWriter } from '../../src/storage/amqp/log/writer.ts';
import { deleteAll, testPrefix } from '../backends/amqp-names.ts';
import { describeWith } from '../support/back-ends.ts';
import { messageLogContract } from './message-log.ts';

// A broker that others use too may take long to sync; nothing here waits for time to pass.
setDefaultTimeout(60_000);

const PARTITIONS = 8;
const PARTITION = 3;

describeWith(['rabbitmq'], 'RabbitMQ', ({ MAILROOM_AMQP_URL: url = '' }) => {
  messageLogContract('RabbitMQ', () => {
    const prefix = testPrefix();
    const publishing = new AmqpConnection({ url, name: 'contract: publishing' });
    const consuming = new AmqpConnection({ url, name: 'contract: consuming' });
    const deadLetters = new AmqpDeadLetters({ connection: publishing, prefix });
    const shared = { prefix, partition: PARTITION };
    return {
      openWriter: (fence) =>
        new AmqpLogWriter({ ...shared, partitions: PARTITIONS, settleMs: 0, connection: publishing, fence }),
      openReader: () => new AmqpLogReader({ ...shared, connection: consuming, deadLetters }),
      [Symbol.asyncDispose]: async () => {
        await publishing.close();
        await consuming.close();
        await deleteAll(url, prefix, PARTITIONS);
      },
    };
  });
});
