/** The message store: in MySQL where its address is set, else in the data directory. */
import { behind } from '../../actors/back-end/behind.ts';
import { dataDirPaths } from '../../storage/embedded/data-dir.ts';
import { SqliteMessageStoreWriter } from '../../storage/embedded/store/writer.ts';
import type { SemiSync } from '../../storage/mysql/messages/semi-sync.ts';
import { openMessageStoreWriter } from '../../storage/mysql/messages/writer.ts';
import { formatPosition, type Position } from '../../storage/mysql/position.ts';
import type { MessageStoreWriter } from '../../storage/ports/message-store.ts';
import type { Sample } from '../../storage/ports/sample.ts';
import type { RoleEnvironment } from '../roles/role.ts';
import type { Circuits } from './circuits.ts';
import { insist } from './insist.ts';
import { mysqlBudget } from './mysql-budget.ts';

/** A batch may be large, and its commit waits for a replica. */
const INSERT_DEADLINE_MS = 30_000;

export interface OpenStore {
  readonly writer: MessageStoreWriter;
  samples(): readonly Sample[];
}

export async function openStoreWriter({ config, log }: RoleEnvironment, circuits: Circuits): Promise<OpenStore> {
  const { mysql, amqp } = config.storage;
  if (mysql === undefined) {
    return { writer: new SqliteMessageStoreWriter(dataDirPaths(config.dataDir).messages), samples: () => [] };
  }
  const partitions = amqp?.partitions ?? 1;
  const store = await insist(log, 'open the message store', () =>
    openMessageStoreWriter(mysql.url, { pool: { maxConnections: mysqlBudget(partitions).store } }),
  );
  const backEnd = circuits.add('mysql message store', {
    probe: () => Promise.resolve(store.persisted(0)),
    maxInFlight: partitions,
    deadlineMs: INSERT_DEADLINE_MS,
  });
  return {
    writer: behind<MessageStoreWriter>(backEnd, store),
    samples: () => [
      ...(store.semiSync === 'unknown' ? [] : [semiSyncSample(store.semiSync)]),
      committedSample('messages', store.committed),
    ],
  };
}

/** The position as a label: what a replica must have before it may be promoted without loss. */
export function committedSample(pool: string, position: Position): Sample {
  return {
    name: 'mailroom_mysql_committed_info',
    help: 'Always 1; the label is the GTID of the latest commit that was answered.',
    labels: { pool, gtid: formatPosition(position) },
    value: 1,
  };
}

function semiSyncSample(state: SemiSync): Sample {
  return {
    name: 'mailroom_mysql_semi_sync',
    help: '1 while a replica has what MySQL commits before it says so; at 0 the primary is the only copy.',
    labels: {},
    value: state === 'on' ? 1 : 0,
  };
}
