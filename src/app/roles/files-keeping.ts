/** What looks after contents besides moving them, wired up: collecting what nobody has, and proofs of who has what. */
import { possession, possessionKind } from '../../actors/files/possession.ts';
import { fileRecordsKind } from '../../actors/storage/file-records.ts';
import { Collector, type CollectorRecords } from '../../files/collection/collector.ts';
import { PossessionChecker } from '../../files/instant/possession.ts';
import type { ObjectStore } from '../../storage/ports/objects.ts';
import type { Sample } from '../../storage/ports/sample.ts';
import type { Staging } from '../../storage/ports/staging.ts';
import { askedPort } from '../storage/asked.ts';
import { nodeId } from '../storage/node-id.ts';
import { counter } from '../storage/samples.ts';
import type { RoleEnvironment } from './role.ts';

export interface RunningKeeping {
  samples(): readonly Sample[];
  close(): Promise<void>;
}

const DAY_MS = 86_400_000;
const EVERY_MS = 60_000;
/** Who reads a content has read it, or has begun to, by then. */
const GRACE_MS = 10 * 60_000;

export function startKeeping(
  { shard, config, log, fail }: RoleEnvironment,
  { objects, staging }: { objects: ObjectStore; staging: Staging },
): RunningKeeping {
  const { host } = shard;
  const node = nodeId(config.dataDir);
  const records: CollectorRecords = askedPort(shard, fileRecordsKind);
  const counts = { purged: 0, collected: 0 };
  shard.register(possessionKind, possession(new PossessionChecker({ objects, staging, node })));
  const collector = new Collector({
    records,
    objects,
    staging,
    node,
    host,
    wallMs: () => host.wallMs(),
    everyMs: EVERY_MS,
    trashMs: config.trashDays * DAY_MS,
    graceMs: GRACE_MS,
    onCollected(report) {
      counts.purged += report.purged;
      counts.collected += report.collected;
    },
    onFault: ({ message }) => log.warn('what nobody has is collected later', { fault: message }),
    onDefect: fail,
  });
  collector.start();
  return {
    samples: () => [
      counter('mailroom_files_purged_total', 'Files deleted since their time in the trash was over.', counts.purged),
      counter('mailroom_contents_collected_total', 'Contents deleted since nobody had them.', counts.collected),
    ],
    close: () => collector.close(),
  };
}
