/** Contents: from their first upload to their collection. Called within transactions. */
import type { Database } from 'bun:sqlite';
import { StorageFault } from '../../ports/faults.ts';
import type { ContentRecord, FinishedUpload } from '../../ports/file-records.ts';
import { type ContentRow, contentOf } from '../../ports/file-rows.ts';

/** Of a table `file` by this name in the query. */
export const CONTENT_COLUMNS = `file.id AS contentId, file.hash AS hash, file.size AS size, file.type AS type,
  file.address AS address, file.generation AS generation, file.status AS contentStatus, file.created_at AS createdAt,
  file.updated_at AS contentUpdatedAt, md5, sha1, crc32, crc64`;

const CONTENT = `SELECT ${CONTENT_COLUMNS} FROM file`;

const IS_REFERRED_TO = `(EXISTS (SELECT 1 FROM user_file WHERE file_hash = file.hash)
  OR EXISTS (SELECT 1 FROM room_file WHERE file_hash = file.hash))`;

export class Contents {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  byHash(hash: string): ContentRecord | null {
    const row = this.#db.query<ContentRow, [string]>(`${CONTENT} WHERE hash = ?`).get(hash);
    return row === null ? null : contentOf(row);
  }

  /** One that can be referred to, of this size. */
  usable(hash: string, size: number): ContentRecord | null {
    const content = this.byHash(hash);
    return content === null || content.status === 'deleting' || content.size !== size ? null : content;
  }

  /** A new row, or a new generation of one that was being deleted. */
  put(upload: FinishedUpload, before: ContentRecord | null): void {
    const { fileId, hash, name, size, type, address, at, hashes = {} } = upload;
    const { md5 = null, sha1 = null, crc32 = null, crc64 = null } = hashes;
    if (before === null) {
      this.#db
        .query(
          `INSERT INTO file (id, hash, name, size, type, address, generation, status, created_at, updated_at,
             orphaned_at, md5, sha1, crc32, crc64)
           VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?1, 'staged', ?7, ?7, NULL, ?8, ?9, ?10, ?11)`,
        )
        .run(fileId, hash, name, size, type, address, at, md5, sha1, crc32, crc64);
      return;
    }
    if (before.generation === fileId) throw new StorageFault('refused', 'a generation is used once');
    this.#db
      .query(
        `UPDATE file SET generation = ?2, type = ?3, address = ?4, status = 'staged', updated_at = ?5, orphaned_at = NULL
         WHERE hash = ?1`,
      )
      .run(hash, fileId, type, address, at);
  }

  /** Something refers to it from now on. */
  referred(hash: string): void {
    this.#db.query('UPDATE file SET orphaned_at = NULL WHERE hash = ?').run(hash);
  }

  /** A reference has gone; where it was the last one, the content's time begins to run. */
  released(hash: string, at: number): void {
    this.#db.query(`UPDATE file SET orphaned_at = ?2 WHERE hash = ?1 AND NOT ${IS_REFERRED_TO}`).run(hash, at);
  }

  staged(limit: number, after: string): readonly ContentRecord[] {
    const sql = `${CONTENT} WHERE status = 'staged' AND hash > ? ORDER BY hash LIMIT ?`;
    return this.#db.query<ContentRow, [string, number]>(sql).all(after, limit).map(contentOf);
  }

  stored(hash: string, generation: string, address: string, at: number): boolean {
    const sql = `UPDATE file SET status = 'stored', address = ?3, updated_at = ?4
      WHERE hash = ?1 AND generation = ?2 AND (status = 'staged' OR (status = 'stored' AND address = ?3))`;
    return this.#db.query(sql).run(hash, generation, address, at).changes === 1;
  }

  collectable(before: number, limit: number): readonly ContentRecord[] {
    const sql = `${CONTENT} WHERE orphaned_at < ? ORDER BY orphaned_at, hash LIMIT ?`;
    return this.#db.query<ContentRow, [number, number]>(sql).all(before, limit).map(contentOf);
  }

  markDeleting(hash: string, generation: string, at: number): boolean {
    const sql = `UPDATE file SET status = 'deleting', updated_at = ?3
      WHERE hash = ?1 AND generation = ?2 AND orphaned_at IS NOT NULL AND NOT ${IS_REFERRED_TO}`;
    return this.#db.query(sql).run(hash, generation, at).changes === 1;
  }

  removed(hash: string, generation: string): boolean {
    const sql = "DELETE FROM file WHERE hash = ? AND generation = ? AND status = 'deleting'";
    return this.#db.query(sql).run(hash, generation).changes === 1;
  }
}
