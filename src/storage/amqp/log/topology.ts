/**
 * The exchange and the queues of the message log.
 *
 * *Details.* Quorum queues, since they alone sync what they confirm on every release of RabbitMQ from 3.10 on, and are
 * replicated where there is more than one node (ADR 9). The bounds refuse a publisher (`reject-publish`) instead of
 * dropping what was confirmed; the delivery limit, past which a quorum queue drops a message, is beyond reach; a queue has
 * one consumer at a time, and the others wait behind it.
 * *Gotchas.* A queue keeps the arguments that it was first declared with, so that another `maxBytes` is refused: an
 * operator tightens the bound by a policy.
 */
import type { Channel } from 'amqplib';
import { StorageFault } from '../../ports/faults.ts';
import type { AmqpConnection } from '../connection.ts';
import { amqpFault } from '../faults.ts';
import { type AmqpNames, amqpNames } from '../names.ts';

export interface LogTopology {
  /** Of all names in the broker; `mailroom` where none is given. */
  readonly prefix?: string;
  /** How many the log has: fixed when the log is first used. */
  readonly partitions: number;
  /** Bound of what may wait in a partition's queue, past which appends wait. */
  readonly maxBytes?: number;
  /** Pause after a queue was made, before anything is published to it: milliseconds. */
  readonly settleMs?: number;
}

const DEFAULT_MAX_BYTES = 2 * 1024 * 1024 * 1024;
/** The highest that the broker takes. */
const NO_DELIVERY_LIMIT = 2 ** 31 - 1;

/** Half a second of peace, after which the broker writes down by itself which quorum queues it has, and as much again. */
const SETTLE_MS = 1_500;

/**
 * Declares the exchange, which fails if the log has another number of partitions, and the partitions' queues.
 *
 * A broker that is killed before it has written down a new quorum queue forgets all that it confirmed for it. So nobody is
 * given a new queue before that is done.
 */
export async function declarePartitions(
  connection: AmqpConnection,
  channel: Channel,
  topology: LogTopology,
  partitions: readonly number[],
): Promise<void> {
  const names = amqpNames(topology.prefix);
  await declareExchange(channel, names, topology.partitions);
  let isNew = false;
  for (const partition of partitions) {
    const queue = names.logPartition(partition);
    if (!(await connection.hasQueue(queue))) isNew = true;
    await declareQueue(channel, queue, topology);
    await channel.bindQueue(queue, names.log, String(partition));
  }
  if (isNew) await new Promise((resolve) => setTimeout(resolve, topology.settleMs ?? SETTLE_MS));
}

async function declareQueue(channel: Channel, queue: string, { maxBytes }: LogTopology): Promise<void> {
  await channel.assertQueue(queue, {
    durable: true,
    arguments: {
      'x-queue-type': 'quorum',
      'x-overflow': 'reject-publish',
      'x-max-length-bytes': maxBytes ?? DEFAULT_MAX_BYTES,
      'x-delivery-limit': NO_DELIVERY_LIMIT,
      'x-single-active-consumer': true,
    },
  });
}

/**
 * Makes or checks all of the log. Rejects with a `refused` fault that says which number of partitions the log has, if it is
 * another one, and with `unavailable` if RabbitMQ does not answer within `waitMs`.
 */
export async function prepareLog(connection: AmqpConnection, topology: LogTopology, waitMs: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const channel = connection.use({
    prepare: async (opened) => {
      try {
        const all = Array.from({ length: topology.partitions }, (_, partition) => partition);
        await declarePartitions(connection, opened, topology, all);
      } catch (error) {
        const fault = amqpFault('prepare the message log', error);
        if (fault.code === 'refused') reject(fault);
        throw fault;
      }
    },
    opened: () => resolve(),
    lost: () => undefined,
  });
  const late = (): void => reject(connection.lastFault ?? new StorageFault('unavailable', 'RabbitMQ does not answer'));
  const deadline = setTimeout(late, waitMs);
  try {
    await promise;
  } finally {
    clearTimeout(deadline);
    await channel.close();
  }
}

/**
 * The number of partitions is part of the exchange's alternate exchange, the one argument of an exchange that the broker
 * compares with what it has. So it is recorded by whoever comes first, and everybody after them is held to it, in one step.
 * Nothing of that name exists: a group that no queue takes is returned to its writer.
 */
async function declareExchange(channel: Channel, names: AmqpNames, partitions: number): Promise<void> {
  try {
    await channel.assertExchange(names.log, 'direct', {
      durable: true,
      alternateExchange: `${names.log}.partitions.${partitions}`,
    });
  } catch (error) {
    throw exchangeFault(error, partitions);
  }
}

function exchangeFault(error: unknown, partitions: number): unknown {
  const recorded = /current is '[^']*\.partitions\.(\d+)'/.exec(error instanceof Error ? error.message : '')?.[1];
  if (recorded === undefined) return error;
  return new StorageFault('refused', `the message log has ${recorded} partitions, not ${partitions}`, error);
}
