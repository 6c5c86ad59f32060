/** The message store: in MySQL where its address is set, else in the data directory. */
import { behind } from '../../actors/back-end/behind.ts';
import { dataDirPaths } from '../../storage/embedded/data-dir.ts';
import { SqliteMessageStoreWriter } from '../../storage/embedded/store/writer.ts';
import { openMessageStoreWriter } from '../../storage/mysql/messages/writer.ts';
import type { MessageStoreWriter } from '../../storage/ports/message-store.ts';
import type { RoleEnvironment } from '../roles/role.ts';
import type { Circuits } from './circuits.ts';
import { insist } from './insist.ts';

/** A batch may be large, and its commit waits for a replica. */
const INSERT_DEADLINE_MS = 30_000;

export async function openStoreWriter(
  { config, log }: RoleEnvironment,
  circuits: Circuits,
): Promise<MessageStoreWriter> {
  const { mysql, amqp } = config.storage;
  if (mysql === undefined) return new SqliteMessageStoreWriter(dataDirPaths(config.dataDir).messages);
  const partitions = amqp?.partitions ?? 1;
  const store = await insist(log, 'open the message store', () =>
    openMessageStoreWriter(mysql.url, { pool: { maxConnections: Math.min(partitions, MAX_CONNECTIONS) + 1 } }),
  );
  const backEnd = circuits.add('mysql message store', {
    probe: () => Promise.resolve(store.persisted(0)),
    maxInFlight: partitions,
    deadlineMs: INSERT_DEADLINE_MS,
  });
  return behind(backEnd, store);
}

/** Past this many, partitions take turns. */
const MAX_CONNECTIONS = 8;
