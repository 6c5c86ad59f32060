/** The job queues under their contract. */
import { setDefaultTimeout } from 'bun:test';
import { join } from 'node:path';
import { SqliteJobs } from '../../src/storage/embedded/queue/sqlite-jobs.ts';
import { describeWith } from '../support/back-ends.ts';
import { TEST_MS } from '../support/wait.ts';
import { MemoryQueue } from './memory-queue.ts';
import { queueContract } from './queue.ts';
import { amqpQueueDriver } from './queue-amqp.ts';
import { tempDir } from './temp-dir.ts';

setDefaultTimeout(TEST_MS);

queueContract('memory', (policy) => {
  const queue = new MemoryQueue(policy);
  return {
    open: () => queue,
    cutConsumers: null,
    [Symbol.asyncDispose]: () => queue.close(),
  };
});

queueContract('embedded', (policy) => {
  const dir = tempDir();
  let jobs: SqliteJobs | undefined;
  return {
    open: async () => {
      await jobs?.close();
      jobs = new SqliteJobs(join(dir.path, 'jobs'));
      return jobs.queue('test', policy);
    },
    cutConsumers: null,
    [Symbol.asyncDispose]: async () => {
      await jobs?.close();
      dir[Symbol.dispose]();
    },
  };
});

describeWith(['rabbitmq'], 'RabbitMQ', (variables) => {
  queueContract('AMQP', (policy) => amqpQueueDriver(variables.MAILROOM_AMQP_URL ?? '', policy));
});
