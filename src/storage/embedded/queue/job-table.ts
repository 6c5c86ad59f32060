/** Jobs as rows. Every change is one commit, durable when its method returns; a row is waiting, taken or dead. */
import type { Database } from 'bun:sqlite';
import type { DeadJob, NewJob } from '../../ports/queue.ts';
import { unsettledReason } from '../../ports/queue.ts';

export interface TakenJob {
  readonly key: number;
  readonly id: string;
  readonly body: Uint8Array;
  /** This delivery included. */
  readonly attempts: number;
  readonly enqueuedAt: number;
}

interface Row {
  readonly key: number;
  readonly id: string;
  readonly body: Uint8Array;
  readonly attempts: number;
  readonly enqueued_at: number;
}

interface DeadRow extends Row {
  readonly reason: string;
  readonly died_at: number;
}

const WAITING = 'queue = ? AND died_at IS NULL AND taken = 0';
const DEAD = 'queue = ? AND died_at IS NOT NULL';

export class JobTable {
  readonly #db: Database;
  readonly #queue: string;

  constructor(db: Database, queue: string) {
    this.#db = db;
    this.#queue = queue;
  }

  waiting(): number {
    return this.#count(`SELECT count(*) AS count FROM job WHERE ${WAITING}`);
  }

  dead(): number {
    return this.#count(`SELECT count(*) AS count FROM job WHERE ${DEAD}`);
  }

  insert({ id, body }: NewJob, now: number, dueAt: number): void {
    this.#db
      .query('INSERT INTO job (queue, id, body, enqueued_at, due_at) VALUES (?, ?, ?, ?, ?)')
      .run(this.#queue, id, body, now, dueAt);
  }

  /** When the next job is due; null if none waits. */
  nextDue(): number | null {
    const sql = `SELECT due_at FROM job WHERE ${WAITING} ORDER BY due_at, key LIMIT 1`;
    return this.#db.query<{ due_at: number }, [string]>(sql).get(this.#queue)?.due_at ?? null;
  }

  /** Takes jobs that are due, and counts the attempt. Those without one left die instead. */
  take(limit: number, now: number, maxAttempts: number): { readonly taken: TakenJob[]; readonly died: number } {
    return this.#db
      .transaction(() => {
        const rows = this.#db
          .query<Row, [string, number, number]>(
            `SELECT key, id, body, attempts, enqueued_at FROM job
             WHERE ${WAITING} AND due_at <= ? ORDER BY due_at, key LIMIT ?`,
          )
          .all(this.#queue, now, limit);
        const taken: TakenJob[] = [];
        for (const { key, id, body, attempts, enqueued_at: enqueuedAt } of rows) {
          if (attempts >= maxAttempts) {
            this.bury(key, now, unsettledReason(attempts));
            continue;
          }
          this.#db.query('UPDATE job SET taken = 1, attempts = attempts + 1 WHERE key = ?').run(key);
          taken.push({ key, id, body, attempts: attempts + 1, enqueuedAt });
        }
        return { taken, died: rows.length - taken.length };
      })
      .immediate();
  }

  remove(key: number): void {
    this.#db.query('DELETE FROM job WHERE key = ?').run(key);
  }

  /** The job waits again. An attempt that does not count is taken back. */
  wait(key: number, dueAt: number, attemptCounts: boolean): void {
    this.#db
      .query('UPDATE job SET taken = 0, due_at = ?, attempts = attempts - ? WHERE key = ?')
      .run(dueAt, attemptCounts ? 0 : 1, key);
  }

  waitAll(keys: readonly number[], dueAt: number): void {
    this.#db.transaction(() => {
      for (const key of keys) this.wait(key, dueAt, true);
    })();
  }

  bury(key: number, now: number, reason: string): void {
    this.#db.query('UPDATE job SET taken = 0, died_at = ?, reason = ? WHERE key = ?').run(now, reason, key);
  }

  listDead(limit: number): DeadJob[] {
    return this.#db
      .query<DeadRow, [string, number]>(
        `SELECT key, id, body, attempts, enqueued_at, reason, died_at FROM job
         WHERE ${DEAD} ORDER BY died_at, key LIMIT ?`,
      )
      .all(this.#queue, limit)
      .map(({ id, body, attempts, enqueued_at: enqueuedAt, reason, died_at: diedAt }) => ({
        id,
        body,
        attempts,
        reason,
        enqueuedAt,
        diedAt,
      }));
  }

  replay(ids: readonly string[], now: number): number {
    const sql = `UPDATE job SET died_at = NULL, reason = NULL, attempts = 0, due_at = ?
      WHERE ${DEAD} AND id IN (SELECT value FROM json_each(?))`;
    return this.#db.query(sql).run(now, this.#queue, JSON.stringify(ids)).changes;
  }

  discard(ids: readonly string[]): number {
    const sql = `DELETE FROM job WHERE ${DEAD} AND id IN (SELECT value FROM json_each(?))`;
    return this.#db.query(sql).run(this.#queue, JSON.stringify(ids)).changes;
  }

  #count(sql: string): number {
    return this.#db.query<{ count: number }, [string]>(sql).get(this.#queue)?.count ?? 0;
  }
}
