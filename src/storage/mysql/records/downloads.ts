/** Downloads on MySQL. Few are read at a time, and who reads one has just written it: all of it is the primary's. */
import {
  type DownloadChange,
  type DownloadCursor,
  type DownloadRecord,
  type DownloadState,
  type Downloads,
  OPEN_STATES,
} from '../../ports/downloads.ts';
import type { SqlValue } from '../connection.ts';
import type { SqlPool } from '../pool.ts';
import { text } from './text.ts';

interface Row {
  readonly id: Uint8Array;
  readonly user: Uint8Array;
  readonly url: Uint8Array;
  readonly name: string;
  readonly size: number | null;
  readonly received: number;
  readonly state: DownloadState;
  readonly problem: string;
  readonly file: Uint8Array | null;
  readonly validator: Uint8Array | null;
  readonly upload: Uint8Array | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

const COLUMNS = `id, user, url, name, size, received, state, problem, file, validator, upload, created_at AS createdAt,
  updated_at AS updatedAt`;
const OPEN = OPEN_STATES.map((state) => `'${state}'`).join(', ');

export class MysqlDownloads implements Downloads {
  readonly #pool: SqlPool;

  /** The pool stays the caller's to close; its schema has to be the newest. */
  constructor(primary: SqlPool) {
    this.#pool = primary;
  }

  async create(download: DownloadRecord, maxOpen: number): Promise<boolean> {
    return await this.#pool.transaction(async (tx) => {
      // The user's row is the lock: two at once would both find room for one more.
      await tx.rows('SELECT id FROM users WHERE id = ? FOR UPDATE', [download.user]);
      const [count] = await tx.rows<{ open: number }>(
        `SELECT COUNT(*) AS open FROM download WHERE user = ? AND state IN (${OPEN})`,
        [download.user],
      );
      if ((count?.open ?? 0) >= maxOpen) return false;
      const { id, user, url, name, size, received, state, problem, file, validator, upload } = download;
      const { createdAt, updatedAt } = download;
      await tx.run(
        `INSERT INTO download (id, user, url, name, size, received, state, problem, file, validator, upload, created_at, updated_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        [id, user, url, name, size, received, state, problem, file, validator, upload, createdAt, updatedAt],
      );
      return true;
    });
  }

  async download(id: string): Promise<DownloadRecord | null> {
    const [row] = await this.#pool.rows<Row>(`SELECT ${COLUMNS} FROM download WHERE id = ?`, [id]);
    return row === undefined ? null : recordOf(row);
  }

  async downloadsOf(user: string, limit: number, after?: DownloadCursor): Promise<readonly DownloadRecord[]> {
    const behind: SqlValue[] = after === undefined ? [] : [after.at, after.at, after.id];
    const rows = await this.#pool.rows<Row>(
      `SELECT ${COLUMNS} FROM download WHERE user = ?
       ${after === undefined ? '' : 'AND (created_at < ? OR (created_at = ? AND id < ?))'}
       ORDER BY created_at DESC, id DESC LIMIT ${Math.trunc(limit)}`,
      [user, ...behind],
      { prepared: false },
    );
    return rows.map(recordOf);
  }

  async change(
    id: string,
    from: readonly DownloadState[],
    change: DownloadChange,
    at: number,
  ): Promise<DownloadRecord | null> {
    return await this.#pool.transaction(async (tx) => {
      const [row] = await tx.rows<Row>(`SELECT ${COLUMNS} FROM download WHERE id = ? FOR UPDATE`, [id]);
      if (row === undefined || !from.includes(row.state)) return null;
      const changed = { ...recordOf(row), ...change, updatedAt: at };
      const { name, size, received, state, problem, file, validator, upload } = changed;
      await tx.run(
        `UPDATE download SET name = ?, size = ?, received = ?, state = ?, problem = ?, file = ?, validator = ?,
           upload = ?, updated_at = ? WHERE id = ?`,
        [name, size, received, state, problem, file, validator, upload, at, id],
      );
      return changed;
    });
  }

  async unfinished(limit: number, after = ''): Promise<readonly DownloadRecord[]> {
    const rows = await this.#pool.rows<Row>(
      `SELECT ${COLUMNS} FROM download WHERE state IN ('queued', 'running') AND id > ? ORDER BY id
       LIMIT ${Math.trunc(limit)}`,
      [after],
      { prepared: false },
    );
    return rows.map(recordOf);
  }

  async forgetEnded(before: number, limit: number): Promise<number> {
    const { affectedRows } = await this.#pool.run(
      `DELETE FROM download WHERE state NOT IN (${OPEN}) AND updated_at < ? LIMIT ${Math.trunc(limit)}`,
      [before],
      { prepared: false },
    );
    return affectedRows;
  }

  /** Has nothing of its own open. */
  close(): Promise<void> {
    return Promise.resolve();
  }
}

function recordOf(row: Row): DownloadRecord {
  const { id, user, url, file, validator, upload } = row;
  return {
    ...row,
    id: text(id),
    user: text(user),
    url: text(url),
    file: file === null ? null : text(file),
    validator: validator === null ? null : text(validator),
    upload: upload === null ? null : text(upload),
  };
}
