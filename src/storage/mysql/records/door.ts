/** Who may come into a room, on MySQL: bans, requests to join and links. Writes are steps of the caller's transaction. */
import type { BanRecord, Candidate, JoinRequest, LinkOutcome, LinkRecord, NamedBan } from '../../ports/governance.ts';
import type { SqlRunner, SqlValue } from '../connection.ts';
import { text } from './text.ts';

interface BanRow extends Omit<BanRecord, 'user' | 'by'> {
  readonly user: Uint8Array;
  readonly by: Uint8Array;
}

interface NamedBanRow extends BanRow {
  readonly username: Uint8Array;
}

interface RequestRow {
  readonly user: Uint8Array;
  readonly username: Uint8Array;
  readonly at: number;
}

interface LinkRow extends Omit<LinkRecord, 'id' | 'by'> {
  readonly id: Uint8Array;
  readonly by: Uint8Array;
}

interface Joining {
  readonly room: string;
  readonly hash: string;
  readonly now: number;
  readonly user: string;
  readonly read: number;
  readonly version: number;
}

const LIVE_LINK = 'hash = ? AND (expires_at = 0 OR expires_at > ?) AND (max_uses = 0 OR uses < max_uses)';
const BAN = 'user, banned_by AS `by`, at, until, reason';

export async function insertBan(tx: SqlRunner, room: string, ban: BanRecord): Promise<void> {
  const { user, by, at, until, reason } = ban;
  await tx.run('DELETE FROM room_ban WHERE room = ? AND user = ?', [room, user]);
  await tx.run('INSERT INTO room_ban (room, user, banned_by, at, until, reason) VALUES (?, ?, ?, ?, ?, ?)', [
    room,
    user,
    by,
    at,
    until,
    reason,
  ]);
  await tx.run('DELETE FROM room_request WHERE room = ? AND user = ?', [room, user]);
}

export async function readBans(
  runner: SqlRunner,
  room: string,
  after: string,
  limit: number,
): Promise<readonly NamedBan[]> {
  const rows = await runner.rows<NamedBanRow>(
    `SELECT ${BAN}, username FROM room_ban JOIN users ON users.id = user
     WHERE room = ? AND user > ? ORDER BY user LIMIT ?`,
    [room, after, limit],
    { prepared: false },
  );
  return rows.map((row) => ({ ...banOf(row), username: text(row.username) }));
}

export async function readCandidate(runner: SqlRunner, room: string, user: string, now: number): Promise<Candidate> {
  const [ban] = await runner.rows<BanRow>(
    `SELECT ${BAN} FROM room_ban WHERE room = ? AND user = ? AND (until = 0 OR until > ?)`,
    [room, user, now],
  );
  const asked = await has(runner, 'SELECT 1 AS one FROM room_request WHERE room = ? AND user = ?', [room, user]);
  return { ban: ban === undefined ? null : banOf(ban), asked, rooms: await countRooms(runner, user) };
}

export async function countRooms(runner: SqlRunner, user: string): Promise<number> {
  return await count(runner, 'SELECT COUNT(*) AS count FROM room_member WHERE user = ?', [user]);
}

export async function insertRequest(
  tx: SqlRunner,
  room: string,
  user: string,
  at: number,
  max: number,
): Promise<boolean> {
  const others = 'SELECT COUNT(*) AS count FROM room_request WHERE room = ? AND user <> ?';
  if ((await count(tx, others, [room, user])) >= max) return false;
  if (!(await has(tx, 'SELECT 1 AS one FROM room_request WHERE room = ? AND user = ?', [room, user]))) {
    await tx.run('INSERT INTO room_request (room, user, at) VALUES (?, ?, ?)', [room, user, at]);
  }
  return true;
}

export async function readRequests(
  runner: SqlRunner,
  room: string,
  after: string,
  limit: number,
): Promise<readonly JoinRequest[]> {
  const rows = await runner.rows<RequestRow>(
    `SELECT user, username, at FROM room_request JOIN users ON users.id = user
     WHERE room = ? AND user > ?
       AND NOT EXISTS (SELECT 1 FROM room_member AS m WHERE m.room = room_request.room AND m.user = room_request.user)
     ORDER BY user LIMIT ?`,
    [room, after, limit],
    { prepared: false },
  );
  return rows.map(({ user, username, at }) => ({ user: text(user), username: text(username), at }));
}

export async function insertLink(
  tx: SqlRunner,
  room: string,
  { id, by, at, expiresAt, maxUses, uses }: LinkRecord,
  hash: string,
  max: number,
): Promise<boolean> {
  if ((await count(tx, 'SELECT COUNT(*) AS count FROM room_link WHERE room = ?', [room])) >= max) return false;
  await tx.run(
    'INSERT INTO room_link (id, room, hash, made_by, at, expires_at, max_uses, uses) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    [id, room, hash, by, at, expiresAt, maxUses, uses],
  );
  return true;
}

export async function readLinks(runner: SqlRunner, room: string): Promise<readonly LinkRecord[]> {
  const rows = await runner.rows<LinkRow>(
    `SELECT id, made_by AS \`by\`, at, expires_at AS expiresAt, max_uses AS maxUses, uses
     FROM room_link WHERE room = ? ORDER BY id`,
    [room],
  );
  return rows.map((row) => ({ ...row, id: text(row.id), by: text(row.by) }));
}

export async function readRoomOfLink(runner: SqlRunner, hash: string, now: number): Promise<string | null> {
  const [row] = await runner.rows<{ readonly room: Uint8Array }>(`SELECT room FROM room_link WHERE ${LIVE_LINK}`, [
    hash,
    now,
  ]);
  return row === undefined ? null : text(row.room);
}

export async function joinByLink(tx: SqlRunner, joining: Joining): Promise<LinkOutcome> {
  const { room, hash, now, user, read, version } = joining;
  if (await has(tx, 'SELECT 1 AS one FROM room_member WHERE room = ? AND user = ?', [room, user])) return 'member';
  const use = `UPDATE room_link SET uses = uses + 1 WHERE ${LIVE_LINK} AND room = ?`;
  if ((await tx.run(use, [hash, now, room])).affectedRows === 0) return 'gone';
  await tx.run(
    'INSERT INTO room_member (room, user, role, read_seq, joined_version, joined_seq) VALUES (?, ?, ?, ?, ?, ?)',
    [room, user, 'member', read, version, read],
  );
  await tx.run('DELETE FROM room_request WHERE room = ? AND user = ?', [room, user]);
  return 'joined';
}

function banOf({ user, by, at, until, reason }: BanRow): BanRecord {
  return { user: text(user), by: text(by), at, until, reason };
}

async function count(runner: SqlRunner, sql: string, values: readonly SqlValue[]): Promise<number> {
  const [row] = await runner.rows<{ readonly count: number }>(sql, [...values]);
  return Number(row?.count ?? 0);
}

async function has(runner: SqlRunner, sql: string, values: readonly SqlValue[]): Promise<boolean> {
  return (await runner.rows(sql, [...values])).length > 0;
}
