/** The records' reference model: what the port says, in the plainest form. */
import { StorageFault } from '../../src/storage/ports/faults.ts';
import type {
  DeadToken,
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
} from '../../src/storage/ports/records.ts';

interface Member {
  readonly room: string;
  readonly user: string;
  role: RoomRole;
  read: number;
  readonly joinedVersion: number;
  readonly joinedSeq: number;
}

const byText = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

export class MemoryRecords implements Records {
  #users: UserRecord[] = [];
  /** In the order in which they were saved. */
  #tokens: TokenRecord[] = [];
  /** In the order of their deaths. */
  #dead: DeadToken[] = [];
  /** By hash. */
  readonly #seen = new Map<string, number>();
  /** Until when no token is issued, by user. */
  readonly #barred = new Map<string, number>();
  #rooms: RoomRecord[] = [];
  #members: Member[] = [];
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  createUser(user: UserRecord): boolean {
    if (this.userByName(user.username)) return false;
    if (this.userById(user.id)) throw new StorageFault('refused', 'the id is taken');
    this.#users.push(user);
    return true;
  }

  /** For the model of moderation: no token is issued to the user until then. */
  bar(user: string, until: number): void {
    this.#barred.set(user, until);
  }

  /** For the model of moderation: the account is deleted. */
  rename(id: string, username: string): void {
    this.#users = this.#users.map((user) => (user.id === id ? { ...user, username, passwordHash: '' } : user));
  }

  userByName(username: string): UserRecord | null {
    return this.#users.find((user) => user.username === username) ?? null;
  }

  userById(id: string): UserRecord | null {
    return this.#users.find((user) => user.id === id) ?? null;
  }

  usersById(ids: readonly string[]): readonly { readonly id: string; readonly username: string }[] {
    return this.#users.filter((user) => ids.includes(user.id)).map(({ id, username }) => ({ id, username }));
  }

  changePassword(userId: string, passwordHash: string, keepTokenHash: string | null): readonly string[] {
    this.#requireUser(userId);
    this.#users = this.#users.map((user) => (user.id === userId ? { ...user, passwordHash } : user));
    const gone = this.#dropTokens((token) => token.userId === userId && token.tokenHash !== keepTokenHash);
    return this.#died(userId, gone);
  }

  saveToken(token: TokenRecord, policy: TokenPolicy, maxTokens: number): readonly string[] {
    this.#requireUser(token.userId);
    if ((this.#barred.get(token.userId) ?? 0) > token.createdAt)
      throw new StorageFault('refused', 'the user is barred');
    const mine = (other: TokenRecord) => other.userId === token.userId;
    const replaced = (other: TokenRecord) => mine(other) && (policy === 'single' || other.device === token.device);
    if (this.#tokens.some((other) => !replaced(other) && other.tokenHash === token.tokenHash)) {
      throw new StorageFault('refused', 'the hash is taken');
    }
    const gone = this.#dropTokens(replaced);
    const oldestFirst = this.#tokens.filter(mine).sort((a, b) => a.createdAt - b.createdAt);
    const excess = oldestFirst.slice(0, Math.max(0, oldestFirst.length - Math.max(0, maxTokens - 1)));
    const over = this.#dropTokens((other) => excess.includes(other));
    this.#tokens.push(token);
    this.#seen.set(token.tokenHash, 0);
    return this.#died(
      token.userId,
      [...gone, ...over].filter((hash) => hash !== token.tokenHash),
    );
  }

  tokenByHash(userId: string, tokenHash: string): TokenRecord | null {
    return this.#tokens.find((token) => token.userId === userId && token.tokenHash === tokenHash) ?? null;
  }

  renewToken(userId: string, oldHash: string, newHash: string, expiresAt: number): boolean {
    const old = this.tokenByHash(userId, oldHash);
    if (!old) return false;
    if (this.#tokens.some((token) => token !== old && token.tokenHash === newHash)) {
      throw new StorageFault('refused', 'the hash is taken');
    }
    this.#seen.set(newHash, this.#seen.get(oldHash) ?? 0);
    this.#tokens = this.#tokens.map((token) => (token === old ? { ...old, tokenHash: newHash, expiresAt } : token));
    if (newHash !== oldHash) this.#died(userId, [oldHash]);
    return true;
  }

  deleteToken(userId: string, tokenHash: string): boolean {
    const gone = this.#dropTokens((token) => token.userId === userId && token.tokenHash === tokenHash);
    return this.#died(userId, gone).length === 1;
  }

  devicesOf(userId: string): readonly DeviceRecord[] {
    return this.#tokens
      .filter((token) => token.userId === userId)
      .reverse()
      .sort((a, b) => b.createdAt - a.createdAt)
      .map(({ device, tokenHash, createdAt, expiresAt }) => {
        const seenAt = Math.max(createdAt, this.#seen.get(tokenHash) ?? 0);
        return { device, tokenHash, createdAt, expiresAt, seenAt };
      });
  }

  deleteDevice(userId: string, device: string): readonly string[] {
    return this.#died(
      userId,
      this.#dropTokens((token) => token.userId === userId && token.device === device),
    );
  }

  touchToken(userId: string, tokenHash: string, seenAt: number): void {
    if (this.tokenByHash(userId, tokenHash) === null) return;
    this.#seen.set(tokenHash, Math.max(seenAt, this.#seen.get(tokenHash) ?? 0));
  }

  deadTokens(since: number, limit: number): DeadTokens {
    const found = this.#dead.filter(({ diedAt }) => diedAt >= since).sort((a, b) => a.diedAt - b.diedAt);
    const lastAt = found[limit - 1]?.diedAt ?? Number.POSITIVE_INFINITY;
    return { now: this.#now(), tokens: found.filter(({ diedAt }) => diedAt <= lastAt) };
  }

  forgetDeadTokens(before: number): void {
    this.#dead = this.#dead.filter(({ diedAt }) => diedAt >= before);
  }

  createRoom(room: RoomRecord, members: readonly { readonly user: string; readonly role: RoomRole }[]): boolean {
    if (this.room(room.id)) return false;
    for (const member of members) this.#requireUser(member.user);
    this.#rooms.push(room);
    for (const { user, role } of members) {
      if (this.#member(room.id, user)) continue;
      this.#members.push({ room: room.id, user, role, read: 0, joinedVersion: room.version, joinedSeq: 0 });
    }
    return true;
  }

  room(id: string): RoomRecord | null {
    return this.#rooms.find((room) => room.id === id) ?? null;
  }

  members(room: string): readonly MemberRecord[] {
    return this.#members
      .filter((member) => member.room === room)
      .sort((a, b) => a.joinedVersion - b.joinedVersion || byText(a.user, b.user))
      .map(({ user, role, read, joinedVersion, joinedSeq }) => ({
        user,
        username: this.userById(user)?.username ?? '',
        role,
        read,
        joinedVersion,
        joinedSeq,
      }));
  }

  addMember(room: string, user: string, role: RoomRole, read: number, version: number): boolean {
    if (this.#member(room, user)) return false;
    this.#requireUser(user);
    if (!this.room(room)) throw new StorageFault('refused', 'there is no such room');
    this.#members.push({ room, user, role, read, joinedVersion: version, joinedSeq: read });
    this.#setVersion(room, version);
    return true;
  }

  removeMember(room: string, user: string, version: number): boolean {
    const member = this.#member(room, user);
    if (!member) return false;
    this.#members = this.#members.filter((other) => other !== member);
    this.#setVersion(room, version);
    return true;
  }

  saveReads(reads: readonly { readonly room: string; readonly user: string; readonly seq: number }[]): void {
    for (const { room, user, seq } of reads) {
      const member = this.#member(room, user);
      if (member) member.read = Math.max(member.read, seq);
    }
  }

  membershipsOf(user: string): readonly MembershipRecord[] {
    return this.#members
      .filter((member) => member.user === user)
      .sort((a, b) => byText(a.room, b.room))
      .map(({ room, role, read }) => ({ room, role, read }));
  }

  close(): void {}

  /** For the model of governance, which changes the same rooms. */
  changeRoom(id: string, fields: Partial<RoomRecord>): boolean {
    if (this.room(id) === null) return false;
    this.#rooms = this.#rooms.map((room) => (room.id === id ? { ...room, ...fields } : room));
    return true;
  }

  setRole(room: string, user: string, role: RoomRole): boolean {
    const member = this.#member(room, user);
    if (member) member.role = role;
    return member !== undefined;
  }

  #member(room: string, user: string): Member | undefined {
    return this.#members.find((member) => member.room === room && member.user === user);
  }

  #setVersion(id: string, version: number): void {
    this.#rooms = this.#rooms.map((room) => (room.id === id ? { ...room, version } : room));
  }

  #requireUser(id: string): void {
    if (!this.userById(id)) throw new StorageFault('refused', 'there is no such user');
  }

  #died(user: string, hashes: readonly string[]): readonly string[] {
    for (const tokenHash of hashes) this.#dead.push({ user, tokenHash, diedAt: this.#now() });
    return hashes;
  }

  #dropTokens(which: (token: TokenRecord) => boolean): string[] {
    const gone = this.#tokens.filter(which);
    this.#tokens = this.#tokens.filter((token) => !gone.includes(token));
    return gone.map((token) => token.tokenHash);
  }
}
