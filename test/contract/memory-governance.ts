/** The reference model of governance: what the port says, in the plainest form, over the model of the records. */
import { StorageFault } from '../../src/storage/ports/faults.ts';
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
} from '../../src/storage/ports/governance.ts';
import type { MemoryRecords } from './memory-records.ts';

interface Room {
  fields: Omit<RoomFields, 'title'>;
  floor: number;
  deletedAt: number;
  readonly mutes: Map<string, number>;
  readonly bans: Map<string, BanRecord>;
  readonly requests: Map<string, number>;
  readonly links: Map<string, { link: LinkRecord; readonly hash: string }>;
}

const INITIAL: Room['fields'] = {
  topic: '',
  avatar: '',
  announcement: false,
  slowMode: 0,
  joinPolicy: 'open',
  past: 'all',
};

export class MemoryGovernance implements Governance {
  readonly #records: MemoryRecords;
  readonly #rooms = new Map<string, Room>();

  constructor(records: MemoryRecords) {
    this.#records = records;
  }

  governance(room: string): RoomGovernance | null {
    const record = this.#records.room(room);
    if (record === null) return null;
    const { fields, floor, deletedAt, mutes } = this.#of(room);
    const muted = sorted(mutes).map(([user, until]) => ({ user, until }));
    return { fields: { ...fields, title: record.title }, floor, deletedAt, createdAt: record.createdAt, mutes: muted };
  }

  updateRoom(room: string, { title, ...fields }: RoomFields, version: number): boolean {
    if (!this.#records.changeRoom(room, { title, version })) return false;
    this.#of(room).fields = fields;
    return true;
  }

  changeMembers(room: string, changes: readonly MemberChange[], version: number): boolean {
    const left = new Set(this.#records.members(room).map(({ user }) => user));
    for (const { user, role } of changes) {
      if (!left.has(user)) return false;
      if (role === 'none') left.delete(user);
    }
    for (const { user, role } of changes) {
      if (role === 'none') this.#records.removeMember(room, user, version);
      else this.#records.setRole(room, user, role);
    }
    this.#records.changeRoom(room, { version });
    return true;
  }

  mute(room: string, user: string, until: number, version: number): void {
    this.#require(room);
    if (until === 0) this.#of(room).mutes.delete(user);
    else {
      this.#requireUser(user);
      this.#of(room).mutes.set(user, until);
    }
    this.#records.changeRoom(room, { version });
  }

  ban(room: string, ban: BanRecord, version: number): boolean {
    this.#require(room);
    this.#requireUser(ban.user);
    this.#of(room).bans.set(ban.user, ban);
    this.#of(room).requests.delete(ban.user);
    return this.#records.removeMember(room, ban.user, version);
  }

  unban(room: string, user: string): boolean {
    return this.#of(room).bans.delete(user);
  }

  bans(room: string, after: string, limit: number): readonly NamedBan[] {
    const rows = sorted(this.#of(room).bans).filter(([user]) => user > after);
    return rows.slice(0, limit).map(([user, ban]) => ({ ...ban, username: this.#nameOf(user) }));
  }

  candidate(room: string, user: string, now: number): Candidate {
    const ban = this.#of(room).bans.get(user);
    const holds = ban !== undefined && (ban.until === 0 || ban.until > now);
    return { ban: holds ? ban : null, asked: this.#of(room).requests.has(user), rooms: this.#countOf(user) };
  }

  roomCounts(users: readonly string[]): readonly number[] {
    return users.map((user) => this.#countOf(user));
  }

  request(room: string, user: string, at: number, max: number): boolean {
    this.#require(room);
    const { requests } = this.#of(room);
    if ([...requests.keys()].filter((other) => other !== user).length >= max) return false;
    this.#requireUser(user);
    if (!requests.has(user)) requests.set(user, at);
    return true;
  }

  requests(room: string, after: string, limit: number): readonly JoinRequest[] {
    const members = new Set(this.#records.members(room).map(({ user }) => user));
    const rows = sorted(this.#of(room).requests).filter(([user]) => user > after && !members.has(user));
    return rows.slice(0, limit).map(([user, at]) => ({ user, username: this.#nameOf(user), at }));
  }

  dropRequest(room: string, user: string): boolean {
    return this.#of(room).requests.delete(user);
  }

  saveLink(room: string, link: LinkRecord, hash: string, max: number): boolean {
    this.#require(room);
    const { links } = this.#of(room);
    if (links.size >= max) return false;
    for (const { links: taken } of this.#rooms.values()) {
      const isTaken = taken.has(link.id) || [...taken.values()].some((other) => other.hash === hash);
      if (isTaken) throw new StorageFault('refused', 'the link is taken');
    }
    links.set(link.id, { link, hash });
    return true;
  }

  links(room: string): readonly LinkRecord[] {
    return sorted(this.#of(room).links).map(([, { link }]) => link);
  }

  dropLink(room: string, id: string): boolean {
    return this.#of(room).links.delete(id);
  }

  roomOfLink(hash: string, now: number): string | null {
    for (const [room, { links }] of this.#rooms) {
      for (const { link, hash: own } of links.values()) if (own === hash) return isLive(link, now) ? room : null;
    }
    return null;
  }

  joinByLink(room: string, hash: string, now: number, user: string, read: number, version: number): LinkOutcome {
    if (this.#records.members(room).some((member) => member.user === user)) return 'member';
    const held = [...this.#of(room).links.values()].find((each) => each.hash === hash);
    if (held === undefined || !isLive(held.link, now)) return 'gone';
    this.#records.addMember(room, user, 'member', read, version);
    held.link = { ...held.link, uses: held.link.uses + 1 };
    this.#of(room).requests.delete(user);
    return 'joined';
  }

  deleteRoom(room: string, at: number, version: number): boolean {
    if (!this.#records.changeRoom(room, { version })) return false;
    const found = this.#of(room);
    found.deletedAt = at;
    for (const each of [found.mutes, found.bans, found.requests, found.links]) each.clear();
    return true;
  }

  purgeMembers(room: string, limit: number): number {
    const gone = this.#records.members(room).slice(0, limit);
    const version = this.#records.room(room)?.version ?? 0;
    for (const { user } of gone) this.#records.removeMember(room, user, version);
    return gone.length;
  }

  raiseFloor(room: string, seq: number): void {
    const found = this.#of(room);
    if (this.#records.room(room) !== null) found.floor = Math.max(found.floor, seq);
  }

  close(): void {}

  #of(id: string): Room {
    const known = this.#rooms.get(id);
    if (known !== undefined) return known;
    const maps = { mutes: new Map(), bans: new Map(), requests: new Map(), links: new Map() };
    const made: Room = { fields: INITIAL, floor: 0, deletedAt: 0, ...maps };
    this.#rooms.set(id, made);
    return made;
  }

  #countOf(user: string): number {
    return this.#records.membershipsOf(user).length;
  }

  #nameOf(user: string): string {
    return this.#records.userById(user)?.username ?? '';
  }

  #require(room: string): void {
    if (this.#records.room(room) === null) throw new StorageFault('refused', 'there is no such room');
  }

  #requireUser(user: string): void {
    if (this.#records.userById(user) === null) throw new StorageFault('refused', 'there is no such user');
  }
}

function isLive({ expiresAt, maxUses, uses }: LinkRecord, now: number): boolean {
  return (expiresAt === 0 || expiresAt > now) && (maxUses === 0 || uses < maxUses);
}

function sorted<T>(map: ReadonlyMap<string, T>): [string, T][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}
