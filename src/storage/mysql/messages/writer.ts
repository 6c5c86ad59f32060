/**
 * The message store's writing side. All partitions may insert at the same time, each one batch at a time; a batch is one
 * transaction on the primary.
 *
 * A COMMIT whose answer does not come is `unavailable`, and whether it happened is not known. Who inserts the same batch
 * again gets the records that are there counted as repeated.
 */
import { createHash } from 'node:crypto';
import { StorageFault } from '../../ports/faults.ts';
import { encodeLogRecord, type LogRecord } from '../../ports/log-record.ts';
import type { LogPosition } from '../../ports/message-log.ts';
import type { InsertBatch, InsertReport, MessageStoreWriter } from '../../ports/message-store.ts';
import { isDuplicate } from '../faults.ts';
import { migrate } from '../migrations.ts';
import { openPool, type PoolOptions, type SqlPool } from '../pool.ts';
import type { Position } from '../position.ts';
import type { SqlTransaction } from '../transaction.ts';
import { applyEffects } from './effects.ts';
import { claimEpoch, enforce } from './epochs.ts';
import { applyMentions } from './mentions.ts';
import type { Arrival, Outcome } from './plan.ts';
import { MESSAGES_SCHEMA, STREAM_TABLES } from './schema.ts';
import { type SemiSync, SemiSyncWatch } from './semi-sync.ts';
import { StreamTable } from './stream-table.ts';

export interface MessageStoreWriterOptions {
  /** Of the pool that the writer opens. It needs one connection for each partition, and one more. */
  readonly pool?: PoolOptions;
  /** How often at most the replication's state is read: milliseconds. */
  readonly semiSyncMs?: number;
}

/** Batches are large, and a commit may wait for a replica. */
const QUERY_MS = 15_000;
const CONNECTIONS = 9;
const SEMI_SYNC_MS = 2_000;
/** The default of MariaDB; MySQL's is larger. */
const MIN_PACKET_BYTES = 16 * 1024 * 1024;
/** What is longer is kept in the quarantine without its end. */
const MAX_QUARANTINED_BYTES = 8 * 1024 * 1024;

type Refusal = InsertReport['refused'][number];

/** Brings the tables up to date, and opens the store. Rejects with a `StorageFault`. */
export async function openMessageStoreWriter(
  url: string,
  options: MessageStoreWriterOptions = {},
): Promise<MysqlMessageStoreWriter> {
  await migrate(url, MESSAGES_SCHEMA);
  const pool = openPool(url, { queryMs: QUERY_MS, maxConnections: CONNECTIONS, ...options.pool });
  try {
    await demandPackets(pool);
  } catch (error) {
    await pool.close();
    throw error;
  }
  return new MysqlMessageStoreWriter(pool, options.semiSyncMs ?? SEMI_SYNC_MS);
}

async function demandPackets(pool: SqlPool): Promise<void> {
  const [server] = await pool.rows<{ bytes: number }>('SELECT @@GLOBAL.max_allowed_packet AS bytes');
  if (server !== undefined && server.bytes >= MIN_PACKET_BYTES) return;
  throw new StorageFault(
    'refused',
    `MySQL at ${pool.address} takes packets of ${server?.bytes} bytes: set max_allowed_packet to ${MIN_PACKET_BYTES} or more`,
  );
}

class MysqlMessageStoreWriter implements MessageStoreWriter {
  readonly #pool: SqlPool;
  readonly #semiSync: SemiSyncWatch;

  constructor(pool: SqlPool, semiSyncMs: number) {
    this.#pool = pool;
    this.#semiSync = new SemiSyncWatch(pool, semiSyncMs);
  }

  /** The latest of the commits that were answered. */
  get committed(): Position {
    return this.#pool.committed;
  }

  /** As of an insert a moment ago; for a metric and an alert. */
  get semiSync(): SemiSync {
    return this.#semiSync.state;
  }

  async claimEpoch(): Promise<number> {
    return await claimEpoch(this.#pool);
  }

  async insert(batch: InsertBatch): Promise<InsertReport> {
    const report = await this.#pool
      .transaction((tx) => insertWithin(tx, batch))
      .catch((error: unknown) => {
        // Another writer of the same partition has put a row where this one had found none.
        if (isDuplicate(error)) throw new StorageFault('unavailable', 'two persisters store the same records', error);
        throw error;
      });
    await this.#semiSync.look();
    return report;
  }

  async persisted(partition: number): Promise<LogPosition> {
    const [row] = await this.#pool.rows<{ position: number }>(
      'SELECT position FROM log_partition WHERE `partition` = ?',
      [partition],
    );
    return row?.position ?? 0;
  }

  async close(): Promise<void> {
    await this.#pool.close();
  }
}

export type { MysqlMessageStoreWriter };

async function insertWithin(tx: SqlTransaction, batch: InsertBatch): Promise<InsertReport> {
  // First of all, as its lock keeps every other writer of the partition out.
  await advance(tx, batch);
  const epochs = await enforce(tx, batch.fence, batch.records);
  const outcomes: Outcome[] = [];
  const arrivals = batch.records.map((record, index) => ({
    record,
    index,
    isOutdated: record.epoch < (epochs.get(record.slot) ?? 0),
  }));
  for (const stream of ['messages', 'changes'] as const) {
    const own = arrivals.filter(({ record }) => record.stream === stream);
    if (own.length > 0) await new StreamTable(tx, STREAM_TABLES[stream]).place(own, outcomes);
  }
  const stored = arrivals.filter((_, index) => outcomes[index] === 'stored').map(({ record }) => record);
  await applyEffects(tx, stored);
  await applyMentions(tx, stored, batch.mentionsOf);
  const report = reportOf(arrivals, outcomes);
  for (const refusal of report.refused) await quarantine(tx, refusal);
  return report;
}

async function advance(tx: SqlTransaction, { partition, position }: InsertBatch): Promise<void> {
  await tx.run(
    `INSERT INTO log_partition (\`partition\`, position) VALUES (?, ?)
     ON DUPLICATE KEY UPDATE position = GREATEST(position, VALUES(position))`,
    [partition, position],
  );
}

function reportOf(arrivals: readonly Arrival[], outcomes: readonly Outcome[]): InsertReport {
  const counts = { stored: 0, repeated: 0, outdated: 0 };
  const refused: Refusal[] = [];
  for (const [index, { record }] of arrivals.entries()) {
    const outcome = outcomes[index];
    if (outcome === undefined) throw new Error('a record was left out');
    if (typeof outcome === 'string') counts[outcome] += 1;
    else refused.push({ record, reason: outcome.refused });
  }
  return { inserted: counts.stored, repeated: counts.repeated, outdated: counts.outdated, refused };
}

async function quarantine(tx: SqlTransaction, { record, reason }: Refusal): Promise<void> {
  const bytes = encodeLogRecord(record);
  await tx.run(
    `INSERT INTO quarantine (room, stream, seq, reason, quarantined_at, record_hash, record) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON DUPLICATE KEY UPDATE id = quarantine.id`,
    [...keyOf(record), reason, Date.now(), hashOf(bytes), bytes.subarray(0, MAX_QUARANTINED_BYTES)],
  );
}

function keyOf({ room, stream, seq }: LogRecord): [string, string, number] {
  return [room, stream, seq];
}

function hashOf(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest();
}
