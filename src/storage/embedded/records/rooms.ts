/** Rooms and their members. */
import type { Database, Statement } from 'bun:sqlite';
import type { MemberRecord, MembershipRecord, RoomRecord, RoomRole } from '../../ports/records.ts';

type NewMember = { readonly user: string; readonly role: RoomRole };
type ReadPosition = { readonly room: string; readonly user: string; readonly seq: number };

export class RoomTables {
  readonly #db: Database;
  readonly #insertRoom: Statement<unknown, [string, string, string, string, number, number]>;
  readonly #room: Statement<RoomRecord, [string]>;
  readonly #setVersion: Statement<unknown, [string, number]>;
  readonly #insertMember: Statement<unknown, [string, string, string, number, number]>;
  readonly #deleteMember: Statement<unknown, [string, string]>;
  readonly #members: Statement<MemberRecord, [string]>;
  readonly #raiseRead: Statement<unknown, [string, string, number]>;
  readonly #memberships: Statement<MembershipRecord, [string]>;

  constructor(db: Database) {
    this.#db = db;
    this.#insertRoom = db.prepare(`
      INSERT INTO rooms (id, kind, title, log, version, created_at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`);
    this.#room = db.prepare('SELECT id, kind, title, log, version, created_at AS createdAt FROM rooms WHERE id = ?');
    this.#setVersion = db.prepare('UPDATE rooms SET version = ?2 WHERE id = ?1');
    this.#insertMember = db.prepare(
      `INSERT INTO room_member (room, user, role, read_seq, joined_version, joined_seq) VALUES (?1, ?2, ?3, ?4, ?5, ?4)
       ON CONFLICT (room, user) DO NOTHING`,
    );
    this.#deleteMember = db.prepare('DELETE FROM room_member WHERE room = ? AND user = ?');
    this.#members = db.prepare(`
      SELECT user, username, role, read_seq AS read, joined_version AS joinedVersion, joined_seq AS joinedSeq
      FROM room_member JOIN users ON users.id = user WHERE room = ? ORDER BY joined_version, user`);
    this.#raiseRead = db.prepare(
      'UPDATE room_member SET read_seq = ?3 WHERE room = ?1 AND user = ?2 AND read_seq < ?3',
    );
    this.#memberships = db.prepare('SELECT room, role, read_seq AS read FROM room_member WHERE user = ? ORDER BY room');
  }

  createRoom(room: RoomRecord, members: readonly NewMember[]): boolean {
    return this.#within(() => {
      const { id, kind, title, log, version, createdAt } = room;
      if (this.#insertRoom.run(id, kind, title, log, version, createdAt).changes === 0) return false;
      for (const member of members) this.#insertMember.run(id, member.user, member.role, 0, version);
      return true;
    });
  }

  room(id: string): RoomRecord | null {
    return this.#room.get(id);
  }

  members(room: string): readonly MemberRecord[] {
    return this.#members.all(room);
  }

  addMember(room: string, user: string, role: RoomRole, read: number, version: number): boolean {
    return this.#within(() => {
      if (this.#insertMember.run(room, user, role, read, version).changes === 0) return false;
      this.#setVersion.run(room, version);
      return true;
    });
  }

  removeMember(room: string, user: string, version: number): boolean {
    return this.#within(() => {
      if (this.#deleteMember.run(room, user).changes === 0) return false;
      this.#setVersion.run(room, version);
      return true;
    });
  }

  saveReads(reads: readonly ReadPosition[]): void {
    this.#within(() => {
      for (const { room, user, seq } of reads) this.#raiseRead.run(room, user, seq);
    });
  }

  membershipsOf(user: string): readonly MembershipRecord[] {
    return this.#memberships.all(user);
  }

  #within<T>(work: () => T): T {
    return this.#db.transaction(work).immediate();
  }
}
