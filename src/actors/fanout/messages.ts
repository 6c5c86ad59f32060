/** What a thread's fan-out is told and asked. */
import { defineKind } from '../../runtime/kind.ts';
import type { Request } from '../../runtime/reply.ts';
import type { RoomView } from '../room/messages.ts';
import type { SocketId } from '../sockets.ts';
import { fanoutCodec } from './fanout-codec.ts';

/** A session wants the room's frames. Answered with the room as the user sees it, or `forbidden` / `not_found`. */
export interface JoinTopic extends Request<RoomView> {
  readonly type: 'join';
  readonly session: SocketId;
  readonly user: string;
  readonly room: string;
}
/**
 * The session has told its client of the room: send it every message after `after`, and every change, once, in order, from now on. Answered once
 * that has begun; asking again does nothing.
 */
export interface StartTopic extends Request<Record<string, never>> {
  readonly type: 'start';
  readonly session: SocketId;
  readonly room: string;
  readonly after: number;
  /** The last change that the client has. Absent: it asks for none, but its messages come with all changes in them. */
  readonly afterChange?: number;
}
/** The session's socket is gone, or it left the room. */
export interface PartTopic {
  readonly type: 'part';
  readonly session: SocketId;
  readonly room: string;
}
/**
 * A durable message of a room that this thread holds a lease on. `version` is that of the members: a thread that knows a
 * lower one has missed a removal, and must not publish the message before it has caught up with that.
 */
export interface Deliver {
  readonly type: 'deliver';
  readonly room: string;
  readonly seq: number;
  readonly version: number;
  readonly frame: Uint8Array;
}
/** A durable change of message `seq`, as above. */
export interface DeliverChange {
  readonly type: 'deliver-change';
  readonly room: string;
  readonly change: number;
  readonly seq: number;
  /** What the message was is not to be shown any more. */
  readonly recalls: boolean;
  readonly version: number;
  readonly frame: Uint8Array;
}
/** A frame without a number: receipts, membership. At most once. */
export interface Announce {
  readonly type: 'announce';
  readonly room: string;
  readonly version: number;
  /** The frame tells of the change that made this the version of the members. */
  readonly change: boolean;
  readonly frame: Uint8Array;
}
/** A user is no member any more: nothing later reaches their sockets. They get the frame too. */
export interface Removed {
  readonly type: 'removed';
  readonly room: string;
  /** Null: nobody is, the room is no more. */
  readonly user: string | null;
  readonly version: number;
  readonly frame: Uint8Array;
}
/** What a leaseholder believes differs from what the room says. */
export interface LeaseAnswer {
  readonly type: 'lease-answer';
  readonly differing: readonly {
    readonly room: string;
    /** The room is not active or does not know this thread: attach again. */
    readonly unknown: boolean;
    readonly seq: number;
    readonly change: number;
    readonly version: number;
  }[];
}

export type FanoutMessage =
  | JoinTopic
  | StartTopic
  | PartTopic
  | Deliver
  | DeliverChange
  | Announce
  | Removed
  | LeaseAnswer;

export const fanoutKind = defineKind<FanoutMessage>({
  name: 'fanout',
  placement: 'pinned',
  mailbox: { capacity: 65_536, overflow: 'refuse' },
  supervision: { onFailure: 'resume' },
  codec: fanoutCodec,
});
