/** What a user's actor is told and asked. */
import { defineKind } from '../../runtime/kind.ts';
import type { Request } from '../../runtime/reply.ts';
import type { Person } from '../room/messages.ts';
import type { SocketId } from '../sockets.ts';

/** Where a session lives. */
export interface SessionAddress {
  readonly thread: number;
  readonly socket: SocketId;
}

/** A valid token's owner. Times are milliseconds since the epoch. */
export interface Identity {
  readonly user: Person;
  readonly device: string;
  readonly createdAt: number;
  readonly expiresAt: number;
}

/**
 * A session says hello, or that it is still there: one that does not is forgotten. Answered once the token is known to be
 * valid; `unauthenticated` otherwise.
 */
export interface AttachSession extends Request<AttachedSession> {
  readonly type: 'attach';
  readonly session: SessionAddress;
  readonly tokenHash: string;
}
export interface AttachedSession {
  readonly identity: Identity;
  /** Ascending by id. */
  readonly rooms: readonly string[];
}
export interface DetachSession {
  readonly type: 'detach';
  readonly session: SessionAddress;
}
export interface Authenticate extends Request<Identity> {
  readonly type: 'authenticate';
  readonly tokenHash: string;
}
/** The password was right: store a token. Sessions of the tokens that it replaces are closed before the answer. */
export interface IssueToken extends Request<{ readonly expiresAt: number }> {
  readonly type: 'issue-token';
  readonly tokenHash: string;
  readonly device: string;
  /** In the place of how long tokens usually live. */
  readonly ttlMs?: number;
}
export interface RenewToken extends Request<{ readonly expiresAt: number }> {
  readonly type: 'renew-token';
  readonly tokenHash: string;
  readonly newTokenHash: string;
}
/** Answered once the token is dead and its sockets are being closed. */
export interface RevokeToken extends Request<Record<string, never>> {
  readonly type: 'revoke-token';
  readonly tokenHash: string;
}
/** Answered with the devices whose tokens are valid, the latest login first. */
export interface ListDevices extends Request<readonly DeviceView[]> {
  readonly type: 'list-devices';
  /** Of the token that asks. */
  readonly tokenHash: string;
}
/** Times are milliseconds since the epoch. */
export interface DeviceView {
  readonly device: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly lastSeen: number;
  readonly sockets: number;
  readonly current: boolean;
}
/** Answered once the device's token is dead and its sockets are being closed; `not_found` where it has none. */
export interface RevokeDevice extends Request<Record<string, never>> {
  readonly type: 'revoke-device';
  readonly device: string;
}
/** Stores the new password; every token but `keep` dies. */
export interface ReplacePassword extends Request<Record<string, never>> {
  readonly type: 'replace-password';
  readonly passwordHash: string;
  readonly keep: string | null;
}
/**
 * Tokens that are dead in the records, by whomever; told to users in memory only, and again for as long as a token that
 * was read while it lived may be on its way.
 */
export interface TokensDied {
  readonly type: 'tokens-died';
  readonly hashes: readonly string[];
}
/** Tokens may have died without a word: look all of them up. */
export interface LookAgain {
  readonly type: 'look-again';
}
/** The user is in the room now. Answered once the user's actor knows. */
export interface EnteredRoom extends Request<Record<string, never>> {
  readonly type: 'entered';
  readonly room: string;
}
export interface LeftRoom extends Request<Record<string, never>> {
  readonly type: 'left';
  readonly room: string;
}
/** A frame for all of the user's sessions. At most once. */
export interface NotifyUser {
  readonly type: 'notify';
  readonly frame: Uint8Array;
}

export type UserMessage =
  | AttachSession
  | DetachSession
  | Authenticate
  | IssueToken
  | RenewToken
  | RevokeToken
  | ListDevices
  | RevokeDevice
  | ReplacePassword
  | TokensDied
  | LookAgain
  | EnteredRoom
  | LeftRoom
  | NotifyUser;

export const userKind = defineKind<UserMessage>({
  name: 'user',
  placement: 'hashed',
  mailbox: { capacity: 1024, overflow: 'refuse' },
  supervision: { onFailure: 'restart' },
  passivateAfterMs: 60_000,
});
