/** The files of users: what they have, list, name and throw away. Called within transactions. */
import type { Database } from 'bun:sqlite';
import type { FileRecord, ListQuery, ListScope, SharedFile } from '../../ports/file-records.ts';
import { searchName } from '../../ports/file-rules.ts';

export const FILE_COLUMNS = `user_file.id AS id, user_file.user_id AS user, user_file.file_hash AS hash,
  user_file.name AS name, user_file.size AS size, file.type AS type, user_file.uploaded_at AS uploadedAt,
  user_file.updated_at AS updatedAt, user_file.trashed_at AS trashedAt`;

const FILE = `SELECT ${FILE_COLUMNS} FROM user_file JOIN file ON file.hash = user_file.file_hash`;
const SHARED = `SELECT ${FILE_COLUMNS}, share.id AS share, share.created_at AS sharedAt
  FROM share JOIN user_file ON user_file.id = share.file JOIN file ON file.hash = user_file.file_hash`;

interface List {
  readonly from: string;
  readonly at: string;
  readonly id: string;
  readonly expiresAt: string;
}

const LISTS: Readonly<Record<ListScope, List>> = {
  own: {
    from: `${FILE} WHERE user_file.user_id = ?1 AND user_file.status = 'live'`,
    at: 'user_file.uploaded_at',
    id: 'user_file.id',
    expiresAt: 'NULL',
  },
  trash: {
    from: `${FILE} WHERE user_file.user_id = ?1 AND user_file.status = 'trashed'`,
    at: 'user_file.trashed_at',
    id: 'user_file.id',
    expiresAt: 'NULL',
  },
  shared: {
    from: `${SHARED} WHERE share.target_user = ?1 AND user_file.status = 'live'`,
    at: 'share.created_at',
    id: 'share.id',
    expiresAt: 'share.expires_at',
  },
};

export class UserFiles {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  byId(user: string, id: string): FileRecord | null {
    const sql = `${FILE} WHERE user_file.user_id = ? AND user_file.id = ?`;
    return this.#db.query<FileRecord, [string, string]>(sql).get(user, id);
  }

  byHash(user: string, hash: string): FileRecord | null {
    const sql = `${FILE} WHERE user_file.user_id = ? AND user_file.file_hash = ?`;
    return this.#db.query<FileRecord, [string, string]>(sql).get(user, hash);
  }

  list(user: string, { scope, limit, after, search = '', at }: ListQuery): readonly (FileRecord | SharedFile)[] {
    const list = LISTS[scope];
    const sql = `${list.from} AND (?2 IS NULL OR (${list.at}, ${list.id}) < (?2, ?3)) AND instr(search_name, ?4) > 0
      AND ifnull(${list.expiresAt} > ?6, 1)
      ORDER BY ${list.at} DESC, ${list.id} DESC LIMIT ?5`;
    return this.#db
      .query<FileRecord | SharedFile, [string, number | null, string, string, number, number]>(sql)
      .all(user, after?.at ?? null, after?.id ?? '', searchName(search), limit, at);
  }

  /** False where there is no such user. */
  insert(id: string, user: string, hash: string, name: string, at: number): boolean {
    const sql = `INSERT INTO user_file (id, user_id, username, file_hash, size, name, search_name, uploaded_at, updated_at,
        status, trashed_at)
      SELECT ?1, users.id, users.username, file.hash, file.size, ?4, ?5, ?6, ?6, 'live', NULL
      FROM users, file WHERE users.id = ?2 AND file.hash = ?3`;
    return this.#db.query(sql).run(id, user, hash, name, searchName(name), at).changes === 1;
  }

  rename(user: string, id: string, name: string, at: number): void {
    this.#db
      .query(
        `UPDATE user_file SET name = ?3, search_name = ?4, updated_at = ?5
         WHERE user_id = ?1 AND id = ?2 AND status = 'live'`,
      )
      .run(user, id, name, searchName(name), at);
  }

  trash(user: string, id: string, at: number): void {
    this.#db
      .query(
        `UPDATE user_file SET status = 'trashed', trashed_at = ?3, updated_at = ?3
         WHERE user_id = ?1 AND id = ?2 AND status = 'live'`,
      )
      .run(user, id, at);
  }

  restore(user: string, id: string, at: number): void {
    this.#db
      .query(
        `UPDATE user_file SET status = 'live', trashed_at = NULL, updated_at = ?3
         WHERE user_id = ?1 AND id = ?2 AND status = 'trashed'`,
      )
      .run(user, id, at);
  }

  delete(id: string): void {
    this.#db.query('DELETE FROM user_file WHERE id = ?').run(id);
  }

  trashedBefore(before: number, limit: number): readonly { readonly user: string; readonly id: string }[] {
    const sql = `SELECT user_id AS user, id FROM user_file WHERE trashed_at < ? ORDER BY trashed_at, id LIMIT ?`;
    return this.#db.query<{ user: string; id: string }, [number, number]>(sql).all(before, limit);
  }

  holders(hash: string, limit: number): readonly { readonly user: string; readonly file: string }[] {
    const sql = 'SELECT user_id AS user, id AS file FROM user_file WHERE file_hash = ? ORDER BY id LIMIT ?';
    return this.#db.query<{ user: string; file: string }, [string, number]>(sql).all(hash, limit);
  }
}
