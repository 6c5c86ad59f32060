/** Governance of rooms in the file of the records. */
import type { Database, Statement } from 'bun:sqlite';
import { StorageFault } from '../../ports/faults.ts';
import type {
  BanRecord,
  Candidate,
  Governance,
  JoinRequest,
  LinkOutcome,
  LinkRecord,
  MemberChange,
  NamedBan,
  RoomFields,
  RoomGovernance,
} from '../../ports/governance.ts';
import { guarded } from '../faults.ts';
import { DoorTables } from './door.ts';

interface RoomRow extends Omit<RoomFields, 'announcement'> {
  readonly announcement: number;
  readonly floor: number;
  readonly deletedAt: number;
  readonly createdAt: number;
}

type FieldValues = [string, string, string, number, number, string, string, number, string];

export class SqliteGovernance implements Governance {
  readonly #db: Database;
  readonly #door: DoorTables;
  readonly #room: Statement<RoomRow, [string]>;
  readonly #mutes: Statement<{ user: string; until: number }, [string]>;
  readonly #update: Statement<unknown, FieldValues>;
  readonly #setVersion: Statement<unknown, [string, number]>;
  readonly #setRole: Statement<unknown, [string, string, string]>;
  readonly #removeMember: Statement<unknown, [string, string]>;
  readonly #setMute: Statement<unknown, [string, string, number]>;
  readonly #endMute: Statement<unknown, [string, string]>;
  readonly #markDeleted: Statement<unknown, [string, number, number]>;
  readonly #purge: Statement<unknown, [string, number]>;
  readonly #floor: Statement<unknown, [string, number]>;

  /** On the connection of the records, whose file it must be; closed with them. */
  constructor(db: Database) {
    this.#db = db;
    this.#door = new DoorTables(db);
    this.#room = db.prepare(`
      SELECT title, topic, avatar, announcement, slow_mode AS slowMode, join_policy AS joinPolicy, past,
        floor_seq AS floor, deleted_at AS deletedAt, created_at AS createdAt
      FROM rooms WHERE id = ?`);
    this.#mutes = db.prepare('SELECT user, until FROM room_mute WHERE room = ? ORDER BY user');
    this.#update = db.prepare(`
      UPDATE rooms SET title = ?, topic = ?, avatar = ?, announcement = ?, slow_mode = ?, join_policy = ?, past = ?,
        version = ? WHERE id = ?`);
    this.#setVersion = db.prepare('UPDATE rooms SET version = ?2 WHERE id = ?1');
    this.#setRole = db.prepare('UPDATE room_member SET role = ?3 WHERE room = ?1 AND user = ?2');
    this.#removeMember = db.prepare('DELETE FROM room_member WHERE room = ? AND user = ?');
    this.#setMute = db.prepare('INSERT OR REPLACE INTO room_mute VALUES (?, ?, ?)');
    this.#endMute = db.prepare('DELETE FROM room_mute WHERE room = ? AND user = ?');
    this.#markDeleted = db.prepare('UPDATE rooms SET deleted_at = ?2, version = ?3 WHERE id = ?1');
    this.#purge = db.prepare(
      'DELETE FROM room_member WHERE room = ?1 AND user IN (SELECT user FROM room_member WHERE room = ?1 LIMIT ?2)',
    );
    this.#floor = db.prepare('UPDATE rooms SET floor_seq = ?2 WHERE id = ?1 AND floor_seq < ?2');
  }

  governance(room: string): RoomGovernance | null {
    return guarded('read how a room is governed', () => {
      const row = this.#room.get(room);
      if (row === null) return null;
      const { floor, deletedAt, createdAt, announcement, ...fields } = row;
      return {
        fields: { ...fields, announcement: announcement !== 0 },
        floor,
        deletedAt,
        createdAt,
        mutes: this.#mutes.all(room),
      };
    });
  }

  updateRoom(room: string, fields: RoomFields, version: number): boolean {
    const { title, topic, avatar, announcement, slowMode, joinPolicy, past } = fields;
    const values: FieldValues = [title, topic, avatar, announcement ? 1 : 0, slowMode, joinPolicy, past, version, room];
    return guarded('update a room', () => this.#update.run(...values).changes > 0);
  }

  changeMembers(room: string, changes: readonly MemberChange[], version: number): boolean {
    return this.#within('change members', () => {
      for (const { user, role } of changes) {
        const { changes: rows } =
          role === 'none' ? this.#removeMember.run(room, user) : this.#setRole.run(room, user, role);
        if (rows === 0) throw new NoMember();
      }
      this.#setVersion.run(room, version);
    });
  }

  mute(room: string, user: string, until: number, version: number): void {
    this.#within('mute a member', () => {
      if (until === 0) this.#endMute.run(room, user);
      else this.#setMute.run(room, user, until);
      if (this.#setVersion.run(room, version).changes === 0) throw new StorageFault('refused', 'there is no such room');
    });
  }

  ban(room: string, ban: BanRecord, version: number): boolean {
    let wasMember = false;
    this.#within('ban a user', () => {
      this.#door.ban(room, ban);
      wasMember = this.#removeMember.run(room, ban.user).changes > 0;
      if (wasMember) this.#setVersion.run(room, version);
    });
    return wasMember;
  }

  unban(room: string, user: string): boolean {
    return guarded('end a ban', () => this.#door.unban(room, user));
  }

  bans(room: string, after: string, limit: number): readonly NamedBan[] {
    return guarded('read bans', () => this.#door.bans(room, after, limit));
  }

  candidate(room: string, user: string, now: number): Candidate {
    return guarded('read who wants to join', () => this.#door.candidate(room, user, now));
  }

  roomCounts(users: readonly string[]): readonly number[] {
    return guarded('count rooms', () => users.map((user) => this.#door.roomsOf(user)));
  }

  request(room: string, user: string, at: number, max: number): boolean {
    return guarded('keep a request to join', () => this.#door.request(room, user, at, max));
  }

  requests(room: string, after: string, limit: number): readonly JoinRequest[] {
    return guarded('read requests to join', () => this.#door.requests(room, after, limit));
  }

  dropRequest(room: string, user: string): boolean {
    return guarded('drop a request to join', () => this.#door.dropRequest(room, user));
  }

  saveLink(room: string, link: LinkRecord, hash: string, max: number): boolean {
    return guarded('save a link', () => this.#door.saveLink(room, link, hash, max));
  }

  links(room: string): readonly LinkRecord[] {
    return guarded('read links', () => this.#door.links(room));
  }

  dropLink(room: string, id: string): boolean {
    return guarded('drop a link', () => this.#door.dropLink(room, id));
  }

  roomOfLink(hash: string, now: number): string | null {
    return guarded('follow a link', () => this.#door.roomOfLink(hash, now));
  }

  joinByLink(room: string, hash: string, now: number, user: string, read: number, version: number): LinkOutcome {
    let outcome: LinkOutcome = 'gone';
    this.#within('join by a link', () => {
      outcome = this.#door.joinByLink(room, hash, now, user, read, version);
      if (outcome === 'joined') this.#setVersion.run(room, version);
    });
    return outcome;
  }

  deleteRoom(room: string, at: number, version: number): boolean {
    let found = false;
    this.#within('delete a room', () => {
      found = this.#markDeleted.run(room, at, version).changes > 0;
      if (found) this.#door.clear(room);
    });
    return found;
  }

  purgeMembers(room: string, limit: number): number {
    return guarded('purge members', () => this.#purge.run(room, limit).changes);
  }

  raiseFloor(room: string, seq: number): void {
    guarded('raise a floor', () => this.#floor.run(room, seq));
  }

  close(): void {
    // The connection is the records', and so is its end.
  }

  /** One transaction; false, and nothing is changed, where it met somebody who is no member. */
  #within(doing: string, work: () => void): boolean {
    return guarded(doing, () => {
      try {
        this.#db.transaction(work).immediate();
        return true;
      } catch (error) {
        if (error instanceof NoMember) return false;
        throw error;
      }
    });
  }
}

/** Rolls a transaction back. */
class NoMember extends Error {}
