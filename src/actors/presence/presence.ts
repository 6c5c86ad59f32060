/**
 * The presence of one thread: who is there, brought to the sessions of this thread that look.
 *
 * Owns who of its sessions follows whom, and tells each what has changed in one go. Talks to the persons who are followed,
 * renews its lease on them with the presence of their thread, and stores and mirrors how the persons of its own shard are.
 * Nothing survives but when users were last there: everything here is soft, lossy, and can be asked again.
 */
import { fault } from '../../protocol/faults.ts';
import { concat, encodeNotification } from '../../protocol/frames/rpc.ts';
import { LIMITS } from '../../protocol/limits.ts';
import type { Context } from '../../runtime/context.ts';
import type { Actor, Behaviour } from '../../runtime/kind.ts';
import { pinnedId } from '../../runtime/placement.ts';
import type { Reply, ReplyTo } from '../../runtime/reply.ts';
import { personKind, type Watched } from '../person/messages.ts';
import { sessionKind } from '../session/messages.ts';
import type { Backlog, SocketId } from '../sockets.ts';
import { type PresenceBook, WATCH_LEASE_MS } from './book.ts';
import { Follower, WatchedPerson } from './following.ts';
import {
  type Follow,
  type PersonChanged,
  type PresenceMessage,
  presenceKind,
  type RenewWatches,
  type ShownPresence,
  type Unfollow,
} from './messages.ts';
import { SeenLog } from './seen-log.ts';

export interface PresenceOptions {
  readonly sockets: Backlog;
  /** Of this shard. */
  readonly book: PresenceBook;
  /** Whether there is a mirror to write to. */
  readonly mirrored: boolean;
}

export function presence(options: PresenceOptions): Behaviour<PresenceMessage> {
  return (context) => new Presence(context, options);
}

/** What changes within this time is told in one go. */
const GATHER_MS = 250;
const RENEW_MS = 5_000;
const ASK_DEADLINE_MS = 3_000;
const TOO_MANY = fault('conflict', 'the socket follows too many users');

class Presence implements Actor<PresenceMessage> {
  readonly #context: Context<PresenceMessage>;
  readonly #options: PresenceOptions;
  readonly #watched = new Map<string, WatchedPerson>();
  readonly #followers = new Map<SocketId, Follower>();
  readonly #dirty = new Set<Follower>();
  readonly #seen: SeenLog;
  #gathering = false;
  #renewing = false;

  constructor(context: Context<PresenceMessage>, options: PresenceOptions) {
    this.#context = context;
    this.#options = options;
    this.#seen = new SeenLog(context, options);
  }

  stopping(): boolean | undefined {
    if (this.#seen.finish(() => this.#context.stop())) return undefined;
    return false;
  }

  summary(): Readonly<Record<string, unknown>> {
    return { watched: this.#watched.size, followers: this.#followers.size, persons: this.#options.book.size };
  }

  receive(message: PresenceMessage): void {
    switch (message.type) {
      case 'follow':
        return this.#follow(message);
      case 'unfollow':
        return this.#unfollow(message);
      case 'changed':
        return this.#changed(message);
      case 'renew':
        return this.#renewed(message);
      case 'differ':
        for (const user of message.users) this.#watchAgain(user);
        return;
      case 'seen':
        return this.#seen.note(message);
    }
  }

  // ── following ────────────────────────────────────────────────────────────────────────────────────────────────────

  #follow({ session, watcher, users }: Follow): void {
    const follower = this.#followers.get(session) ?? new Follower(session, watcher);
    const wanted = [...new Set(users)];
    const added = wanted.filter((user) => !follower.following.has(user));
    if (follower.following.size + added.length > LIMITS.maxPresencePerSession) return this.#context.fail(TOO_MANY);
    if (added.length > 0) this.#followers.set(session, follower);
    const unknown = added.filter((user) => this.#add(follower, user));
    const answer = new FollowAnswer(follower, wanted, this.#context.replyTo());
    if (unknown.length === 0) return answer.settle();
    let open = unknown.length;
    for (const user of unknown) {
      this.#ask(user, [watcher], () => {
        open -= 1;
        if (open === 0) answer.settle();
      });
    }
    this.#renewLater();
  }

  /** True if the person has to be asked: nobody else here looks with the eyes of this watcher. */
  #add(follower: Follower, user: string): boolean {
    let person = this.#watched.get(user);
    if (person === undefined) {
      person = new WatchedPerson(user);
      this.#watched.set(user, person);
    }
    const isKnown = person.version >= 0 && person.isWatchedBy(follower.watcher);
    if (!isKnown) person.hidden.add(follower.watcher);
    person.followers.set(follower.session, follower);
    follower.following.set(user, person);
    return !isKnown;
  }

  #unfollow({ session, users }: Unfollow): void {
    const follower = this.#followers.get(session);
    if (follower === undefined) return;
    for (const user of users ?? [...follower.following.keys()]) this.#drop(follower, user);
    if (follower.following.size > 0) return;
    this.#followers.delete(session);
    this.#dirty.delete(follower);
  }

  #drop(follower: Follower, user: string): void {
    const person = follower.following.get(user);
    if (person === undefined) return;
    follower.following.delete(user);
    follower.pending.delete(person);
    person.followers.delete(follower.session);
    const { watcher } = follower;
    if (person.isWatchedBy(watcher)) return;
    person.hidden.delete(watcher);
    const unwatch = { type: 'unwatch', thread: this.#context.thread, watchers: [watcher] } as const;
    this.#context.tell(this.#context.ref(personKind, user), unwatch);
    if (person.followers.size === 0) this.#watched.delete(user);
  }

  // ── what changes ─────────────────────────────────────────────────────────────────────────────────────────────────

  #changed({ user, version, state, lastSeen, hidden }: PersonChanged): void {
    const person = this.#watched.get(user);
    if (person === undefined || person.version < 0 || version <= person.version) return;
    if (version > person.version + 1) return this.#watchAgain(user);
    this.#take(person, { version, state, lastSeen });
    if (hidden !== null) this.#hide(person, person.watchers, hidden);
    this.#mark(person);
  }

  #watchAgain(user: string): void {
    const person = this.#watched.get(user);
    if (person === undefined) return;
    this.#ask(user, person.watchers, () => {
      if (person.version >= 0) this.#mark(person);
    });
  }

  /** Where there is no answer, the next renewal asks again. */
  #ask(user: string, watchers: readonly string[], then: () => void): void {
    const watch = { type: 'watch', thread: this.#context.thread, watchers } as const;
    const onReply = (reply: Reply<Watched>): void => {
      const person = this.#watched.get(user);
      if (person !== undefined && reply.ok) this.#answered(person, watchers, reply.value);
      else if (person !== undefined) person.version = -1;
      then();
    };
    this.#context.ask(this.#context.ref(personKind, user), watch, ASK_DEADLINE_MS, onReply);
  }

  /** Newer than what others here have seen: they are told, too. */
  #answered(person: WatchedPerson, watchers: readonly string[], watched: Watched): void {
    this.#hide(person, watchers, watched.hidden);
    if (watched.version < person.version) return;
    const isNews = person.version >= 0 && watched.version > person.version;
    this.#take(person, watched);
    if (isNews) this.#mark(person);
  }

  #take(person: WatchedPerson, { version, state, lastSeen }: Omit<Watched, 'hidden'>): void {
    person.version = version;
    person.state = state;
    person.lastSeen = lastSeen;
  }

  #hide(person: WatchedPerson, watchers: readonly string[], hidden: readonly string[]): void {
    const blind = new Set(hidden);
    for (const watcher of watchers) {
      if (blind.has(watcher) || !person.isWatchedBy(watcher)) person.hidden.add(watcher);
      else person.hidden.delete(watcher);
    }
    for (const watcher of person.hidden) if (!person.isWatchedBy(watcher)) person.hidden.delete(watcher);
  }

  #mark(person: WatchedPerson): void {
    for (const follower of person.followers.values()) {
      follower.pending.add(person);
      this.#dirty.add(follower);
    }
    if (this.#dirty.size > 0) this.#gather();
  }

  #gather(): void {
    if (this.#gathering) return;
    this.#gathering = true;
    this.#context.after(GATHER_MS, () => {
      this.#gathering = false;
      this.#flush();
    });
  }

  /** One message for each session, behind what the session has said. Who is behind gets the last state later, or never. */
  #flush(): void {
    const frames = new Frames();
    for (const follower of [...this.#dirty]) {
      if (this.#options.sockets.isBehind(follower.session)) continue;
      this.#dirty.delete(follower);
      const told = [...follower.pending].map((person) => frames.of(person.shownTo(follower.watcher)));
      follower.pending.clear();
      if (told.length === 0) continue;
      const session = this.#context.ref(sessionKind, pinnedId(this.#context.thread, follower.session));
      this.#context.tell(session, { type: 'notify', frame: concat(told) });
    }
    if (this.#dirty.size > 0) this.#gather();
  }

  // ── leases ───────────────────────────────────────────────────────────────────────────────────────────────────────

  #renewLater(): void {
    if (this.#renewing) return;
    this.#renewing = true;
    this.#context.after(RENEW_MS, () => {
      this.#renewing = false;
      this.#renew();
    });
  }

  /** One message to each thread says what this one believes of all its persons there. */
  #renew(): void {
    if (this.#watched.size === 0) return;
    const byThread = new Map<number, { readonly user: string; readonly version: number }[]>();
    for (const { user, version } of this.#watched.values()) {
      const { thread } = this.#context.ref(personKind, user);
      const users = byThread.get(thread);
      if (users === undefined) byThread.set(thread, [{ user, version }]);
      else users.push({ user, version });
    }
    const { thread } = this.#context;
    for (const [owner, users] of byThread) {
      this.#context.tell(this.#context.ref(presenceKind, pinnedId(owner, 0)), { type: 'renew', thread, users });
    }
    this.#renewLater();
  }

  #renewed({ thread, users }: RenewWatches): void {
    const endMs = this.#context.monotonicMs() + WATCH_LEASE_MS;
    const differing = users.filter(({ user, version }) => {
      const entry = this.#options.book.get(user);
      const watching = entry?.threads.get(thread);
      if (entry === undefined || watching === undefined) return true;
      watching.endMs = endMs;
      return entry.version !== version;
    });
    if (differing.length === 0) return;
    const differ = { type: 'differ', users: differing.map(({ user }) => user) } as const;
    this.#context.tell(this.#context.ref(presenceKind, pinnedId(thread, 0)), differ);
  }
}

/** What a session is answered once everybody whom it follows anew was asked. */
class FollowAnswer {
  readonly #follower: Follower;
  readonly #users: readonly string[];
  readonly #replyTo: ReplyTo | undefined;

  constructor(follower: Follower, users: readonly string[], replyTo: ReplyTo | undefined) {
    this.#follower = follower;
    this.#users = users;
    this.#replyTo = replyTo;
  }

  settle(): void {
    const states = this.#users.flatMap((user): ShownPresence[] => {
      const person = this.#follower.following.get(user);
      return person === undefined || person.version < 0 ? [] : [person.shownTo(this.#follower.watcher)];
    });
    this.#replyTo?.settle({ states }, undefined);
  }
}

/** A state is encoded once for all who see it so. */
class Frames {
  readonly #frames = new Map<string, Uint8Array>();

  of(shown: ShownPresence): Uint8Array {
    const key = `${shown.user} ${shown.state} ${shown.lastSeen ?? ''}`;
    const known = this.#frames.get(key);
    if (known !== undefined) return known;
    const frame = encodeNotification('presence', shown);
    this.#frames.set(key, frame);
    return frame;
  }
}
