/** The persister thread: moves the log into the message store, partition by partition. */
import { indexerKind } from '../../actors/search/messages.ts';
import { type DrainOptions, drainLog, Lag, persister, persisterKind } from '../../actors/storage/persister.ts';
import type { NewDeadLetter } from '../../storage/ports/dead-letters.ts';
import type { StorageFault } from '../../storage/ports/faults.ts';
import type { LogRecord } from '../../storage/ports/log-record.ts';
import type { MessageEvents } from '../../storage/ports/message-events.ts';
import type { InsertReport } from '../../storage/ports/message-store.ts';
import type { Sample } from '../../storage/ports/sample.ts';
import { openAside } from '../storage/aside.ts';
import { Circuits } from '../storage/circuits.ts';
import { insist } from '../storage/insist.ts';
import { openLogReaders } from '../storage/log.ts';
import { counter } from '../storage/samples.ts';
import { openStoreWriter } from '../storage/store.ts';
import { startHooks } from './hooks.ts';
import type { RoleEnvironment, RunningRole } from './role.ts';

const MAX_BATCH_BYTES = 4 * 1024 * 1024;
const LINGER_MS = 100;

export async function startPersisterRole(environment: RoleEnvironment): Promise<RunningRole> {
  const { shard, log } = environment;
  const circuits = new Circuits(environment);
  const store = await openStoreWriter(environment, circuits);
  const aside = openAside(environment);
  const readers = openLogReaders(environment, aside);
  const counts = { inserted: 0, outdated: 0, deadLetters: 0 };
  const onInserted = ({ inserted, outdated }: InsertReport): void => {
    counts.inserted += inserted;
    counts.outdated += outdated;
  };
  const putAside = async (letters: readonly NewDeadLetter[]): Promise<void> => {
    for (const { reason } of letters) log.error('a record cannot be stored and is put aside', { reason });
    await aside.deadLetters.add(letters);
    counts.deadLetters += letters.length;
  };
  const hooks = startHooks(environment);
  const listeners = new Listeners(environment, aside.events);
  const drains = readers.partitions.map(
    (reader, partition): DrainOptions => ({
      partition,
      log: reader,
      store: store.writer,
      announce: (records) => hooks.announce(records),
      events: listeners,
      maxBatchBytes: MAX_BATCH_BYTES,
      putAside,
      onInserted,
      wallMs: () => shard.host.wallMs(),
    }),
  );
  const lags = drains.map(() => new Lag());
  const persisted: number[] = [];
  for (const drain of drains) {
    const position = await insist(log, 'empty the message log', () => drainLog(drain));
    await drain.log.trim(position);
    persisted.push(position);
  }
  const epoch = await insist(log, 'claim an epoch', async () => await store.writer.claimEpoch());
  registerPersister(environment, drains, lags);
  return {
    progress: { epoch, persisted },
    // Fences and what a crash has left are moved although no room asks for it; the shards hear of it from now on.
    listen() {
      listeners.open();
      hooks.begin();
      for (const { partition } of drains) shard.tell(shard.ref(persisterKind, String(partition)), { type: 'written' });
    },
    samples: () => [
      ...store.samples(),
      ...aside.samples(),
      ...hooks.samples(),
      ...persisterSamples(counts),
      ...lags.map((lag, partition) => lagSample(partition, lag.ms(shard.host.monotonicMs()))),
    ],
    backEnds: () => [...circuits.reports(), ...readers.backEnds(), ...aside.backEnds(), ...hooks.backEnds()],
    end: async () => {
      await drainAtEnd(drains, log);
      await hooks.close();
      await readers.close();
      await aside.close();
      await store.writer.close();
    },
  };
}

function registerPersister(
  { shard, crew, log }: RoleEnvironment,
  drains: readonly DrainOptions[],
  lags: readonly Lag[],
): void {
  const threads = Array.from({ length: crew.shards }, (_, thread) => thread);
  const onPaused = ({ message }: StorageFault): void => log.warn('the log cannot be moved now', { fault: message });
  shard.register(
    persisterKind,
    persister((partition) => ({
      ...(drains[partition] as DrainOptions),
      lag: lags[partition] as Lag,
      threads,
      lingerMs: LINGER_MS,
      onPaused,
    })),
  );
}

/** All who hear of what the store has taken: the indexer, once it is there, and other programs. */
class Listeners implements MessageEvents {
  readonly #environment: RoleEnvironment;
  readonly #others: MessageEvents | undefined;
  #isOpen = false;

  constructor(environment: RoleEnvironment, others: MessageEvents | undefined) {
    this.#environment = environment;
    this.#others = others;
  }

  /** Until now nobody was told: the indexer looks through all rooms at its start. */
  open(): void {
    this.#isOpen = this.#environment.config.search !== 'off';
  }

  async stored(records: readonly LogRecord[]): Promise<void> {
    const { shard } = this.#environment;
    const rooms = [...new Set(records.map(({ room }) => room))];
    if (this.#isOpen && rooms.length > 0) shard.tell(shard.ref(indexerKind, 'all'), { type: 'moved', rooms });
    await this.#others?.stored(records);
  }

  /** Those who opened the others close them. */
  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** Saves the next start some work; what cannot be moved now waits in the log. */
async function drainAtEnd(drains: readonly DrainOptions[], log: RoleEnvironment['log']): Promise<void> {
  try {
    for (const drain of drains) {
      const position = await drainLog(drain);
      await drain.log.trim(position);
    }
  } catch (error) {
    log.warn('the log was not emptied at the end', { error });
  }
}

function lagSample(partition: number, ms: number): Sample {
  return {
    name: 'mailroom_log_lag_seconds',
    help: 'How long the partition has had messages that the store lacks.',
    labels: { partition: String(partition) },
    value: ms / 1_000,
  };
}

interface PersisterCounts {
  readonly inserted: number;
  readonly outdated: number;
  readonly deadLetters: number;
}

function persisterSamples({ inserted, outdated, deadLetters }: PersisterCounts): Sample[] {
  return [
    counter('mailroom_store_inserted_records_total', 'Records that the message store has taken.', inserted),
    counter('mailroom_store_outdated_records_total', 'Records of former owners, dropped behind a fence.', outdated),
    counter('mailroom_storage_dead_letters_total', 'Records that the store refused; each is a defect.', deadLetters),
  ];
}
