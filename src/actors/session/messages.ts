/** What a session is told. Only a kick is asked: whoever sends it must know that it arrived. */

import type { CloseCode } from '../../protocol/close-codes.ts';
import { defineKind } from '../../runtime/kind.ts';
import type { Request } from '../../runtime/reply.ts';

/** The first message: the socket is open. */
export interface Opened {
  readonly type: 'opened';
}
/** One WebSocket message. `tooLarge` and `text` came in a form that is a breach whatever they hold. */
export interface Received {
  readonly type: 'received';
  readonly bytes: Uint8Array;
}
export interface Breached {
  readonly type: 'breached';
  readonly code: CloseCode;
  readonly reason: string;
}
/** The socket is gone. */
export interface Closed {
  readonly type: 'closed';
}
/** The token is no longer valid, or the user has too many sockets. */
export interface Kick extends Request<Record<string, never>> {
  readonly type: 'kick';
  readonly code: CloseCode;
  readonly reason: string;
}
/** The token that the session stands on has a new hash. */
export interface TokenRenewed {
  readonly type: 'token-renewed';
  readonly tokenHash: string;
}
/** The user became a member of the room, here or elsewhere. */
export interface RoomEntered {
  readonly type: 'room-entered';
  readonly room: string;
}
/** The thread's fan-out has cut the session off from the room. */
export interface RoomLeft {
  readonly type: 'room-left';
  readonly room: string;
  /** Tells the client so, where the fan-out has not. */
  readonly frame?: Uint8Array;
}
export interface Notify {
  readonly type: 'notify';
  readonly frame: Uint8Array;
}
/** The node is draining: say goodbye and close. Milliseconds. */
export interface Drain {
  readonly type: 'drain';
  readonly retryAfter: number;
}

export type SessionMessage =
  | Opened
  | Received
  | Breached
  | Closed
  | Kick
  | TokenRenewed
  | RoomEntered
  | RoomLeft
  | Notify
  | Drain;

export const sessionKind = defineKind<SessionMessage>({
  name: 'session',
  placement: 'pinned',
  mailbox: { capacity: 4_096, overflow: 'refuse' },
  supervision: { onFailure: 'stop' },
});
