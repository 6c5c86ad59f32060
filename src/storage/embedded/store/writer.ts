/** The message store's writing side, for the persister's thread. It checkpoints there too, and bounds the WAL. */
import type { Database, Statement } from 'bun:sqlite';
import { statSync } from 'node:fs';
import { encodeLogRecord, type LogRecord } from '../../ports/log-record.ts';
import type { LogPosition } from '../../ports/message-log.ts';
import type { InsertReport, MessageStoreWriter } from '../../ports/message-store.ts';
import { LOCK_WAIT_MS, openDatabase } from '../database.ts';
import { guarded } from '../faults.ts';
import { migrate } from '../migrations.ts';
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
  readonly #progress: Statement<unknown, [number]>;
  readonly #quarantine: Statement<unknown, QuarantineParams>;
  readonly #insertAll: { immediate(records: readonly LogRecord[], position: LogPosition): InsertReport };

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
    this.#streams = {
      messages: new StreamTable(db, STREAM_TABLES.messages, maxSenderBytes),
      changes: new StreamTable(db, STREAM_TABLES.changes, maxSenderBytes),
    };
    this.#progress = db.prepare('UPDATE progress SET position = max(position, ?)');
    this.#quarantine = db.prepare(`
      INSERT INTO quarantine (room, stream, seq, reason, quarantined_at, record)
      VALUES (?, ?, ?, ?, unixepoch('subsec') * 1000, ?) ON CONFLICT DO NOTHING`);
    this.#insertAll = db.transaction((records: readonly LogRecord[], position: LogPosition) =>
      this.#insertWithin(records, position),
    );
  }

  insert(records: readonly LogRecord[], position: LogPosition): InsertReport {
    return guarded('store messages', () => {
      try {
        const report = this.#insertAll.immediate(records, position);
        this.#boundWal();
        return report;
      } catch (error) {
        this.#rooms.reset();
        for (const table of Object.values(this.#streams)) table.reset();
        throw error;
      }
    });
  }

  persisted(): LogPosition {
    return guarded('read the progress', () => {
      const row = this.#db.query<{ position: number }, []>('SELECT position FROM progress').get();
      return row?.position ?? 0;
    });
  }

  close(): void {
    guarded('close the message store', () => this.#db.close(true));
  }

  #insertWithin(records: readonly LogRecord[], position: LogPosition): InsertReport {
    let inserted = 0;
    let repeated = 0;
    const refused: { record: LogRecord; reason: string }[] = [];
    for (const record of records) {
      const room = this.#rooms.meet(record.room, record.epoch);
      const outcome = this.#streams[record.stream].place(room.key, room.epoch, record);
      if (outcome === 'stored') inserted += 1;
      else if (outcome === 'repeated') repeated += 1;
      else refused.push({ record, reason: outcome.refused });
    }
    for (const table of Object.values(this.#streams)) table.flush();
    for (const { record, reason } of refused) {
      this.#quarantine.run(record.room, record.stream, record.seq, reason, encodeLogRecord(record));
    }
    this.#progress.run(position);
    return { inserted, repeated, refused };
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
