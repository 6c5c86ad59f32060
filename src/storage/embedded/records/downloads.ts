/** Downloads in the file of the records. */
import type { Database, Statement } from 'bun:sqlite';
import {
  type DownloadChange,
  type DownloadCursor,
  type DownloadRecord,
  type DownloadState,
  type Downloads,
  OPEN_STATES,
} from '../../ports/downloads.ts';
import { guarded } from '../faults.ts';

const COLUMNS = `id, user, url, name, size, received, state, problem, file, validator, upload, created_at AS createdAt,
  updated_at AS updatedAt`;
const OPEN = OPEN_STATES.map((state) => `'${state}'`).join(', ');

export class SqliteDownloads implements Downloads {
  readonly #db: Database;
  readonly #countOpen: Statement<{ readonly open: number }, [string]>;
  readonly #insert: Statement<unknown, (string | number | null)[]>;
  readonly #one: Statement<DownloadRecord, [string]>;
  readonly #page: Statement<DownloadRecord, [string, number, string, number]>;
  readonly #update: Statement<unknown, (string | number | null)[]>;
  readonly #unfinished: Statement<DownloadRecord, [string, number]>;
  readonly #forget: Statement<unknown, [number, number]>;

  /** The connection stays the records' to close; its schema has to be the newest. */
  constructor(db: Database) {
    this.#db = db;
    this.#countOpen = db.prepare(`SELECT count(*) AS open FROM download WHERE user = ? AND state IN (${OPEN})`);
    this.#insert = db.prepare('INSERT INTO download VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
    this.#one = db.prepare(`SELECT ${COLUMNS} FROM download WHERE id = ?`);
    this.#page = db.prepare(`
      SELECT ${COLUMNS} FROM download WHERE user = ?1 AND (created_at, id) < (?2, ?3)
      ORDER BY created_at DESC, id DESC LIMIT ?4`);
    this.#update = db.prepare(`
      UPDATE download SET name = ?2, size = ?3, received = ?4, state = ?5, problem = ?6, file = ?7, validator = ?8,
        upload = ?9, updated_at = ?10 WHERE id = ?1`);
    this.#unfinished = db.prepare(`
      SELECT ${COLUMNS} FROM download WHERE state IN ('queued', 'running') AND id > ? ORDER BY id LIMIT ?`);
    this.#forget = db.prepare(`
      DELETE FROM download WHERE id IN (
        SELECT id FROM download WHERE state NOT IN (${OPEN}) AND updated_at < ? LIMIT ?)`);
  }

  create(download: DownloadRecord, maxOpen: number): boolean {
    return this.#within('record a download', () => {
      if ((this.#countOpen.get(download.user)?.open ?? 0) >= maxOpen) return false;
      const { id, user, url, name, size, received, state, problem, file, validator, upload } = download;
      const { createdAt, updatedAt } = download;
      const values = [
        id,
        user,
        url,
        name,
        size,
        received,
        state,
        problem,
        file,
        validator,
        upload,
        createdAt,
        updatedAt,
      ];
      this.#insert.run(...values);
      return true;
    });
  }

  download(id: string): DownloadRecord | null {
    return guarded('read a download', () => this.#one.get(id));
  }

  downloadsOf(user: string, limit: number, after?: DownloadCursor): readonly DownloadRecord[] {
    const { at, id } = after ?? { at: Number.MAX_SAFE_INTEGER, id: '' };
    return guarded('read downloads', () => this.#page.all(user, at, id, limit));
  }

  change(id: string, from: readonly DownloadState[], change: DownloadChange, at: number): DownloadRecord | null {
    return this.#within('change a download', () => {
      const found = this.#one.get(id);
      if (found === null || !from.includes(found.state)) return null;
      const changed = { ...found, ...change, updatedAt: at };
      const { name, size, received, state, problem, file, validator, upload } = changed;
      this.#update.run(id, name, size, received, state, problem, file, validator, upload, at);
      return changed;
    });
  }

  unfinished(limit: number, after = ''): readonly DownloadRecord[] {
    return guarded('read downloads', () => this.#unfinished.all(after, limit));
  }

  forgetEnded(before: number, limit: number): number {
    return guarded('forget downloads', () => this.#forget.run(before, limit).changes);
  }

  /** Has nothing of its own open. */
  close(): Promise<void> {
    return Promise.resolve();
  }

  #within<T>(doing: string, work: () => T): T {
    return guarded(doing, () => this.#db.transaction(work).immediate());
  }
}
