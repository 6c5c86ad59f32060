/** A session as its parts see it: hello and requests work on this, the session is it. */
import type { Context } from '../../runtime/context.ts';
import type { SocketId, Sockets } from '../sockets.ts';
import type { Identity } from '../user/messages.ts';
import type { SessionMessage } from './messages.ts';
import type { PresenceOfSession } from './presence.ts';
import type { RoomsOfSession } from './rooms.ts';

export interface SessionOptions {
  readonly sockets: Sockets;
  /** Undefined: none. */
  readonly rate: { readonly unitsPerSecond: number; readonly burst: number } | undefined;
  /** Hex SHA-256 of a token. */
  readonly hashToken: (token: string) => string;
}

/** Who a token says it belongs to, before it is known to be true. */
export interface Claim {
  readonly user: string;
  readonly tokenHash: string;
}

export interface Conversation {
  readonly context: Context<SessionMessage>;
  readonly options: SessionOptions;
  readonly socket: SocketId;
  readonly rooms: RoomsOfSession;
  readonly presence: PresenceOfSession;
  /** Undefined until the token is known to be valid. */
  readonly identity: Identity | undefined;
  /** What the hello claimed; set as soon as the user's actor was asked. */
  claim: Claim | undefined;
  /** Pages of history on their way. */
  historiesInFlight: number;
  /** Searches that are not answered. */
  searchesInFlight: number;
  /** Sends with whatever else this slice has for the socket. */
  send(frame: Uint8Array): void;
  /** Sends now, so that what others send to the socket comes after it. */
  flush(): void;
  /** Answers a request. Every request is answered once. */
  answer(frame: Uint8Array): void;
  refuse(id: number, reason: { readonly code: string; readonly message: string; readonly retryAfter?: number }): void;
  /** The token is valid. Requests wait until the hello is answered. */
  identified(identity: Identity): void;
  /** The hello is answered: what came behind it has its turn. */
  greeted(): void;
}
