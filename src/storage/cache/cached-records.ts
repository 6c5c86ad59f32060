/**
 * Records behind a cache. What is cached, and what is not, is decided by what a stale copy would do:
 *
 * | what | cached | why |
 * | --- | --- | --- |
 * | a user's id and name | yes, and near | they never change, but where an account is deleted: that ends the entry |
 * | that a user, a name or a room is not there | for seconds | whoever guesses ids must not reach the store each time; the write that makes it ends the entry before it is answered |
 * | a room's row | only that it exists | the room's owner counts its versions up from it |
 * | a large room's members | yes, with the room's version | served only while the store's row has that version; every write of the room ends it |
 * | a user's password hash | never | after a change the old password must fail everywhere, cache or no cache |
 * | tokens | never | a revoked one is dead within a second everywhere; the user's actor keeps the valid ones in memory |
 * | a user's rooms | never | read once in the life of a user's actor, with nothing to check a copy against; a room that is missing is messages that are missed |
 */
import type { Host } from '../../runtime/host.ts';
import type {
  DeadTokens,
  DeviceRecord,
  MemberRecord,
  MembershipRecord,
  Promised,
  Records,
  RoomRecord,
  RoomRole,
  TokenPolicy,
  TokenRecord,
  UserRecord,
} from '../ports/records.ts';
import { Batcher } from './batcher.ts';
import { BoundedMap } from './bounded-map.ts';
import { markCodec, membersCodec, type Profile, profileCodec, type VersionedMembers } from './codecs.ts';
import { Space } from './space.ts';
import { SPACE_DEFAULTS, type SpaceCounts, type SpaceOptions, type Surroundings } from './space-options.ts';

export interface CachedRecordsOptions extends Surroundings {
  readonly host: Surroundings['host'] & Pick<Host, 'defer'>;
  /** Forms without which there is no such user, name or room. */
  readonly isUserId: (id: string) => boolean;
  readonly isUsername: (name: string) => boolean;
  readonly isRoomId: (id: string) => boolean;
  /** Members of smaller rooms are read as cheaply as a copy of them is checked. */
  readonly minCachedMembers?: number;
  /** In the place of the usual times: how long it is remembered that something is not there, and of the leases. */
  readonly times?: Partial<Pick<SpaceOptions<unknown>, 'nothingMs' | 'leaseMs' | 'waitMs'>>;
}

const MIN_CACHED_MEMBERS = 64;
const IMMUTABLE = { ...SPACE_DEFAULTS, ttlMs: 3_600_000, nearMs: 60_000 };
/** Rooms of which it is remembered that a tombstone keeps their members out of the cache. */
const MAX_BURIED_ROOMS = 50_000;
/** Half the life of a tombstone: until then nobody can have put the members back. */
const SURELY_BURIED_MS = SPACE_DEFAULTS.tombstoneMs / 2;

export class CachedRecords implements Records {
  readonly #inner: Records;
  readonly #users: Space<Profile>;
  readonly #names: Space<Profile>;
  readonly #rooms: Space<true>;
  readonly #members: Space<VersionedMembers>;
  readonly #profiles: Batcher<Profile>;
  readonly #minCachedMembers: number;
  /** When the members of a room were ended last, by the monotonic clock. */
  readonly #buriedMs = new BoundedMap<number>(MAX_BURIED_ROOMS);
  readonly #host: Pick<Host, 'monotonicMs'>;

  constructor(inner: Records, options: CachedRecordsOptions) {
    const { isUserId, isUsername, isRoomId, host } = options;
    const { minCachedMembers = MIN_CACHED_MEMBERS, times = {} } = options;
    const lasting = { ...IMMUTABLE, ...times, staleMs: times.nothingMs ?? IMMUTABLE.nothingMs };
    this.#inner = inner;
    this.#host = host;
    this.#minCachedMembers = minCachedMembers;
    this.#users = new Space({ ...lasting, name: 'user', codec: profileCodec, isKey: isUserId }, options);
    this.#names = new Space({ ...lasting, name: 'name', codec: profileCodec, isKey: isUsername }, options);
    this.#rooms = new Space({ ...lasting, name: 'room', codec: markCodec, isKey: isRoomId }, options);
    this.#members = new Space(
      { ...SPACE_DEFAULTS, name: 'members', codec: membersCodec, isKey: isRoomId, staleMs: SPACE_DEFAULTS.ttlMs },
      options,
    );
    this.#profiles = new Batcher(host, async (ids) => {
      const found = await inner.usersById(ids);
      return new Map(found.map((user) => [user.id, profileOf(user)]));
    });
  }

  /** For the metrics, by the name of the space. */
  get counts(): Readonly<Record<string, SpaceCounts>> {
    return {
      user: this.#users.counts,
      name: this.#names.counts,
      room: this.#rooms.counts,
      members: this.#members.counts,
    };
  }

  // ── users ────────────────────────────────────────────────────────────────────────────────────────────────────────

  async createUser(user: UserRecord): Promise<boolean> {
    try {
      return await this.#inner.createUser(user);
    } finally {
      await this.forgetUser(user.id, user.username);
    }
  }

  userByName(username: string): Promise<UserRecord | null> {
    return throughMark(this.#names, username, profileOf, () => this.#inner.userByName(username));
  }

  userById(id: string): Promise<UserRecord | null> {
    return throughMark(this.#users, id, profileOf, () => this.#inner.userById(id));
  }

  async usersById(ids: readonly string[]): Promise<readonly Profile[]> {
    const found = await this.#users.readMany(ids, (id) => this.#profiles.load(id));
    return [...found.values()];
  }

  changePassword(userId: string, passwordHash: string, keepTokenHash: string | null): Promised<readonly string[]> {
    return this.#inner.changePassword(userId, passwordHash, keepTokenHash);
  }

  /** The user was made, renamed or ended by somebody else. Other nodes drop near copies as soon as they hear of it. */
  async forgetUser(id: string, username: string): Promise<void> {
    await Promise.all([this.#users.invalidate(id), this.#names.invalidate(username)]);
  }

  // ── tokens: never cached ─────────────────────────────────────────────────────────────────────────────────────────

  saveToken(token: TokenRecord, policy: TokenPolicy, maxTokens: number): Promised<readonly string[]> {
    return this.#inner.saveToken(token, policy, maxTokens);
  }

  tokenByHash(userId: string, tokenHash: string): Promised<TokenRecord | null> {
    return this.#inner.tokenByHash(userId, tokenHash);
  }

  renewToken(userId: string, oldHash: string, newHash: string, expiresAt: number): Promised<boolean> {
    return this.#inner.renewToken(userId, oldHash, newHash, expiresAt);
  }

  deleteToken(userId: string, tokenHash: string): Promised<boolean> {
    return this.#inner.deleteToken(userId, tokenHash);
  }

  devicesOf(userId: string): Promised<readonly DeviceRecord[]> {
    return this.#inner.devicesOf(userId);
  }

  deleteDevice(userId: string, device: string): Promised<readonly string[]> {
    return this.#inner.deleteDevice(userId, device);
  }

  touchToken(userId: string, tokenHash: string, seenAt: number): Promised<void> {
    return this.#inner.touchToken(userId, tokenHash, seenAt);
  }

  deadTokens(since: number, limit: number): Promised<DeadTokens> {
    return this.#inner.deadTokens(since, limit);
  }

  forgetDeadTokens(before: number): Promised<void> {
    return this.#inner.forgetDeadTokens(before);
  }

  // ── rooms ────────────────────────────────────────────────────────────────────────────────────────────────────────

  async createRoom(
    room: RoomRecord,
    members: readonly { readonly user: string; readonly role: RoomRole }[],
  ): Promise<boolean> {
    try {
      return await this.#inner.createRoom(room, members);
    } finally {
      await Promise.all([this.#rooms.invalidate(room.id), this.#members.invalidate(room.id)]);
    }
  }

  room(id: string): Promise<RoomRecord | null> {
    return throughMark(
      this.#rooms,
      id,
      () => true,
      () => this.#inner.room(id),
    );
  }

  async members(room: string): Promise<readonly MemberRecord[]> {
    const [mark, copy] = await Promise.all([this.#rooms.peek(room), this.#members.peek(room)]);
    if (mark === null) return [];
    if (copy !== undefined && copy !== null) {
      const row = await this.#inner.room(room);
      if (row !== null && row.version === copy.version) return copy.members;
    }
    const members = await this.#members.limited(() => this.#inner.members(room));
    if (members.length >= this.#minCachedMembers) void this.#keepMembers(room);
    return members;
  }

  async addMember(room: string, user: string, role: RoomRole, read: number, version: number): Promise<boolean> {
    try {
      return await this.#inner.addMember(room, user, role, read, version);
    } finally {
      await this.#members.invalidate(room);
    }
  }

  async removeMember(room: string, user: string, version: number): Promise<boolean> {
    try {
      return await this.#inner.removeMember(room, user, version);
    } finally {
      await this.#members.invalidate(room);
    }
  }

  /** Read positions have no version, so that they end the copy of the members; while that tombstone stands, once is enough. */
  async saveReads(
    reads: readonly { readonly room: string; readonly user: string; readonly seq: number }[],
  ): Promise<void> {
    try {
      await this.#inner.saveReads(reads);
    } finally {
      const rooms = new Set(reads.map(({ room }) => room));
      await Promise.all([...rooms].map((room) => this.#endMembers(room)));
    }
  }

  membershipsOf(user: string): Promised<readonly MembershipRecord[]> {
    return this.#inner.membershipsOf(user);
  }

  close(): Promised<void> {
    return this.#inner.close();
  }

  // ── helpers ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * The row is read first, so that its version is not higher than that of the members beside it. Where two replicas answer
   * it might be, for a write that is not answered yet: that write is about to end this lease, or the copy.
   */
  async #keepMembers(room: string): Promise<void> {
    await this.#members.refresh(room, async () => {
      const row = await this.#inner.room(room);
      return row === null ? null : { version: row.version, members: await this.#inner.members(room) };
    });
  }

  async #endMembers(room: string): Promise<void> {
    const nowMs = this.#host.monotonicMs();
    if (nowMs - (this.#buriedMs.get(room) ?? Number.NEGATIVE_INFINITY) < SURELY_BURIED_MS) return;
    if (await this.#members.invalidate(room)) this.#buriedMs.set(room, nowMs);
  }
}

/**
 * Reads a row that is not cached itself, past a mark which says that there is one. Where the mark says that there is none,
 * the store is not asked.
 */
async function throughMark<R, M>(
  space: Space<M>,
  key: string,
  markOf: (row: R) => M,
  load: () => Promised<R | null>,
): Promise<R | null> {
  let loaded: R | null | undefined;
  const mark = await space.read(key, async () => {
    loaded = await load();
    return loaded === null ? null : markOf(loaded);
  });
  if (loaded !== undefined || mark === null) return loaded ?? null;
  return space.limited(load);
}

function profileOf({ id, username }: Profile): Profile {
  return { id, username };
}
