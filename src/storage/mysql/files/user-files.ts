/** The files of users: what they have, list, name and throw away. */
import type { FileRecord, ListQuery, ListScope, SharedFile } from '../../ports/file-records.ts';
import { searchName } from '../../ports/file-rules.ts';
import type { SqlRunner, SqlValue } from '../connection.ts';
import { firstRow, textRows } from './rows.ts';

const FILE_COLUMNS = `user_file.id AS id, user_file.user_id AS user, user_file.file_hash AS hash, user_file.name AS name,
  user_file.size AS size, file.type AS type, user_file.uploaded_at AS uploadedAt, user_file.updated_at AS updatedAt,
  user_file.trashed_at AS trashedAt`;

const FILE = `SELECT ${FILE_COLUMNS} FROM user_file JOIN file ON file.hash = user_file.file_hash`;
const SHARED = `SELECT ${FILE_COLUMNS}, share.id AS share, share.created_at AS sharedAt
  FROM share JOIN user_file ON user_file.id = share.file JOIN file ON file.hash = user_file.file_hash`;

interface List {
  readonly from: string;
  readonly at: string;
  readonly id: string;
}

const LISTS: Readonly<Record<ListScope, List>> = {
  own: {
    from: `${FILE} WHERE user_file.user_id = ? AND user_file.status = 'live'`,
    at: 'user_file.uploaded_at',
    id: 'user_file.id',
  },
  trash: {
    from: `${FILE} WHERE user_file.user_id = ? AND user_file.status = 'trashed'`,
    at: 'user_file.trashed_at',
    id: 'user_file.id',
  },
  shared: {
    from: `${SHARED} WHERE share.target_user = ? AND user_file.status = 'live'`,
    at: 'share.created_at',
    id: 'share.id',
  },
};

export async function readFile(runner: SqlRunner, user: string, id: string): Promise<FileRecord | null> {
  const sql = `${FILE} WHERE user_file.user_id = ? AND user_file.id = ?`;
  return await firstRow<FileRecord>(runner, sql, [user, id]);
}

export async function readFileByHash(runner: SqlRunner, user: string, hash: string): Promise<FileRecord | null> {
  const sql = `${FILE} WHERE user_file.user_id = ? AND user_file.file_hash = ?`;
  return await firstRow<FileRecord>(runner, sql, [user, hash]);
}

export async function listFiles(
  runner: SqlRunner,
  user: string,
  { scope, limit, after, search, at }: ListQuery,
): Promise<readonly (FileRecord | SharedFile)[]> {
  const list = LISTS[scope];
  const conditions: string[] = [list.from];
  const values: SqlValue[] = [user];
  if (scope === 'shared') {
    conditions.push('(share.expires_at IS NULL OR share.expires_at > ?)');
    values.push(at);
  }
  if (after !== undefined) {
    conditions.push(`(${list.at} < ? OR (${list.at} = ? AND ${list.id} < ?))`);
    values.push(after.at, after.at, after.id);
  }
  if (search !== undefined) {
    conditions.push('LOCATE(?, user_file.search_name) > 0');
    values.push(Buffer.from(searchName(search)));
  }
  const sql = `${conditions.join(' AND ')} ORDER BY ${list.at} DESC, ${list.id} DESC LIMIT ?`;
  return await textRows<FileRecord | SharedFile>(runner, sql, [...values, limit]);
}

/** False where there is no such user. */
export async function insertFile(
  tx: SqlRunner,
  { id, user, hash, name, at }: { id: string; user: string; hash: string; name: string; at: number },
): Promise<boolean> {
  const { affectedRows } = await tx.run(
    `INSERT INTO user_file
       (id, user_id, username, file_hash, size, name, search_name, uploaded_at, updated_at, status, trashed_at)
     SELECT ?, users.id, users.username, file.hash, file.size, ?, ?, ?, ?, 'live', NULL
     FROM users, file WHERE users.id = ? AND file.hash = ?`,
    [id, name, searchName(name), at, at, user, hash],
  );
  return affectedRows === 1;
}

export async function renameFile(tx: SqlRunner, user: string, id: string, name: string, at: number): Promise<boolean> {
  const sql = `UPDATE user_file SET name = ?, search_name = ?, updated_at = ?
    WHERE user_id = ? AND id = ? AND status = 'live'`;
  return (await tx.run(sql, [name, searchName(name), at, user, id])).affectedRows === 1;
}

export async function trashFile(tx: SqlRunner, user: string, id: string, at: number): Promise<boolean> {
  const sql = `UPDATE user_file SET status = 'trashed', trashed_at = ?, updated_at = ?
    WHERE user_id = ? AND id = ? AND status = 'live'`;
  return (await tx.run(sql, [at, at, user, id])).affectedRows === 1;
}

export async function restoreFile(tx: SqlRunner, user: string, id: string, at: number): Promise<boolean> {
  const sql = `UPDATE user_file SET status = 'live', trashed_at = NULL, updated_at = ?
    WHERE user_id = ? AND id = ? AND status = 'trashed'`;
  return (await tx.run(sql, [at, user, id])).affectedRows === 1;
}

export async function deleteFile(tx: SqlRunner, id: string): Promise<void> {
  await tx.run('DELETE FROM user_file WHERE id = ?', [id]);
}

export async function readTrashedBefore(
  runner: SqlRunner,
  before: number,
  limit: number,
): Promise<readonly { readonly user: string; readonly id: string }[]> {
  const sql = 'SELECT user_id AS user, id FROM user_file WHERE trashed_at < ? ORDER BY trashed_at, id LIMIT ?';
  return await textRows(runner, sql, [before, limit]);
}

export async function readHolders(
  runner: SqlRunner,
  hash: string,
  limit: number,
): Promise<readonly { readonly user: string; readonly file: string }[]> {
  const sql = 'SELECT user_id AS user, id AS file FROM user_file WHERE file_hash = ? ORDER BY id LIMIT ?';
  return await textRows(runner, sql, [hash, limit]);
}
