/** The job queues of one thread: in RabbitMQ where its address is set, else in a directory that belongs to that thread. */
import { join } from 'node:path';
import { AmqpJobQueue } from '../../storage/amqp/queue.ts';
import { dataDirPaths } from '../../storage/embedded/data-dir.ts';
import { SqliteJobs } from '../../storage/embedded/queue/sqlite-jobs.ts';
import type { BackEndReport } from '../../storage/ports/back-end.ts';
import type { StorageFault } from '../../storage/ports/faults.ts';
import type { JobQueue, QueuePolicy } from '../../storage/ports/queue.ts';
import type { RoleEnvironment } from '../roles/role.ts';
import { connectAmqp } from './amqp.ts';

/** Who has embedded queues: each in a file of its own, since the memory of one instance knows who has which job. */
export type QueueOwner = 'files' | 'hooks';

export interface OpenQueues {
  /** One queue by its name, the same each time. The first caller says the policy. */
  queue(name: string, policy: QueuePolicy): JobQueue;
  backEnds(): readonly BackEndReport[];
  /** Ends the consumers; what they had not settled is delivered again at the next start. */
  close(): Promise<void>;
}

type QueueEnvironment = Pick<RoleEnvironment, 'config' | 'log'>;

/**
 * With RabbitMQ a supervised connection stands in the place of a circuit: what is asked while it is away waits for its own
 * deadline and is then `unavailable`, and consumers go on by themselves.
 */
export function openQueues(environment: QueueEnvironment, owner: QueueOwner): OpenQueues {
  return environment.config.storage.amqp === undefined
    ? openEmbedded(environment, owner)
    : openAmqp(environment, owner);
}

function openEmbedded({ config, log }: QueueEnvironment, owner: QueueOwner): OpenQueues {
  const onFault = ({ message }: StorageFault): void => log.warn('the job queues do not answer', { fault: message });
  const jobs = new SqliteJobs(join(dataDirPaths(config.dataDir).jobs, owner), { onFault });
  return {
    queue: (name, policy) => jobs.queue(name, policy),
    backEnds: () => [],
    close: () => jobs.close(),
  };
}

function openAmqp({ config, log }: QueueEnvironment, owner: QueueOwner): OpenQueues {
  const { amqp, namespace: prefix } = config.storage;
  if (amqp === undefined) throw new Error('there is no address of RabbitMQ');
  const publishing = connectAmqp(amqp.url, `${owner} jobs out`, log);
  const consuming = connectAmqp(amqp.url, `${owner} jobs in`, log);
  const connections = { publishing: publishing.connection, consuming: consuming.connection };
  const queues = new Map<string, JobQueue>();
  return {
    queue(queue, policy) {
      const known = queues.get(queue);
      if (known !== undefined) return known;
      const opened = new AmqpJobQueue({ queue, policy, prefix, ...connections });
      queues.set(queue, opened);
      return opened;
    },
    backEnds: () => [publishing.report(), consuming.report()],
    async close() {
      for (const queue of queues.values()) await queue.close();
      await Promise.all([publishing.connection.close(), consuming.connection.close()]);
    },
  };
}
