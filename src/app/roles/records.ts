/** The records thread: users, rooms, members, files and people, the deaths of tokens, and reading messages. */
import { downloadsKind } from '../../actors/storage/downloads.ts';
import { fileRecords, fileRecordsKind } from '../../actors/storage/file-records.ts';
import { governanceKind } from '../../actors/storage/governance.ts';
import { hooksKind } from '../../actors/storage/hooks.ts';
import { messageReader, messageReaderKind } from '../../actors/storage/message-reader.ts';
import { moderationKind } from '../../actors/storage/moderation.ts';
import { peopleKind } from '../../actors/storage/people.ts';
import { portActor } from '../../actors/storage/port-actor.ts';
import { presenceMirrorKind } from '../../actors/storage/presence-mirror.ts';
import { reading as readingActor, readingKind } from '../../actors/storage/reading.ts';
import { records, recordsKind } from '../../actors/storage/records.ts';
import { sessionIndexKind } from '../../actors/storage/session-index.ts';
import { revocations, revocationsKind } from '../../actors/user/revocations.ts';
import type { StorageFault } from '../../storage/ports/faults.ts';
import { Circuits } from '../storage/circuits.ts';
import { type OpenReading, openReading } from '../storage/reading.ts';
import type { RoleEnvironment, RunningRole } from './role.ts';

const STOP_MS = 1_000;

export async function startRecordsRole(environment: RoleEnvironment): Promise<RunningRole> {
  const { shard } = environment;
  const circuits = new Circuits(environment);
  const reading = await openReading(environment, circuits);
  shard.register(recordsKind, records(reading.records));
  shard.register(fileRecordsKind, fileRecords(reading.files));
  shard.register(readingKind, readingActor(reading.reading));
  shard.register(governanceKind, portActor(reading.governance));
  shard.register(moderationKind, portActor(reading.moderation));
  shard.register(hooksKind, portActor(reading.hooks));
  shard.register(peopleKind, portActor(reading.people));
  shard.register(downloadsKind, portActor(reading.downloads));
  if (reading.sessions !== undefined) shard.register(sessionIndexKind, portActor(reading.sessions));
  if (reading.presence !== undefined) shard.register(presenceMirrorKind, portActor(reading.presence));
  shard.register(messageReaderKind, messageReader(reading.messages));
  startRevocations(environment, reading);
  return {
    samples: () => reading.samples(),
    backEnds: () => [...circuits.reports(), ...reading.backEnds()],
    end: async () => {
      await shard.stopKinds([revocationsKind.name], STOP_MS);
      await reading.close();
    },
  };
}

function startRevocations({ shard, crew, log }: RoleEnvironment, reading: OpenReading): void {
  const options = {
    records: reading.records,
    threads: Array.from({ length: crew.shards }, (_, thread) => thread),
    onState(fault: StorageFault | undefined) {
      if (fault === undefined) log.info('dead tokens are read again');
      else log.warn('dead tokens cannot be read', { fault: fault.message });
    },
  };
  shard.register(revocationsKind, revocations(options));
  shard.tell(shard.ref(revocationsKind, 'all'), { type: 'look-now' });
}
