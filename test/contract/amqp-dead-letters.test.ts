/** The dead letters in RabbitMQ and in the data directory under the contract of their port. */
import { setDefaultTimeout } from 'bun:test';
import { join } from 'node:path';
import { AmqpConnection } from '../../src/storage/amqp/connection.ts';
import { AmqpDeadLetters } from '../../src/storage/amqp/dead-letters.ts';
import { SqliteDeadLetters } from '../../src/storage/embedded/dead-letters.ts';
import { deleteAll, testPrefix } from '../backends/amqp-names.ts';
import { describeWith } from '../support/back-ends.ts';
import { TEST_MS } from '../support/wait.ts';
import { deadLettersContract } from './dead-letters.ts';
import { tempDir } from './temp-dir.ts';

setDefaultTimeout(TEST_MS);

deadLettersContract('embedded', () => {
  const dir = tempDir();
  return {
    open: () => new SqliteDeadLetters(join(dir.path, 'dead-letters.db')),
    [Symbol.asyncDispose]: async () => dir[Symbol.dispose](),
  };
});

describeWith(['rabbitmq'], 'RabbitMQ', ({ MAILROOM_AMQP_URL: url = '' }) => {
  deadLettersContract('RabbitMQ', () => {
    const prefix = testPrefix();
    const connection = new AmqpConnection({ url, name: 'contract: dead letters' });
    return {
      open: () => new AmqpDeadLetters({ connection, prefix, waitMs: 60_000 }),
      [Symbol.asyncDispose]: async () => {
        await connection.close();
        await deleteAll(url, prefix, 0);
      },
    };
  });
});
