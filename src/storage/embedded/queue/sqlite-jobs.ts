/**
 * The queues of a process in one SQLite file. It belongs to one instance, whose memory knows which consumer has a job;
 * what a process had taken when it died waits again at the next start.
 */
import type { Database } from 'bun:sqlite';
import { join } from 'node:path';
import type { StorageFault } from '../../ports/faults.ts';
import type { JobQueue, QueuePolicy } from '../../ports/queue.ts';
import { createPrivateDirectory, openDatabase } from '../database.ts';
import { acquireLock, type ExclusiveLock } from '../exclusive-lock.ts';
import { guarded } from '../faults.ts';
import { migrate } from '../migrations.ts';
import { JobTable } from './job-table.ts';
import { JOBS_MIGRATIONS } from './schema.ts';
import { SqliteQueue } from './sqlite-queue.ts';

export interface SqliteJobsOptions {
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** How long a change waits for another process that writes, a backup or an operator, before it is `unavailable`. */
  readonly lockWaitMs?: number;
  /** Told when jobs could not be taken or given back; it is tried again. */
  readonly onFault?: (fault: StorageFault) => void;
}

export class SqliteJobs {
  readonly #db: Database;
  readonly #lock: ExclusiveLock;
  readonly #options: SqliteJobsOptions;
  readonly #queues = new Map<string, SqliteQueue>();

  /** Throws a `StorageFault` if another instance has the directory. */
  constructor(directory: string, options: SqliteJobsOptions = {}) {
    this.#options = options;
    guarded(`create ${directory}`, () => createPrivateDirectory(directory));
    this.#lock = acquireLock(join(directory, 'lock.db'), `the job queues in ${directory} are open already`);
    try {
      this.#db = guarded('open the job queues', () => openJobs(join(directory, 'jobs.db'), options));
    } catch (error) {
      this.#lock.release();
      throw error;
    }
  }

  /** One queue by its name, the same object each time. The first caller says the policy. */
  queue(name: string, policy: QueuePolicy): JobQueue {
    const known = this.#queues.get(name);
    if (known !== undefined) return known;
    const queue = new SqliteQueue(name, policy, new JobTable(this.#db, name), this.#options);
    this.#queues.set(name, queue);
    return queue;
  }

  async close(): Promise<void> {
    for (const queue of this.#queues.values()) await queue.close();
    guarded('close the job queues', () => this.#db.close(true));
    this.#lock.release();
  }
}

function openJobs(path: string, { lockWaitMs }: SqliteJobsOptions): Database {
  const db = openDatabase(path, lockWaitMs === undefined ? {} : { lockWaitMs });
  try {
    migrate(db, JOBS_MIGRATIONS);
    // Whoever had them is gone.
    db.run('UPDATE job SET taken = 0 WHERE taken = 1');
    return db;
  } catch (error) {
    db.close(true);
    throw error;
  }
}
