/** The records thread: users, rooms and members, and reading messages. */
import { messageReader, messageReaderKind } from '../../actors/storage/message-reader.ts';
import { records, recordsKind } from '../../actors/storage/records.ts';
import { S3Objects } from '../../storage/s3/s3-objects.ts';
import { Circuits } from '../storage/circuits.ts';
import { openReading } from '../storage/reading.ts';
import type { RoleEnvironment, RunningRole } from './role.ts';

export async function startRecordsRole(environment: RoleEnvironment): Promise<RunningRole> {
  const { shard, config } = environment;
  const circuits = new Circuits(environment);
  const reading = await openReading(environment, circuits);
  shard.register(recordsKind, records(reading.records));
  shard.register(messageReaderKind, messageReader(reading.messages));
  const { s3 } = config.storage;
  const objects = s3 === undefined ? undefined : new S3Objects(s3);
  if (objects !== undefined) circuits.add('objects', { probe: () => objects.ping() });
  return {
    samples: () => reading.samples(),
    backEnds: () => [...circuits.reports(), ...reading.backEnds()],
    end: async () => {
      await reading.close();
      await objects?.close();
    },
  };
}
