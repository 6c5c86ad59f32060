/**
 * The records on MySQL. Writes go to the primary, and so does every read of a password or a token. Rooms, members and names
 * are read from replicas that show every write that the reader may know of.
 */
import type {
  DeadTokens,
  DeviceRecord,
  MemberRecord,
  MembershipRecord,
  Records,
  RoomRecord,
  RoomRole,
  TokenPolicy,
  TokenRecord,
  UserRecord,
} from '../../ports/records.ts';
import type { MysqlServers } from '../mysql-servers.ts';
import { Accounts, readUsers } from './accounts.ts';
import { AnnouncedAccess, NAMES, roomKey, userKey } from './announced-access.ts';
import {
  deleteMember,
  insertMember,
  insertRoom,
  type NewMember,
  type ReadPosition,
  raiseReads,
  readMembers,
  readMemberships,
  readRoom,
} from './rooms.ts';

/** Read positions raised by one statement. */
const READS_AT_ONCE = 200;

export class MysqlRecords implements Records {
  readonly #servers: MysqlServers;
  readonly #accounts: Accounts;
  readonly #access: AnnouncedAccess;

  /** The servers stay the caller's to close; their schema has to be the newest. */
  constructor(servers: MysqlServers) {
    this.#servers = servers;
    this.#accounts = new Accounts(servers.primary);
    this.#access = new AnnouncedAccess(servers);
  }

  async createUser(user: UserRecord): Promise<boolean> {
    return await this.#access.announced([userKey(user.id), NAMES], async (write) => {
      const created = await this.#accounts.createUser(user);
      if (created !== false) write.committed(created.gtid);
      return created !== false;
    });
  }

  userByName(username: string): Promise<UserRecord | null> {
    return this.#accounts.userByName(username);
  }

  userById(id: string): Promise<UserRecord | null> {
    return this.#accounts.userById(id);
  }

  usersById(ids: readonly string[]): Promise<readonly { readonly id: string; readonly username: string }[]> {
    return this.#access.read(ids.map(userKey), (runner) => readUsers(runner, ids));
  }

  changePassword(userId: string, passwordHash: string, keepTokenHash: string | null): Promise<readonly string[]> {
    return this.#accounts.changePassword(userId, passwordHash, keepTokenHash);
  }

  saveToken(token: TokenRecord, policy: TokenPolicy, maxTokens: number): Promise<readonly string[]> {
    return this.#accounts.saveToken(token, policy, maxTokens);
  }

  tokenByHash(userId: string, tokenHash: string): Promise<TokenRecord | null> {
    return this.#accounts.tokenByHash(userId, tokenHash);
  }

  renewToken(userId: string, oldHash: string, newHash: string, expiresAt: number): Promise<boolean> {
    return this.#accounts.renewToken(userId, oldHash, newHash, expiresAt);
  }

  deleteToken(userId: string, tokenHash: string): Promise<boolean> {
    return this.#accounts.deleteToken(userId, tokenHash);
  }

  devicesOf(userId: string): Promise<readonly DeviceRecord[]> {
    return this.#accounts.devicesOf(userId);
  }

  deleteDevice(userId: string, device: string): Promise<readonly string[]> {
    return this.#accounts.deleteDevice(userId, device);
  }

  touchToken(userId: string, tokenHash: string, seenAt: number): Promise<void> {
    return this.#accounts.touchToken(userId, tokenHash, seenAt);
  }

  deadTokens(since: number, limit: number): Promise<DeadTokens> {
    return this.#accounts.deadTokens(since, limit);
  }

  forgetDeadTokens(before: number): Promise<void> {
    return this.#accounts.forgetDeadTokens(before);
  }

  createRoom(room: RoomRecord, members: readonly NewMember[]): Promise<boolean> {
    const keys = [roomKey(room.id), ...members.map(({ user }) => userKey(user))];
    return this.#access.write(keys, (tx) => insertRoom(tx, room, members));
  }

  room(id: string): Promise<RoomRecord | null> {
    return this.#access.read([roomKey(id)], (runner) => readRoom(runner, id));
  }

  members(room: string): Promise<readonly MemberRecord[]> {
    return this.#access.read([roomKey(room)], (runner) => readMembers(runner, room));
  }

  addMember(room: string, user: string, role: RoomRole, read: number, version: number): Promise<boolean> {
    const keys = [roomKey(room), userKey(user)];
    return this.#access.write(keys, (tx) => insertMember(tx, room, { user, role }, read, version));
  }

  removeMember(room: string, user: string, version: number): Promise<boolean> {
    return this.#access.write([roomKey(room), userKey(user)], (tx) => deleteMember(tx, room, user, version));
  }

  async saveReads(reads: readonly ReadPosition[]): Promise<void> {
    const highest = highestOfEach(reads);
    for (let start = 0; start < highest.length; start += READS_AT_ONCE) {
      const some = highest.slice(start, start + READS_AT_ONCE);
      const keys = new Set(some.flatMap(({ room, user }) => [roomKey(room), userKey(user)]));
      await this.#access.announced([...keys], async (write) => {
        const { affectedRows, gtid } = await raiseReads(this.#servers.primary, some);
        if (affectedRows > 0) write.committed(gtid);
      });
    }
  }

  membershipsOf(user: string): Promise<readonly MembershipRecord[]> {
    return this.#access.read([userKey(user)], (runner) => readMemberships(runner, user));
  }

  /** Has nothing of its own open. */
  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** One statement changes a row once, whichever of its values it meets first. */
function highestOfEach(reads: readonly ReadPosition[]): readonly ReadPosition[] {
  const highest = new Map<string, ReadPosition>();
  for (const read of reads) {
    const key = JSON.stringify([read.room, read.user]);
    if ((highest.get(key)?.seq ?? 0) < read.seq) highest.set(key, read);
  }
  return [...highest.values()];
}
