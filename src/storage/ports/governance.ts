/**
 * Governance: how a room is governed. Its fields, roles, mutes, bans, invite links and requests to join. Kept beside the
 * records, in the same database.
 *
 * Each write is one transaction, durable before it answers. A room's owner makes one write at a time; `version` is the
 * room's version after it, as in the records. Times are milliseconds since the epoch, ids and hashes compare by byte.
 */
import type { Promised, RoomRole } from './records.ts';

/** Who comes in by the room's id alone: everybody, whom an admin lets in, or nobody. */
export type JoinPolicy = 'open' | 'approval' | 'invite';
/** What members see of the time before they joined. */
export type PastPolicy = 'all' | 'joined';

/** What a room is besides its order and its members. */
export interface RoomFields {
  readonly title: string;
  readonly topic: string;
  /** Id of a file; empty: none. */
  readonly avatar: string;
  /** Only owner and admins post. */
  readonly announcement: boolean;
  /** Seconds between two posts of a member; 0: none. */
  readonly slowMode: number;
  readonly joinPolicy: JoinPolicy;
  readonly past: PastPolicy;
}

export interface RoomGovernance {
  readonly fields: RoomFields;
  /** Messages up to this seq are gone; 0: none are. */
  readonly floor: number;
  /** 0: it is not deleted. */
  readonly deletedAt: number;
  readonly createdAt: number;
  /** Kept when the member leaves. Those that are over may still be listed. */
  readonly mutes: readonly { readonly user: string; readonly until: number }[];
}

/** One member's part in a change: a new role, or the end of the membership. */
export interface MemberChange {
  readonly user: string;
  readonly role: RoomRole | 'none';
}

export interface BanRecord {
  readonly user: string;
  readonly by: string;
  readonly at: number;
  /** 0: for ever. */
  readonly until: number;
  readonly reason: string;
}
export interface NamedBan extends BanRecord {
  readonly username: string;
}

export interface JoinRequest {
  readonly user: string;
  readonly username: string;
  readonly at: number;
}

export interface LinkRecord {
  readonly id: string;
  readonly by: string;
  readonly at: number;
  /** 0: never. */
  readonly expiresAt: number;
  /** 0: any number. */
  readonly maxUses: number;
  readonly uses: number;
}

/** What the door asks about somebody who wants to come in. */
export interface Candidate {
  /** Null: not banned, or not any more at `now`. */
  readonly ban: BanRecord | null;
  readonly asked: boolean;
  /** Rooms that the user is in. */
  readonly rooms: number;
}

/** What a link did: `gone` is one that is unknown, over or used up. */
export type LinkOutcome = 'joined' | 'member' | 'gone';

export interface Governance {
  /** Null: there is no such room. */
  governance(room: string): Promised<RoomGovernance | null>;
  /** False if there is no such room. */
  updateRoom(room: string, fields: RoomFields, version: number): Promised<boolean>;
  /** All of it or nothing: false if one of them is no member; then the version stays. */
  changeMembers(room: string, changes: readonly MemberChange[], version: number): Promised<boolean>;
  /** Mutes until then, or ends the mute with 0. */
  mute(room: string, user: string, until: number, version: number): Promised<void>;

  /** Bans, over an earlier ban, and ends a membership and a request. True if they were a member: then the version is set. */
  ban(room: string, ban: BanRecord, version: number): Promised<boolean>;
  /** False if they were not banned. */
  unban(room: string, user: string): Promised<boolean>;
  /** Ascending by user, those after `after`; an empty one is before all. */
  bans(room: string, after: string, limit: number): Promised<readonly NamedBan[]>;
  candidate(room: string, user: string, now: number): Promised<Candidate>;
  /** How many rooms each of them is in, in the order of `users`. */
  roomCounts(users: readonly string[]): Promised<readonly number[]>;

  /** False if there are `max` of the room already. Asking twice is asking once. */
  request(room: string, user: string, at: number, max: number): Promised<boolean>;
  /** Ascending by user, those after `after`; without those who are members meanwhile. */
  requests(room: string, after: string, limit: number): Promised<readonly JoinRequest[]>;
  /** False if there was none. */
  dropRequest(room: string, user: string): Promised<boolean>;

  /** False if the room has `max` links already. */
  saveLink(room: string, link: LinkRecord, hash: string, max: number): Promised<boolean>;
  /** Ascending by id. */
  links(room: string): Promised<readonly LinkRecord[]>;
  /** False if there is none of that id in the room. */
  dropLink(room: string, id: string): Promised<boolean>;
  /** The room that the link leads to; null if it is unknown, over or used up. */
  roomOfLink(hash: string, now: number): Promised<string | null>;
  /** Uses the link up by one and makes the user a member, as `addMember` does; anything but `joined` changes nothing. */
  joinByLink(
    room: string,
    hash: string,
    now: number,
    user: string,
    read: number,
    version: number,
  ): Promised<LinkOutcome>;

  /** Marks the room as deleted and ends its links, bans, mutes and requests. False if there is no such room. */
  deleteRoom(room: string, at: number, version: number): Promised<boolean>;
  /** Ends up to `limit` memberships of a deleted room; how many there were. */
  purgeMembers(room: string, limit: number): Promised<number>;
  /** Raises the floor; never lowers it. */
  raiseFloor(room: string, seq: number): Promised<void>;
  close(): Promised<void>;
}
