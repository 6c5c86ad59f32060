/** What a room is told and asked. */
import { defineKind } from '../../runtime/kind.ts';
import type { Request } from '../../runtime/reply.ts';
import type { RoomFields } from '../../storage/ports/governance.ts';
import type { RoomKind, RoomRole } from '../../storage/ports/records.ts';
import type { GoverningMessage } from './governing-messages.ts';
import type { Ordered } from './ordered-stream.ts';
import { roomCodec } from './room-codec.ts';

/** A user as rooms name them. */
export interface Person {
  readonly id: string;
  readonly username: string;
}

/** The room as one member stands in it. `seq` is the newest message that is durable. */
export interface RoomView {
  readonly room: string;
  readonly kind: RoomKind;
  readonly title: string;
  readonly seq: number;
  readonly change: number;
  readonly log: string;
  readonly version: number;
  readonly read: number;
  readonly role: RoomRole;
  /** The other user of a direct room. */
  readonly peer?: Person;
  /** How many of the unread messages speak to the member; absent where none does. */
  readonly mentions?: number;
  /** True: the member has marked the room as unread. */
  readonly marked?: boolean;
  /** How many messages the member has hidden; absent where none. */
  readonly hidden?: number;
  readonly extras?: RoomExtras;
}

/** What of a room is not as it is in most rooms, in the shape that the wire has for it. */
export interface RoomExtras extends Partial<Omit<RoomFields, 'title'>> {
  /** Until when this member is muted. */
  readonly muted?: number;
  /** Lowest seq that this member may see, above 1. */
  readonly from?: number;
}

export interface CreateRoom extends Request<RoomView> {
  readonly type: 'create';
  readonly kind: 'group' | 'channel';
  readonly creator: Person;
  readonly title: string;
  readonly members: readonly Person[];
}
/** Opens a direct room, making it on first use. */
export interface OpenDirect extends Request<RoomView> {
  readonly type: 'open-direct';
  readonly user: Person;
  readonly other: Person;
}
export interface JoinRoom extends Request<RoomView> {
  readonly type: 'join';
  readonly user: Person;
}
/** `by` makes `user` a member; answered with the room as `by` sees it. */
export interface Invite extends Request<RoomView> {
  readonly type: 'invite';
  readonly by: string;
  readonly user: Person;
}
export interface LeaveRoom extends Request<{ readonly seq: number }> {
  readonly type: 'leave';
  readonly user: string;
}
export interface ListMembers extends Request<MembersPage> {
  readonly type: 'members';
  readonly user: string;
  readonly role?: RoomRole;
  readonly cursor?: string;
}
export interface MembersPage {
  readonly members: readonly {
    readonly user: string;
    readonly username: string;
    readonly role: RoomRole;
    readonly read: number;
  }[];
  readonly cursor?: string;
}

export interface Post extends Ordered, Request<Posted> {
  readonly type: 'post';
  readonly body: Uint8Array;
  readonly replyTo?: number;
  readonly mentions?: readonly string[];
  /** Everybody is spoken to. */
  readonly mentionAll?: boolean;
  /** Granted to the room already. */
  readonly files?: readonly string[];
  /** Whose message this is a copy of. */
  readonly forwarded?: { readonly room?: string; readonly from: string; readonly at: number };
}
export interface Posted {
  readonly seq: number;
  readonly at: number;
}

/** What can be done to a message. */
export type Change = { readonly user: string } & (
  | { readonly kind: 'edited'; readonly body: Uint8Array; readonly mentions?: readonly string[] }
  | { readonly kind: 'recalled'; readonly official?: true }
  | { readonly kind: 'reacted'; readonly reaction: string; readonly remove: boolean }
  | { readonly kind: 'pinned'; readonly pinned: boolean }
);
/** The message `seq` is to be changed. */
export type ChangeMessage = Ordered &
  Change & { readonly type: 'change'; readonly seq: number } & Request<{ readonly change: number }>;

/** The message is recalled on behalf of the server, whoever is in the room; `by` is named as who did it. */
export interface RecallOfficially extends Request<{ readonly change: number }> {
  readonly type: 'recall-officially';
  readonly by: string;
  readonly seq: number;
  /** One for each recall. */
  readonly nonce: string;
}

export interface ReadChanges extends Request<ChangesSlice> {
  readonly type: 'changes';
  /** Undefined where the room's own fan-out asks. */
  readonly user?: string;
  readonly after: number;
  readonly limit: number;
}
export interface ChangesSlice {
  /** Encoded `changed` notifications, ascending by number without a hole. */
  readonly frames: readonly Uint8Array[];
  /** The messages that they changed, one for each. */
  readonly seqs: readonly number[];
  /** Number of the first frame; 0 without frames. */
  readonly firstChange: number;
  readonly more: boolean;
  /** Of the members, when this was answered. */
  readonly version: number;
}

export interface ListPins extends Request<PinsOfRoom> {
  readonly type: 'pins';
  readonly user: string;
}
export interface PinsOfRoom {
  readonly pins: readonly { readonly seq: number; readonly at: number; readonly by: string }[];
  readonly change: number;
}

export interface ReadRoomHistory extends Request<HistorySlice> {
  readonly type: 'history';
  /** Undefined where the room's own fan-out asks. */
  readonly user?: string;
  readonly before?: number;
  readonly after?: number;
  readonly limit: number;
}
export interface HistorySlice {
  /** Encoded `message` notifications, ascending by seq without a hole. */
  readonly frames: readonly Uint8Array[];
  /** Seq of the first frame; 0 without frames. */
  readonly firstSeq: number;
  readonly more: boolean;
  readonly change: number;
  /** Of the members, when this was answered. */
  readonly version: number;
}

/** Which of these messages the user may see now. */
export interface LookAtSeqs extends Request<{ readonly seqs: readonly number[] }> {
  readonly type: 'visible';
  readonly user: string;
  readonly seqs: readonly number[];
}

export interface MarkRead extends Request<Record<string, never>> {
  readonly type: 'mark-read';
  readonly user: string;
  readonly seq: number;
}

export interface MarkUnread extends Request<Record<string, never>> {
  readonly type: 'mark-unread';
  readonly user: string;
  readonly unread: boolean;
}
export interface HideMessages extends Request<Record<string, never>> {
  readonly type: 'hide';
  readonly user: string;
  readonly seqs: readonly number[];
}
export interface ListHidden extends Request<{ readonly seqs: readonly number[] }> {
  readonly type: 'hidden';
  readonly user: string;
}
export interface ListReaders extends Request<ReadersPage> {
  readonly type: 'readers';
  readonly user: string;
  readonly seq: number;
  readonly cursor?: string;
}
export interface ReadersPage {
  readonly count: number;
  /** Absent in a large room. */
  readonly readers?: readonly { readonly user: string; readonly username: string; readonly read: number }[];
  readonly cursor?: string;
}
/** A member is writing. Lossy. */
export interface Typing extends Request<Record<string, never>> {
  readonly type: 'typing';
  readonly user: string;
}
/** Of a direct room: a block between the two has come or gone. Answered once the room goes by it. */
export interface BlocksChanged extends Request<Record<string, never>> {
  readonly type: 'blocks-changed';
}
/** A member wants receipts no more, or again. */
export interface ReceiptsChanged {
  readonly type: 'receipts-changed';
  readonly user: string;
}

/** A thread's fan-out serves these users; from now on it gets the room's frames while its lease is renewed. */
export interface Attach extends Request<Attached> {
  readonly type: 'attach';
  readonly thread: number;
  readonly users: readonly string[];
}
export interface Attached {
  /** In the order of `users`; null for those who are no members. */
  readonly views: readonly (RoomView | null)[];
  readonly seq: number;
  readonly change: number;
  readonly version: number;
}

export type RoomMessage =
  | CreateRoom
  | OpenDirect
  | JoinRoom
  | Invite
  | LeaveRoom
  | ListMembers
  | Post
  | ChangeMessage
  | RecallOfficially
  | ReadChanges
  | ListPins
  | ReadRoomHistory
  | LookAtSeqs
  | MarkRead
  | MarkUnread
  | HideMessages
  | ListHidden
  | ListReaders
  | Typing
  | BlocksChanged
  | ReceiptsChanged
  | Attach
  | GoverningMessage;

export const roomKind = defineKind<RoomMessage>({
  name: 'room',
  placement: 'hashed',
  mailbox: { capacity: 4096, overflow: 'refuse' },
  supervision: { onFailure: 'restart' },
  passivateAfterMs: 60_000,
  codec: roomCodec,
});

/** Id of the direct room between two users: the same whoever asks. `~` never occurs in a user's id. */
export function directRoomId(a: string, b: string): string {
  return a < b ? `${a}~${b}` : `${b}~${a}`;
}
