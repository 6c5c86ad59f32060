/** Who of a thread's sessions follows whom, and what they were not told yet. Bounded by the sessions' own limits. */
import type { PresenceState } from '../person/messages.ts';
import type { SocketId } from '../sockets.ts';
import type { ShownPresence } from './messages.ts';

/** A person whom sessions of this thread follow. */
export class WatchedPerson {
  readonly user: string;
  /** -1 until the person's actor has answered. */
  version = -1;
  state: PresenceState = 'offline';
  lastSeen = 0;
  /** Watchers who may not see it, and those of whom it is not known. */
  readonly hidden = new Set<string>();
  readonly followers = new Map<SocketId, Follower>();

  constructor(user: string) {
    this.user = user;
  }

  /** As the watcher may see it. */
  shownTo(watcher: string): ShownPresence {
    if (this.hidden.has(watcher)) return { user: this.user, state: 'offline' };
    const { user, state, lastSeen } = this;
    return state === 'offline' && lastSeen > 0 ? { user, state, lastSeen } : { user, state };
  }

  get watchers(): readonly string[] {
    return [...new Set([...this.followers.values()].map(({ watcher }) => watcher))];
  }

  isWatchedBy(watcher: string): boolean {
    for (const follower of this.followers.values()) if (follower.watcher === watcher) return true;
    return false;
  }
}

/** A session that follows somebody. */
export class Follower {
  readonly session: SocketId;
  readonly watcher: string;
  readonly following = new Map<string, WatchedPerson>();
  /** Changed since it was told last. */
  readonly pending = new Set<WatchedPerson>();

  constructor(session: SocketId, watcher: string) {
    this.session = session;
    this.watcher = watcher;
  }
}
