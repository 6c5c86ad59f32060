/** Who else may read a file: rooms it was posted to, and what its owner has shared. */
import type { FileAccess, FileState, GrantToRoom, RoomGrant, ShareRecord } from '../../ports/file-records.ts';
import { type ContentRow, contentOf, type ShareRow, shareOf } from '../../ports/file-rows.ts';
import { type AccessRow, accessOf } from '../../ports/file-rules.ts';
import type { SqlRunner } from '../connection.ts';
import { CONTENT_COLUMNS, firstRow, textRows } from './rows.ts';

type FoundAccess = ContentRow & Pick<AccessRow, 'file' | 'owner' | 'name' | 'role'> & { readonly state: FileState };

const SHARE = `SELECT id, file, owner, kind, target_user AS user, target_room AS room, token_hash AS tokenHash, secret,
  password_hash AS passwordHash, max_downloads AS maxDownloads, downloads, created_at AS createdAt, expires_at AS expiresAt
  FROM share`;

/** Every way to each of the files, with the content that it leads to. */
function accessQuery(places: string): string {
  return `
    SELECT way.file AS file, way.owner AS owner, way.name AS name, way.role AS role,
      COALESCE(held.status, 'gone') AS state, ${CONTENT_COLUMNS} FROM (
      SELECT id AS file, user_id AS owner, name, file_hash AS hash_of, 'owner' AS role FROM user_file
      WHERE user_id = ? AND id IN (${places})
      UNION ALL
      SELECT DISTINCT room_file.file, room_file.owner, room_file.name, room_file.file_hash, 'member' FROM room_file
      JOIN room_member ON room_member.room = room_file.room AND room_member.user = ?
      WHERE room_file.file IN (${places})
      UNION ALL
      SELECT user_file.id, user_file.user_id, user_file.name, user_file.file_hash, 'friend' FROM share
      JOIN user_file ON user_file.id = share.file
      WHERE share.target_user = ? AND share.file IN (${places}) AND (share.expires_at IS NULL OR share.expires_at > ?)
    ) AS way
    JOIN file ON file.hash = way.hash_of AND file.status <> 'deleting'
    LEFT JOIN user_file AS held ON held.id = way.file
    ORDER BY way.file, way.name`;
}

export async function readAccess(
  runner: SqlRunner,
  user: string,
  files: readonly string[],
  at: number,
): Promise<readonly FileAccess[]> {
  if (files.length === 0) return [];
  const sql = accessQuery(files.map(() => '?').join(', '));
  const values = [user, ...files, user, ...files, user, ...files, at];
  const rows = await textRows<FoundAccess>(runner, sql, values);
  return accessOf(
    rows.map((row) => {
      const { file, owner, name, role, state } = row;
      return { file, owner, name, role, state, content: contentOf(row) };
    }),
  );
}

export async function isMember(runner: SqlRunner, room: string, user: string): Promise<boolean> {
  return (await runner.rows('SELECT 1 FROM room_member WHERE room = ? AND user = ?', [room, user])).length > 0;
}

export async function userExists(runner: SqlRunner, id: string): Promise<boolean> {
  return (await runner.rows('SELECT 1 FROM users WHERE id = ?', [id])).length > 0;
}

export async function insertGrant(
  tx: SqlRunner,
  { file, owner, hash, name }: RoomGrant,
  { room, via, by, at }: Omit<GrantToRoom, 'files'>,
): Promise<void> {
  await tx.run(
    `INSERT INTO room_file (room, file, via, owner, file_hash, name, granted_by, granted_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON DUPLICATE KEY UPDATE via = room_file.via`,
    [room, file, via, owner, hash, name, by, at],
  );
}

export async function deleteGrant(tx: SqlRunner, room: string, file: string, via: string): Promise<void> {
  await tx.run('DELETE FROM room_file WHERE room = ? AND file = ? AND via = ?', [room, file, via]);
}

export async function insertShare(tx: SqlRunner, share: ShareRecord): Promise<void> {
  const { id, file, owner, target, createdAt, expiresAt, downloads } = share;
  const link = target.kind === 'link' ? target : undefined;
  await tx.run(
    `INSERT INTO share (id, file, owner, kind, target_user, target_room, token_hash, secret, password_hash,
       max_downloads, downloads, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      id,
      file,
      owner,
      target.kind,
      target.kind === 'user' ? target.user : null,
      target.kind === 'room' ? target.room : null,
      link?.tokenHash ?? null,
      link?.secret ?? null,
      link?.passwordHash ?? null,
      link?.maxDownloads ?? null,
      downloads,
      createdAt,
      expiresAt,
    ],
  );
}

export async function readShares(runner: SqlRunner, file: string): Promise<readonly ShareRecord[]> {
  return (await textRows<ShareRow>(runner, `${SHARE} WHERE file = ? ORDER BY created_at, id`, [file])).map(shareOf);
}

export async function readLink(runner: SqlRunner, tokenHash: string, at: number): Promise<ShareRecord | null> {
  const sql = `${SHARE} WHERE token_hash = ? AND (expires_at IS NULL OR expires_at > ?)`;
  const row = await firstRow<ShareRow>(runner, sql, [tokenHash, at]);
  return row === null ? null : shareOf(row);
}

export async function countDownload(tx: SqlRunner, share: string, at: number): Promise<boolean> {
  const { affectedRows } = await tx.run(
    `UPDATE share SET downloads = downloads + 1 WHERE id = ? AND kind = 'link'
       AND (max_downloads IS NULL OR downloads < max_downloads) AND (expires_at IS NULL OR expires_at > ?)`,
    [share, at],
  );
  return affectedRows === 1;
}

export async function deleteShare(tx: SqlRunner, id: string): Promise<void> {
  await tx.run('DELETE FROM share WHERE id = ?', [id]);
}

export async function deleteExpiredShares(tx: SqlRunner, before: number): Promise<void> {
  await tx.run('DELETE FROM share WHERE expires_at < ?', [before]);
}
