/**
 * Contents: from their first upload to their collection. Whoever adds or ends a reference to a content locks its row first,
 * so that one of them sees that it has ended the last one, and none begins while it is being deleted.
 */
import { StorageFault } from '../../ports/faults.ts';
import type { ContentRecord, FinishedUpload } from '../../ports/file-records.ts';
import { type ContentRow, contentOf } from '../../ports/file-rows.ts';
import type { SqlRunner } from '../connection.ts';
import { isDuplicate } from '../faults.ts';
import { CONTENT_COLUMNS, firstRow, textRows } from './rows.ts';

const CONTENT = `SELECT ${CONTENT_COLUMNS} FROM file`;

const IS_REFERRED_TO = `(EXISTS (SELECT 1 FROM user_file WHERE user_file.file_hash = file.hash)
  OR EXISTS (SELECT 1 FROM room_file WHERE room_file.file_hash = file.hash))`;

export async function readContent(runner: SqlRunner, hash: string): Promise<ContentRecord | null> {
  const row = await firstRow<ContentRow>(runner, `${CONTENT} WHERE hash = ?`, [hash]);
  return row === null ? null : contentOf(row);
}

export async function lockContent(tx: SqlRunner, hash: string): Promise<ContentRecord | null> {
  const row = await firstRow<ContentRow>(tx, `${CONTENT} WHERE hash = ? FOR UPDATE`, [hash]);
  return row === null ? null : contentOf(row);
}

/** A new row. False where another transaction was faster: its row can be locked now. */
export async function insertContent(tx: SqlRunner, upload: FinishedUpload): Promise<boolean> {
  const { fileId, hash, name, size, type, address, at, hashes = {} } = upload;
  const { md5 = null, sha1 = null, crc32 = null, crc64 = null } = hashes;
  try {
    await tx.run(
      `INSERT INTO file (id, hash, name, size, type, address, generation, status, created_at, updated_at,
         md5, sha1, crc32, crc64) VALUES (?, ?, ?, ?, ?, ?, ?, 'staged', ?, ?, ?, ?, ?, ?)`,
      [fileId, hash, name, size, type, address, fileId, at, at, md5, sha1, crc32, crc64],
    );
    return true;
  } catch (error) {
    if (!isDuplicate(error, 'hash')) throw error;
    return false;
  }
}

/** Takes back what `insertContent` has inserted in this transaction. */
export async function forgetContent(tx: SqlRunner, hash: string): Promise<void> {
  await tx.run('DELETE FROM file WHERE hash = ?', [hash]);
}

export async function renewContent(tx: SqlRunner, upload: FinishedUpload, before: ContentRecord): Promise<void> {
  const { fileId, hash, type, address, at } = upload;
  if (before.generation === fileId) throw new StorageFault('refused', 'a generation is used once');
  await tx.run(
    `UPDATE file SET generation = ?, type = ?, address = ?, status = 'staged', updated_at = ?, orphaned_at = NULL
     WHERE hash = ?`,
    [fileId, type, address, at, hash],
  );
}

/** Something refers to it from now on. */
export async function referred(tx: SqlRunner, hash: string): Promise<void> {
  await tx.run('UPDATE file SET orphaned_at = NULL WHERE hash = ?', [hash]);
}

/** A reference has gone; where it was the last one, the content's time begins to run. */
export async function released(tx: SqlRunner, hash: string, at: number): Promise<void> {
  await tx.run(`UPDATE file SET orphaned_at = ? WHERE hash = ? AND NOT ${IS_REFERRED_TO}`, [at, hash]);
}

export async function stagedContents(
  runner: SqlRunner,
  limit: number,
  after: string,
): Promise<readonly ContentRecord[]> {
  const sql = `${CONTENT} WHERE status = 'staged' AND hash > ? ORDER BY hash LIMIT ?`;
  return (await textRows<ContentRow>(runner, sql, [after, limit])).map(contentOf);
}

export async function setStored(
  tx: SqlRunner,
  hash: string,
  generation: string,
  address: string,
  at: number,
): Promise<boolean> {
  const { affectedRows } = await tx.run(
    `UPDATE file SET status = 'stored', address = ?, updated_at = ?
     WHERE hash = ? AND generation = ? AND (status = 'staged' OR (status = 'stored' AND address = ?))`,
    [address, at, hash, generation, address],
  );
  return affectedRows === 1;
}

export async function collectableContents(
  runner: SqlRunner,
  before: number,
  limit: number,
): Promise<readonly ContentRecord[]> {
  const sql = `${CONTENT} WHERE orphaned_at < ? ORDER BY orphaned_at, hash LIMIT ?`;
  return (await textRows<ContentRow>(runner, sql, [before, limit])).map(contentOf);
}

export async function setDeleting(tx: SqlRunner, hash: string, generation: string, at: number): Promise<boolean> {
  await lockContent(tx, hash);
  const { affectedRows } = await tx.run(
    `UPDATE file SET status = 'deleting', updated_at = ?
     WHERE hash = ? AND generation = ? AND orphaned_at IS NOT NULL AND NOT ${IS_REFERRED_TO}`,
    [at, hash, generation],
  );
  return affectedRows === 1;
}

export async function deleteContent(tx: SqlRunner, hash: string, generation: string): Promise<boolean> {
  const sql = "DELETE FROM file WHERE hash = ? AND generation = ? AND status = 'deleting'";
  return (await tx.run(sql, [hash, generation])).affectedRows === 1;
}
