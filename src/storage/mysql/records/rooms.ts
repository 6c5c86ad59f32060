/**
 * Rooms and their members.
 *
 * A row of a member refers to its room, and to insert it the server locks the room's row for reading. Who also changes the
 * room's version therefore takes the room's row for writing first: two who both began with the member would each wait for
 * the other.
 */
import { StorageFault } from '../../ports/faults.ts';
import type { MemberRecord, MembershipRecord, RoomKind, RoomRecord, RoomRole } from '../../ports/records.ts';
import type { SqlRunner, SqlValue, SqlWritten } from '../connection.ts';
import { isDuplicate } from '../faults.ts';
import { text } from './text.ts';

export interface NewMember {
  readonly user: string;
  readonly role: RoomRole;
}

export interface ReadPosition {
  readonly room: string;
  readonly user: string;
  readonly seq: number;
}

interface RoomRow {
  readonly id: Uint8Array;
  readonly kind: RoomKind;
  readonly title: string;
  readonly log: Uint8Array;
  readonly version: number;
  readonly createdAt: number;
}

interface MemberRow extends Omit<MemberRecord, 'user' | 'username'> {
  readonly user: Uint8Array;
  readonly username: Uint8Array;
}

interface MembershipRow extends Omit<MembershipRecord, 'room'> {
  readonly room: Uint8Array;
}

export async function insertRoom(tx: SqlRunner, room: RoomRecord, members: readonly NewMember[]): Promise<boolean> {
  const { id, kind, title, log, version, createdAt } = room;
  const inserted = await isNew(
    tx.run('INSERT INTO rooms (id, kind, title, log, version, created_at) VALUES (?, ?, ?, ?, ?, ?)', [
      id,
      kind,
      title,
      log,
      version,
      createdAt,
    ]),
  );
  if (!inserted) return false;
  const rows = onePerUser(members).flatMap(({ user, role }) => [id, user, role, 0, version, 0]);
  if (rows.length > 0) {
    const places = Array.from({ length: rows.length / 6 }, () => '(?, ?, ?, ?, ?, ?)').join(', ');
    await tx.run(
      `INSERT INTO room_member (room, user, role, read_seq, joined_version, joined_seq) VALUES ${places}`,
      rows,
      { prepared: false },
    );
  }
  return true;
}

export async function insertMember(
  tx: SqlRunner,
  room: string,
  { user, role }: NewMember,
  read: number,
  version: number,
): Promise<boolean> {
  const rooms = await tx.rows('SELECT version FROM rooms WHERE id = ? FOR UPDATE', [room]);
  if (rooms.length === 0) throw new StorageFault('refused', 'there is no such room');
  const inserted = await isNew(
    tx.run(
      'INSERT INTO room_member (room, user, role, read_seq, joined_version, joined_seq) VALUES (?, ?, ?, ?, ?, ?)',
      [room, user, role, read, version, read],
    ),
  );
  if (inserted) await setVersion(tx, room, version);
  return inserted;
}

export async function deleteMember(tx: SqlRunner, room: string, user: string, version: number): Promise<boolean> {
  await tx.rows('SELECT version FROM rooms WHERE id = ? FOR UPDATE', [room]);
  const { affectedRows } = await tx.run('DELETE FROM room_member WHERE room = ? AND user = ?', [room, user]);
  if (affectedRows === 0) return false;
  await setVersion(tx, room, version);
  return true;
}

/** Raises the read positions of different members with one statement. */
export async function raiseReads(runner: SqlRunner, reads: readonly ReadPosition[]): Promise<SqlWritten> {
  const values = reads.flatMap(({ room, user, seq }): SqlValue[] => [room, user, seq]);
  const rows = reads.map((_, index) => (index === 0 ? 'SELECT ? AS room, ? AS user, ? AS seq' : 'SELECT ?, ?, ?'));
  return await runner.run(
    `UPDATE room_member JOIN (${rows.join(' UNION ALL ')}) AS raised
       ON room_member.room = raised.room AND room_member.user = raised.user
     SET room_member.read_seq = raised.seq WHERE room_member.read_seq < raised.seq`,
    values,
    { prepared: false },
  );
}

export async function readRoom(runner: SqlRunner, id: string): Promise<RoomRecord | null> {
  const [row] = await runner.rows<RoomRow>(
    'SELECT id, kind, title, log, version, created_at AS createdAt FROM rooms WHERE id = ?',
    [id],
  );
  if (row === undefined) return null;
  const { kind, title, version, createdAt } = row;
  return { id: text(row.id), kind, title, log: text(row.log), version, createdAt };
}

export async function readMembers(runner: SqlRunner, room: string): Promise<readonly MemberRecord[]> {
  const rows = await runner.rows<MemberRow>(
    `SELECT user, username, role, read_seq AS \`read\`, joined_version AS joinedVersion, joined_seq AS joinedSeq
     FROM room_member JOIN users ON users.id = user WHERE room = ? ORDER BY joined_version, user`,
    [room],
  );
  return rows.map(({ user, username, role, read, joinedVersion, joinedSeq }) => ({
    user: text(user),
    username: text(username),
    role,
    read,
    joinedVersion,
    joinedSeq,
  }));
}

export async function readMemberships(runner: SqlRunner, user: string): Promise<readonly MembershipRecord[]> {
  const rows = await runner.rows<MembershipRow>(
    'SELECT room, role, read_seq AS `read` FROM room_member WHERE user = ? ORDER BY room',
    [user],
  );
  return rows.map(({ room, role, read }) => ({ room: text(room), role, read }));
}

export async function setVersion(tx: SqlRunner, room: string, version: number): Promise<void> {
  await tx.run('UPDATE rooms SET version = ? WHERE id = ?', [version, room]);
}

/** False where the row is there already. */
async function isNew(insert: Promise<unknown>): Promise<boolean> {
  try {
    await insert;
    return true;
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    return false;
  }
}

/** The first of each user, in the order of ids: all who insert take the locks on the users in the same order. */
function onePerUser(members: readonly NewMember[]): readonly NewMember[] {
  const first = new Map<string, NewMember>();
  for (const member of members) if (!first.has(member.user)) first.set(member.user, member);
  return [...first.values()].sort((a, b) => (a.user < b.user ? -1 : 1));
}
