/**
 * Records: users, tokens, rooms and members. Small rows that change seldom and are read by key. Every write is durable
 * before it answers. Times are milliseconds since the epoch (UTC), ids are nanoids; names, hashes and ids compare by byte.
 */

export interface UserRecord {
  readonly id: string;
  readonly username: string;
  readonly passwordHash: string;
  readonly createdAt: number;
}

export interface TokenRecord {
  readonly userId: string;
  readonly username: string;
  /** Name of the device that it was issued for; unique per user. */
  readonly device: string;
  /** Hex SHA-256 of the token. The token itself is never stored. */
  readonly tokenHash: string;
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** A token as its user sees it: where they are logged in. */
export interface DeviceRecord {
  readonly device: string;
  readonly tokenHash: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** When the token was last seen in use, by and by: written now and then only. */
  readonly seenAt: number;
}

/** How many tokens a user may hold: `device` one for each device, `single` one in all. */
export type TokenPolicy = 'device' | 'single';

/** A token's hash that is not valid any more. */
export interface DeadToken {
  readonly user: string;
  readonly tokenHash: string;
  /** By the store's clock. */
  readonly diedAt: number;
}

export interface DeadTokens {
  /** What the store's clock said before the tokens were read. */
  readonly now: number;
  /** In the order of their times. */
  readonly tokens: readonly DeadToken[];
}

export type RoomKind = 'group' | 'channel' | 'direct';
export type RoomRole = 'owner' | 'admin' | 'member';

export interface RoomRecord {
  readonly id: string;
  readonly kind: RoomKind;
  readonly title: string;
  /** The room's incarnation, changed when a restore rewinds it. */
  readonly log: string;
  /** Counts the changes of membership and of the room's own fields: 1, 2, 3 … */
  readonly version: number;
  readonly createdAt: number;
}

export interface MemberRecord {
  readonly user: string;
  readonly username: string;
  readonly role: RoomRole;
  /** The user's read position: highest seq read. */
  readonly read: number;
  /** Room's version at which this member joined. */
  readonly joinedVersion: number;
  /** Newest seq of the room when this member joined; 0 for those of the beginning. */
  readonly joinedSeq: number;
}

export interface MembershipRecord {
  readonly room: string;
  readonly role: RoomRole;
  readonly read: number;
}

export interface Records {
  /** False if the username is taken. */
  createUser(user: UserRecord): Promised<boolean>;
  userByName(username: string): Promised<UserRecord | null>;
  userById(id: string): Promised<UserRecord | null>;
  /** Several at once; unknown ids are left out. */
  usersById(ids: readonly string[]): Promised<readonly { readonly id: string; readonly username: string }[]>;

  /** Stores a new password and deletes the user's tokens except `keepTokenHash`; returns the hashes that were deleted. */
  changePassword(userId: string, passwordHash: string, keepTokenHash: string | null): Promised<readonly string[]>;

  /**
   * Stores a token over the one of the same user and device. Under `single`, or over `maxTokens` (oldest first), others
   * go too. Returns the hashes that are no longer valid.
   */
  saveToken(token: TokenRecord, policy: TokenPolicy, maxTokens: number): Promised<readonly string[]>;
  /** Null if there is none or it belongs to another user. Expiry is the caller's to check. */
  tokenByHash(userId: string, tokenHash: string): Promised<TokenRecord | null>;
  /** Puts a new hash and expiry in the place of the old hash; false if the old one is gone. */
  renewToken(userId: string, oldHash: string, newHash: string, expiresAt: number): Promised<boolean>;
  /** False if it was gone already. */
  deleteToken(userId: string, tokenHash: string): Promised<boolean>;
  /** The user's tokens, those of the latest login first. Expired ones are among them. */
  devicesOf(userId: string): Promised<readonly DeviceRecord[]>;
  /** Deletes the device's token; returns its hash, or nothing where there was none. */
  deleteDevice(userId: string, device: string): Promised<readonly string[]>;
  /** Raises the time at which the token was last seen; never lowers it. Nothing where the token is gone. */
  touchToken(userId: string, tokenHash: string, seenAt: number): Promised<void>;

  /**
   * The hashes that died at or after `since`, by whatever operation and in whatever process, and the store's time. Of more
   * than `limit` the oldest come; those of one millisecond come together, so that whoever goes on behind them misses none.
   *
   * *Gotchas.* A death has the time at which it was written and shows when that is committed, so that a younger one may show
   * before it: readers look back over some time and take repeats. Never read from a replica.
   */
  deadTokens(since: number, limit: number): Promised<DeadTokens>;
  /** Forgets the deaths before this time, by the store's clock. */
  forgetDeadTokens(before: number): Promised<void>;

  /** Stores a room with its first members, who get `read` 0. False if the id exists: then nothing is changed. */
  createRoom(
    room: RoomRecord,
    members: readonly { readonly user: string; readonly role: RoomRole }[],
  ): Promised<boolean>;
  room(id: string): Promised<RoomRecord | null>;
  /** Members in the order of joining, then id. */
  members(room: string): Promised<readonly MemberRecord[]>;
  /** Adds a member, whose `joinedSeq` is `read`, and sets the room's version. False if they are one already; then the version stays. */
  addMember(room: string, user: string, role: RoomRole, read: number, version: number): Promised<boolean>;
  /** Removes a member and sets the room's version. False if they were none; then the version stays. */
  removeMember(room: string, user: string, version: number): Promised<boolean>;
  /** Raises read positions; never lowers one. */
  saveReads(reads: readonly { readonly room: string; readonly user: string; readonly seq: number }[]): Promised<void>;
  /** The user's rooms, ascending by room id. */
  membershipsOf(user: string): Promised<readonly MembershipRecord[]>;

  close(): Promised<void>;
}

/** An embedded driver may answer at once; a networked one answers later. */
export type Promised<T> = T | Promise<T>;
