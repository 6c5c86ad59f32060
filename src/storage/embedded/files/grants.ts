/** Who else may read a file: rooms it was posted to, and what its owner has shared. Called within transactions. */
import type { Database } from 'bun:sqlite';
import type { FileAccess, FileState, GrantToRoom, RoomGrant, ShareRecord } from '../../ports/file-records.ts';
import { type ContentRow, contentOf, type ShareRow, shareOf } from '../../ports/file-rows.ts';
import { type AccessRow, accessOf } from '../../ports/file-rules.ts';
import { CONTENT_COLUMNS } from './contents.ts';

type FoundAccess = ContentRow & Pick<AccessRow, 'file' | 'owner' | 'name' | 'role'> & { readonly state: FileState };

const SHARE = `SELECT id, file, owner, kind, target_user AS user, target_room AS room, token_hash AS tokenHash, secret,
  password_hash AS passwordHash, max_downloads AS maxDownloads, downloads, created_at AS createdAt, expires_at AS expiresAt
  FROM share`;

/** Every way to each of the files, with the content that it leads to. */
const ACCESS = `
  SELECT way.*, ifnull(held.status, 'gone') AS state, ${CONTENT_COLUMNS} FROM (
    SELECT id AS file, user_id AS owner, name, file_hash AS hash_of, 'owner' AS role FROM user_file
    WHERE user_id = ?1 AND id IN (SELECT value FROM json_each(?2))
    UNION ALL
    SELECT DISTINCT room_file.file, room_file.owner, room_file.name, room_file.file_hash, 'member' FROM room_file
    JOIN room_member ON room_member.room = room_file.room AND room_member.user = ?1
    WHERE room_file.file IN (SELECT value FROM json_each(?2))
    UNION ALL
    SELECT user_file.id, user_file.user_id, user_file.name, user_file.file_hash, 'friend' FROM share
    JOIN user_file ON user_file.id = share.file
    WHERE share.target_user = ?1 AND share.file IN (SELECT value FROM json_each(?2)) AND ifnull(share.expires_at > ?3, 1)
  ) AS way
  JOIN file ON file.hash = way.hash_of AND file.status <> 'deleting'
  LEFT JOIN user_file AS held ON held.id = way.file
  ORDER BY way.file, way.name`;

export class Grants {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  access(user: string, files: readonly string[], at: number): readonly FileAccess[] {
    const rows = this.#db.query<FoundAccess, [string, string, number]>(ACCESS).all(user, JSON.stringify(files), at);
    return accessOf(rows.map((row) => ({ ...pick(row), content: contentOf(row) })));
  }

  isMember(room: string, user: string): boolean {
    return this.#db.query('SELECT 1 FROM room_member WHERE room = ? AND user = ?').get(room, user) !== null;
  }

  userExists(id: string): boolean {
    return this.#db.query('SELECT 1 FROM users WHERE id = ?').get(id) !== null;
  }

  grant({ file, owner, hash, name }: RoomGrant, { room, via, by, at }: Omit<GrantToRoom, 'files'>): void {
    this.#db
      .query('INSERT INTO room_file VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (room, file, via) DO NOTHING')
      .run(room, file, via, owner, hash, name, by, at);
  }

  /** False where there is none. */
  revoke(room: string, file: string, via: string): boolean {
    const sql = 'DELETE FROM room_file WHERE room = ? AND file = ? AND via = ?';
    return this.#db.query(sql).run(room, file, via).changes === 1;
  }

  insertShare({ id, file, owner, target, createdAt, expiresAt, downloads }: ShareRecord): void {
    const link = target.kind === 'link' ? target : undefined;
    this.#db
      .query('INSERT INTO share VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
      .run(
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
      );
  }

  sharesOf(file: string): readonly ShareRecord[] {
    return this.#db.query<ShareRow, [string]>(`${SHARE} WHERE file = ? ORDER BY created_at, id`).all(file).map(shareOf);
  }

  linkShare(tokenHash: string, at: number): ShareRecord | null {
    const sql = `${SHARE} WHERE token_hash = ? AND ifnull(expires_at > ?, 1)`;
    const row = this.#db.query<ShareRow, [string, number]>(sql).get(tokenHash, at);
    return row === null ? null : shareOf(row);
  }

  countDownload(share: string, at: number): boolean {
    const sql = `UPDATE share SET downloads = downloads + 1
      WHERE id = ?1 AND kind = 'link' AND ifnull(downloads < max_downloads, 1) AND ifnull(expires_at > ?2, 1)`;
    return this.#db.query(sql).run(share, at).changes === 1;
  }

  deleteShare(id: string): void {
    this.#db.query('DELETE FROM share WHERE id = ?').run(id);
  }

  expiredShares(before: number): void {
    this.#db.query('DELETE FROM share WHERE expires_at < ?').run(before);
  }
}

function pick({ file, owner, name, role, state }: FoundAccess): Omit<AccessRow, 'content'> {
  return { file, owner, name, role, state };
}
