/** What a thread's presence actor is told and asked: by its sessions, by persons anywhere, and by its likes. */
import { defineKind } from '../../runtime/kind.ts';
import type { Request } from '../../runtime/reply.ts';
import type { PresenceState } from '../person/messages.ts';
import type { SocketId } from '../sockets.ts';

export interface ShownPresence {
  readonly user: string;
  readonly state: PresenceState;
  readonly lastSeen?: number;
}

/** A session follows users, besides those whom it follows already. `conflict` where they would be too many. */
export interface Follow extends Request<{ readonly states: readonly ShownPresence[] }> {
  readonly type: 'follow';
  readonly session: SocketId;
  /** Whose session it is. */
  readonly watcher: string;
  readonly users: readonly string[];
}
/** Undefined: all of them. */
export interface Unfollow {
  readonly type: 'unfollow';
  readonly session: SocketId;
  readonly users?: readonly string[];
}
/** A person whom this thread watches has changed. `hidden` are those of its watchers who may not see it; null: as before. */
export interface PersonChanged {
  readonly type: 'changed';
  readonly user: string;
  readonly version: number;
  readonly state: PresenceState;
  readonly lastSeen: number;
  readonly hidden: readonly string[] | null;
}
/** A thread still watches these persons of this shard, and believes in these versions. */
export interface RenewWatches {
  readonly type: 'renew';
  readonly thread: number;
  readonly users: readonly { readonly user: string; readonly version: number }[];
}
/** Of these the thread does not know the latest: it asks again. */
export interface WatchesDiffer {
  readonly type: 'differ';
  readonly users: readonly string[];
}
/** A person of this shard came or went: it is stored when they were seen, and mirrored how they are. */
export interface NoteSeen {
  readonly type: 'seen';
  readonly user: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly state: PresenceState;
}

export type PresenceMessage = Follow | Unfollow | PersonChanged | RenewWatches | WatchesDiffer | NoteSeen;

export const presenceKind = defineKind<PresenceMessage>({
  name: 'presence',
  placement: 'pinned',
  mailbox: { capacity: 65_536, overflow: 'drop-newest' },
  supervision: { onFailure: 'resume' },
});
