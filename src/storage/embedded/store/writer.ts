/** The message store's writing side, for the persister's thread. It checkpoints there too, and bounds the WAL. */
import type { Database, Statement } from 'bun:sqlite';
import { statSync } from 'node:fs';
import { encodeLogRecord, type LogRecord } from '../../ports/log-record.ts';
import type { LogPosition } from '../../ports/message-log.ts';
import type { InsertBatch, InsertReport, MessageStoreWriter } from '../../ports/message-store.ts';
import { LOCK_WAIT_MS, openDatabase } from '../database.ts';
import { guarded } from '../faults.ts';
import { migrate } from '../migrations.ts';
import { Effects } from './effects.ts';
import { Epochs } from './epochs.ts';
import { Mentions } from './mentions.ts';
import { Rooms } from './rooms.ts';
import { MESSAGE_STORE_MIGRATIONS, STREAM_TABLES } from './schema.ts';
import { StreamTable } from './stream-table.ts';

export interface MessageStoreOptions {
  /** WAL size at which a commit checkpoints what readers permit. */
  readonly checkpointBytes?: number;
  /** WAL size at which the writer waits for readers, so that a checkpoint can start the WAL anew. */
  readonly maxWalBytes?: number;
  /** Bound of what is kept in memory of senders, for each stream. */
  readonly maxSenderBytes?: number;
}

const PAGE_BYTES = 4_096;
const CACHE_KIB = 64 * 1024;
const CHECKPOINT_WAIT_MS = 100;

type QuarantineParams = [room: string, stream: string, seq: number, reason: string, record: Uint8Array];

export class SqliteMessageStoreWriter implements MessageStoreWriter {
  readonly #db: Database;
  readonly #walPath: string;
  readonly #maxWalBytes: number;
  readonly #rooms: Rooms;
  readonly #streams: Readonly<Record<LogRecord['stream'], StreamTable>>;
  readonly #effects: Effects;
  readonly #mentions: Mentions;
  readonly #epochs: Epochs;
  readonly #progress: Statement<unknown, [number, number]>;
  readonly #quarantine: Statement<unknown, QuarantineParams>;
  readonly #insertAll: { immediate(batch: InsertBatch): InsertReport };

  constructor(path: string, options: MessageStoreOptions = {}) {
    const maxSenderBytes = options.maxSenderBytes ?? 32 * 1024 * 1024;
    const autocheckpointPages = Math.ceil((options.checkpointBytes ?? 32 * 1024 * 1024) / PAGE_BYTES);
    this.#walPath = `${path}-wal`;
    this.#maxWalBytes = options.maxWalBytes ?? 128 * 1024 * 1024;
    this.#db = guarded(`open ${path}`, () => {
      const db = openDatabase(path, { autocheckpointPages, cacheKib: CACHE_KIB });
      try {
        migrate(db, MESSAGE_STORE_MIGRATIONS);
        return db;
      } catch (error) {
        db.close(true);
        throw error;
      }
    });
    const db = this.#db;
    this.#rooms = new Rooms(db);
    this.#epochs = new Epochs(db);
    this.#streams = {
      messages: new StreamTable(db, STREAM_TABLES.messages, maxSenderBytes),
      changes: new StreamTable(db, STREAM_TABLES.changes, maxSenderBytes),
    };
    this.#effects = new Effects(db);
    this.#mentions = new Mentions(db);
    this.#progress = db.prepare(`
      INSERT INTO log_partition VALUES (?, ?) ON CONFLICT DO UPDATE SET position = max(position, excluded.position)`);
    this.#quarantine = db.prepare(`
      INSERT INTO quarantine (room, stream, seq, reason, quarantined_at, record)
      VALUES (?, ?, ?, ?, unixepoch('subsec') * 1000, ?) ON CONFLICT DO NOTHING`);
    this.#insertAll = db.transaction((batch: InsertBatch) => this.#insertWithin(batch));
  }

  claimEpoch(): number {
    return guarded('claim an epoch', () => this.#epochs.claim());
  }

  insert(batch: InsertBatch): InsertReport {
    return guarded('store messages', () => {
      try {
        const report = this.#insertAll.immediate(batch);
        this.#boundWal();
        return report;
      } catch (error) {
        this.#rooms.reset();
        this.#epochs.reset();
        for (const table of Object.values(this.#streams)) table.reset();
        throw error;
      }
    });
  }

  persisted(partition: number): LogPosition {
    return guarded('read the progress', () => {
      const query = 'SELECT position FROM log_partition WHERE partition = ?';
      return this.#db.query<{ position: number }, [number]>(query).get(partition)?.position ?? 0;
    });
  }

  close(): void {
    guarded('close the message store', () => this.#db.close(true));
  }

  #insertWithin({ partition, position, fence, records, mentionsOf }: InsertBatch): InsertReport {
    let inserted = 0;
    let repeated = 0;
    let outdated = 0;
    if (fence !== undefined) this.#epochs.raise(fence);
    const refused: { record: LogRecord; reason: string }[] = [];
    const changes: LogRecord[] = [];
    for (const record of records) {
      const isOutdated = record.epoch < this.#epochs.of(record.slot);
      const room = this.#rooms.keyOf(record.room);
      const outcome = this.#streams[record.stream].place(room, isOutdated, record);
      if (outcome === 'stored' && record.effect !== undefined) changes.push(record);
      if (outcome === 'stored') {
        this.#mentions.apply(room, record, mentionsOf?.(record));
        inserted += 1;
      } else if (outcome === 'repeated') repeated += 1;
      else if (outcome === 'outdated') outdated += 1;
      else {
        if (outcome.hasPlaceholder) this.#effects.name(room, record);
        refused.push({ record, reason: outcome.refused });
      }
    }
    for (const table of Object.values(this.#streams)) table.flush();
    for (const change of changes) this.#effects.apply(this.#rooms.keyOf(change.room), change);
    for (const { record, reason } of refused) {
      this.#quarantine.run(record.room, record.stream, record.seq, reason, encodeLogRecord(record));
    }
    this.#progress.run(partition, position);
    return { inserted, repeated, outdated, refused };
  }

  /**
   * Commits checkpoint without waiting, which never starts the WAL anew while reads overlap without a break. Past the
   * bound this one waits for the reads that are under way: moments for this driver's own, while a foreign one that stays
   * costs each insert the whole wait and lets the WAL grow.
   */
  #boundWal(): void {
    if (statSync(this.#walPath).size <= this.#maxWalBytes) return;
    this.#db.run(`PRAGMA busy_timeout = ${CHECKPOINT_WAIT_MS}`);
    try {
      this.#db.run('PRAGMA wal_checkpoint(TRUNCATE)');
    } finally {
      this.#db.run(`PRAGMA busy_timeout = ${LOCK_WAIT_MS}`);
    }
  }
}
