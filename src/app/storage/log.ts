/** The message log's partitions: in RabbitMQ where its address is set, else one in the data directory. */
import { partitionOf } from '../../actors/room/home.ts';
import { decodableRecords } from '../../actors/storage/persister.ts';
import { SLOTS } from '../../runtime/placement.ts';
import { AmqpLogReader } from '../../storage/amqp/log/reader.ts';
import { prepareLog } from '../../storage/amqp/log/topology.ts';
import { AmqpLogWriter } from '../../storage/amqp/log/writer.ts';
import { dataDirPaths } from '../../storage/embedded/data-dir.ts';
import { SegmentedLogReader } from '../../storage/embedded/log/reader.ts';
import { SegmentedLogWriter } from '../../storage/embedded/log/writer.ts';
import type { BackEndReport } from '../../storage/ports/back-end.ts';
import { StorageFault } from '../../storage/ports/faults.ts';
import type { Fence, LogBatch, MessageLogReader, MessageLogWriter } from '../../storage/ports/message-log.ts';
import type { Progress } from '../crew.ts';
import type { RoleEnvironment } from '../roles/role.ts';
import { type CountedConnection, connectAmqp } from './amqp.ts';
import type { Aside } from './aside.ts';

export interface OpenLog<Side> {
  /** By partition. */
  readonly partitions: readonly Side[];
  backEnds(): readonly BackEndReport[];
  close(): Promise<void>;
}

/** How long a start waits for RabbitMQ to say that the log has as many partitions as configured. */
const PREPARE_MS = 3_000;

/** Rejects if the log has another number of partitions. Where RabbitMQ is away that shows later: appends wait for it. */
export async function checkPartitions({ config, log }: RoleEnvironment): Promise<void> {
  const { amqp, namespace: prefix } = config.storage;
  if (amqp === undefined) return;
  const { connection } = connectAmqp(amqp.url, 'start', log);
  try {
    await prepareLog(connection, { prefix, partitions: amqp.partitions }, PREPARE_MS);
  } catch (error) {
    if (!(error instanceof StorageFault) || error.code !== 'unavailable') throw error;
    log.warn('RabbitMQ is away: the engine starts, and posts wait', { fault: error.message });
  } finally {
    await connection.close();
  }
}

/** The writing sides, each opened with the fence of its slots. */
export function openLogWriters(
  { config, log }: RoleEnvironment,
  { epoch, persisted }: Progress,
): OpenLog<MessageLogWriter> {
  const { amqp, namespace: prefix } = config.storage;
  const fences = persisted.map((_, partition): Fence => ({ epoch, slots: slotsOf(partition, persisted.length) }));
  if (amqp === undefined) {
    const { log: directory } = dataDirPaths(config.dataDir);
    const partitions = fences.map((fence, partition) => {
      return new SegmentedLogWriter(directory, { startAfter: persisted[partition] as number, fence });
    });
    return opened(partitions, []);
  }
  const writing = connectAmqp(amqp.url, 'log writer', log);
  const topology = { connection: writing.connection, prefix, partitions: amqp.partitions };
  const partitions = fences.map((fence, partition) => new AmqpLogWriter({ ...topology, partition, fence }));
  return opened(partitions, [writing]);
}

/** The reading sides, and where what cannot be stored is put aside. */
export function openLogReaders({ config, log }: RoleEnvironment, aside: Aside): OpenLog<MessageLogReader> {
  const { amqp, namespace: prefix } = config.storage;
  if (amqp === undefined) return opened([new SegmentedLogReader(dataDirPaths(config.dataDir).log)], []);
  const reading = connectAmqp(amqp.url, 'log reader', log);
  const { deadLetters, events } = aside;
  const onStored = async (batch: LogBatch): Promise<void> => await events?.stored(decodableRecords(batch));
  const topology = { connection: reading.connection, prefix, deadLetters, onStored };
  const partitions = Array.from(
    { length: amqp.partitions },
    (_, partition) => new AmqpLogReader({ ...topology, partition }),
  );
  return opened(partitions, [reading]);
}

function opened<Side extends MessageLogReader | MessageLogWriter>(
  partitions: readonly Side[],
  connections: readonly CountedConnection[],
): OpenLog<Side> {
  return {
    partitions,
    backEnds: () => connections.map((connection) => connection.report()),
    async close() {
      await Promise.all(partitions.map(async (side) => await side.close()));
      await Promise.all(connections.map(({ connection }) => connection.close()));
    },
  };
}

/** Slots whose rooms write to the partition, ascending. */
function slotsOf(partition: number, partitions: number): number[] {
  return Array.from({ length: SLOTS }, (_, slot) => slot).filter((slot) => partitionOf(slot, partitions) === partition);
}
