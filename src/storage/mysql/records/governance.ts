/** Governance of rooms on MySQL: writes on the primary, announced under the room; what a door decides on is read there too. */
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
import type { SqlRunner, SqlValue } from '../connection.ts';
import type { MysqlServers } from '../mysql-servers.ts';
import type { SqlTransaction } from '../transaction.ts';
import { AnnouncedAccess, roomKey, userKey } from './announced-access.ts';
import * as door from './door.ts';
import { setVersion } from './rooms.ts';
import { text } from './text.ts';

interface RoomRow extends Omit<RoomFields, 'announcement' | 'avatar'> {
  readonly avatar: Uint8Array;
  readonly announcement: number;
  readonly floor: number;
  readonly deletedAt: number;
  readonly createdAt: number;
}

export class MysqlGovernance implements Governance {
  readonly #servers: MysqlServers;
  readonly #access: AnnouncedAccess;

  /** The servers stay the caller's to close; their schema has to be the newest. */
  constructor(servers: MysqlServers) {
    this.#servers = servers;
    this.#access = new AnnouncedAccess(servers);
  }

  governance(room: string): Promise<RoomGovernance | null> {
    return this.#access.read([roomKey(room)], (runner) => readGovernance(runner, room));
  }

  updateRoom(room: string, fields: RoomFields, version: number): Promise<boolean> {
    const { title, topic, avatar, announcement, slowMode, joinPolicy, past } = fields;
    const values = [title, topic, avatar, announcement ? 1 : 0, slowMode, joinPolicy, past];
    return this.#access.write([roomKey(room)], async (tx) => {
      if (!(await isThere(tx, room))) return false;
      await tx.run(
        `UPDATE rooms SET title = ?, topic = ?, avatar = ?, announcement = ?, slow_mode = ?, join_policy = ?, past = ?,
           version = ? WHERE id = ?`,
        [...values, version, room],
      );
      return true;
    });
  }

  async changeMembers(room: string, changes: readonly MemberChange[], version: number): Promise<boolean> {
    const keys = [roomKey(room), ...changes.map(({ user }) => userKey(user))];
    try {
      return await this.#access.write(keys, async (tx) => {
        await isThere(tx, room);
        for (const change of changes) await applyChange(tx, room, change);
        await setVersion(tx, room, version);
        return true;
      });
    } catch (error) {
      if (error instanceof NoMember) return false;
      throw error;
    }
  }

  async mute(room: string, user: string, until: number, version: number): Promise<void> {
    await this.#access.write([roomKey(room)], async (tx) => {
      await requireRoom(tx, room);
      await tx.run('DELETE FROM room_mute WHERE room = ? AND user = ?', [room, user]);
      if (until !== 0) await tx.run('INSERT INTO room_mute (room, user, until) VALUES (?, ?, ?)', [room, user, until]);
      await setVersion(tx, room, version);
      return true;
    });
  }

  ban(room: string, ban: BanRecord, version: number): Promise<boolean> {
    return this.#access.writing([roomKey(room), userKey(ban.user)], async (tx) => {
      await requireRoom(tx, room);
      await door.insertBan(tx, room, ban);
      const member = [room, ban.user];
      const { affectedRows } = await tx.run('DELETE FROM room_member WHERE room = ? AND user = ?', member);
      if (affectedRows > 0) await setVersion(tx, room, version);
      return affectedRows > 0;
    });
  }

  unban(room: string, user: string): Promise<boolean> {
    return this.#dropping(room, 'DELETE FROM room_ban WHERE room = ? AND user = ?', [room, user]);
  }

  bans(room: string, after: string, limit: number): Promise<readonly NamedBan[]> {
    return this.#access.read([roomKey(room)], (runner) => door.readBans(runner, room, after, limit));
  }

  candidate(room: string, user: string, now: number): Promise<Candidate> {
    return door.readCandidate(this.#servers.primary, room, user, now);
  }

  async roomCounts(users: readonly string[]): Promise<readonly number[]> {
    const counts: number[] = [];
    for (const user of users) counts.push(await door.countRooms(this.#servers.primary, user));
    return counts;
  }

  request(room: string, user: string, at: number, max: number): Promise<boolean> {
    return this.#access.write([roomKey(room)], async (tx) => {
      await requireRoom(tx, room);
      return await door.insertRequest(tx, room, user, at, max);
    });
  }

  requests(room: string, after: string, limit: number): Promise<readonly JoinRequest[]> {
    return this.#access.read([roomKey(room)], (runner) => door.readRequests(runner, room, after, limit));
  }

  dropRequest(room: string, user: string): Promise<boolean> {
    return this.#dropping(room, 'DELETE FROM room_request WHERE room = ? AND user = ?', [room, user]);
  }

  saveLink(room: string, link: LinkRecord, hash: string, max: number): Promise<boolean> {
    return this.#access.write([roomKey(room)], async (tx) => {
      await requireRoom(tx, room);
      return await door.insertLink(tx, room, link, hash, max);
    });
  }

  links(room: string): Promise<readonly LinkRecord[]> {
    return this.#access.read([roomKey(room)], (runner) => door.readLinks(runner, room));
  }

  dropLink(room: string, id: string): Promise<boolean> {
    return this.#dropping(room, 'DELETE FROM room_link WHERE room = ? AND id = ?', [room, id]);
  }

  roomOfLink(hash: string, now: number): Promise<string | null> {
    return door.readRoomOfLink(this.#servers.primary, hash, now);
  }

  joinByLink(
    room: string,
    hash: string,
    now: number,
    user: string,
    read: number,
    version: number,
  ): Promise<LinkOutcome> {
    return this.#access.writing(
      [roomKey(room), userKey(user)],
      async (tx) => {
        await isThere(tx, room);
        const outcome = await door.joinByLink(tx, { room, hash, now, user, read, version });
        if (outcome === 'joined') await setVersion(tx, room, version);
        return outcome;
      },
      (outcome) => outcome === 'joined',
    );
  }

  deleteRoom(room: string, at: number, version: number): Promise<boolean> {
    return this.#access.write([roomKey(room)], async (tx) => {
      if (!(await isThere(tx, room))) return false;
      await tx.run('UPDATE rooms SET deleted_at = ?, version = ? WHERE id = ?', [at, version, room]);
      for (const table of ['room_mute', 'room_ban', 'room_link', 'room_request']) {
        await tx.run(`DELETE FROM ${table} WHERE room = ?`, [room]);
      }
      return true;
    });
  }

  purgeMembers(room: string, limit: number): Promise<number> {
    return this.#access.writing([roomKey(room)], async (tx) => {
      await isThere(tx, room);
      const purge = 'DELETE FROM room_member WHERE room = ? LIMIT ?';
      return (await tx.run(purge, [room, limit], { prepared: false })).affectedRows;
    });
  }

  async raiseFloor(room: string, seq: number): Promise<void> {
    await this.#access.write([roomKey(room)], async (tx) => {
      const raise = 'UPDATE rooms SET floor_seq = ? WHERE id = ? AND floor_seq < ?';
      return (await tx.run(raise, [seq, room, seq])).affectedRows > 0;
    });
  }

  /** Has nothing of its own open. */
  close(): Promise<void> {
    return Promise.resolve();
  }

  #dropping(room: string, sql: string, values: readonly SqlValue[]): Promise<boolean> {
    return this.#access.write([roomKey(room)], async (tx) => (await tx.run(sql, [...values])).affectedRows > 0);
  }
}

async function readGovernance(runner: SqlRunner, room: string): Promise<RoomGovernance | null> {
  const [row] = await runner.rows<RoomRow>(
    `SELECT title, topic, avatar, announcement, slow_mode AS slowMode, join_policy AS joinPolicy, past,
       floor_seq AS floor, deleted_at AS deletedAt, created_at AS createdAt
     FROM rooms WHERE id = ?`,
    [room],
  );
  if (row === undefined) return null;
  const muted = 'SELECT user, until FROM room_mute WHERE room = ? ORDER BY user';
  const mutes = await runner.rows<{ readonly user: Uint8Array; readonly until: number }>(muted, [room]);
  const { floor, deletedAt, createdAt, avatar, announcement, ...rest } = row;
  return {
    fields: { ...rest, avatar: text(avatar), announcement: announcement !== 0 },
    floor,
    deletedAt,
    createdAt,
    mutes: mutes.map(({ user, until }) => ({ user: text(user), until })),
  };
}

/** MySQL counts a row that was found but not changed as not affected, so that the row is looked for first. */
async function applyChange(tx: SqlTransaction, room: string, { user, role }: MemberChange): Promise<void> {
  const found = await tx.rows('SELECT role FROM room_member WHERE room = ? AND user = ? FOR UPDATE', [room, user]);
  if (found.length === 0) throw new NoMember();
  if (role === 'none') await tx.run('DELETE FROM room_member WHERE room = ? AND user = ?', [room, user]);
  else await tx.run('UPDATE room_member SET role = ? WHERE room = ? AND user = ?', [role, room, user]);
}

/** Takes the room's row for writing: whoever changes a room takes it first. */
async function isThere(tx: SqlRunner, room: string): Promise<boolean> {
  return (await tx.rows('SELECT version FROM rooms WHERE id = ? FOR UPDATE', [room])).length > 0;
}

async function requireRoom(tx: SqlRunner, room: string): Promise<void> {
  if (!(await isThere(tx, room))) throw new StorageFault('refused', 'there is no such room');
}

/** Rolls a transaction back. */
class NoMember extends Error {}
