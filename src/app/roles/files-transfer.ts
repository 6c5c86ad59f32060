/** What moves staged contents to the object store, wired up: queue, records, notes, and those who are told. */
import { MAX_WAIT_MS, transfersActor, transfersKind } from '../../actors/files/transfers.ts';
import { fileRecordsKind } from '../../actors/storage/file-records.ts';
import { userKind } from '../../actors/user/messages.ts';
import type { SweepReport } from '../../files/transfer/sweep.ts';
import type { TransferRecords } from '../../files/transfer/transfer-records.ts';
import { TRANSFER_POLICY, TRANSFER_QUEUE, type TransferCounts, Transfers } from '../../files/transfer/transfers.ts';
import { Upkeep } from '../../files/transfer/upkeep.ts';
import { encodeNotification } from '../../protocol/frames/rpc.ts';
import { dataDirPaths } from '../../storage/embedded/data-dir.ts';
import { FileNotes } from '../../storage/embedded/transfers/file-notes.ts';
import { StorageFault } from '../../storage/ports/faults.ts';
import type { ObjectStore } from '../../storage/ports/objects.ts';
import type { Sample } from '../../storage/ports/sample.ts';
import type { Staging } from '../../storage/ports/staging.ts';
import { askedPort } from '../storage/asked.ts';
import { nodeId } from '../storage/node-id.ts';
import type { OpenQueues } from '../storage/queues.ts';
import { counter } from '../storage/samples.ts';
import type { RoleEnvironment } from './role.ts';

export interface RunningTransfers {
  samples(): readonly Sample[];
  close(): Promise<void>;
}

const HOUR_MS = 3_600_000;
/** Longer than an upload lives. */
const LOST_MS = 7 * 24 * HOUR_MS;
const UNFINISHED_MS = 48 * HOUR_MS;
/** Of those who have a content, as many are told that it has moved. */
const MAX_TOLD = 100;

export function startTransfers(
  environment: RoleEnvironment,
  { objects, queues, staging }: { objects: ObjectStore; queues: OpenQueues; staging: Staging },
): RunningTransfers {
  const { shard, config, log, fail } = environment;
  const { host } = shard;
  const records: TransferRecords = askedPort(shard, fileRecordsKind);
  const queue = queues.queue(TRANSFER_QUEUE, TRANSFER_POLICY);
  const notes = new FileNotes(dataDirPaths(config.dataDir).transfers);
  const node = nodeId(config.dataDir);
  const common = { objects, staging, notes, records, node, queue, host, wallMs: () => host.wallMs(), onDefect: fail };
  const tell = (user: string, file: string): void => {
    shard.tell(shard.ref(userKind, user), {
      type: 'notify',
      frame: encodeNotification('file', { file, state: 'stored' }),
    });
  };
  const transfers = new Transfers({
    ...common,
    onMoved: (hash) => void tellHolders(records, hash, tell).catch(fail),
    onFailed: (hash, reason, isDead) => {
      if (isDead) log.error('a content cannot be moved to the object store', { hash, reason });
      else log.warn('a content is moved to the object store later', { hash, reason });
    },
  });
  const swept: SweepReport = { enqueued: 0, freed: 0, deleted: 0, lost: 0, abandoned: 0 };
  const upkeep = new Upkeep({
    ...common,
    transfers,
    graceMs: config.stagingGraceMs,
    lostMs: LOST_MS,
    unfinishedMs: UNFINISHED_MS,
    onSwept: (report) => {
      for (const what of Object.keys(swept) as (keyof SweepReport)[]) swept[what] += report[what];
    },
    onFault: ({ message }) => log.warn('what is left of files is looked for later', { fault: message }),
  });
  shard.register(
    transfersKind,
    transfersActor({
      enqueue: (hash) => transfers.enqueue(hash),
      whenStored: (hash, waitMs) => transfers.whenStored(hash, Math.min(waitMs, MAX_WAIT_MS)),
    }),
  );
  transfers.start();
  upkeep.start();
  return {
    samples: () => [...transferSamples(transfers.counts), ...sweepSamples(swept)],
    async close() {
      await upkeep.close();
      await transfers.close();
    },
  };
}

/** At most once: a device that misses it sees the state when it looks. */
async function tellHolders(
  records: TransferRecords,
  hash: string,
  tell: (user: string, file: string) => void,
): Promise<void> {
  try {
    for (const { user, file } of await records.holders(hash, MAX_TOLD)) tell(user, file);
  } catch (error) {
    if (!(error instanceof StorageFault)) throw error;
  }
}

function transferSamples({ moved, failed, dead }: TransferCounts): Sample[] {
  return [
    counter('mailroom_transfers_total', 'Contents moved to the object store.', moved),
    counter('mailroom_transfer_failures_total', 'Transfers that failed and are tried again.', failed),
    counter('mailroom_transfers_dead_total', 'Transfers that were given up; the log has each with its reason.', dead),
  ];
}

function sweepSamples(swept: SweepReport): Sample[] {
  return Object.entries(swept).map(([what, value]) => ({
    name: 'mailroom_swept_total',
    help: 'What crashes and moves had left behind.',
    labels: { what },
    value,
  }));
}
