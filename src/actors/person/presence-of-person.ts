/** Whether a person is there: from their sessions, with a grace for those who reconnect, to the threads that watch. */
import type { Context } from '../../runtime/context.ts';
import type { CancelTimer } from '../../runtime/host.ts';
import { pinnedId } from '../../runtime/placement.ts';
import type { Visibility } from '../../storage/ports/people.ts';
import { type PersonEntry, WATCH_LEASE_MS } from '../presence/book.ts';
import { presenceKind } from '../presence/messages.ts';
import type { Here, PersonMessage, PresenceState, Watch, Watched } from './messages.ts';

/** A session that was not heard of for so long is gone. */
const SESSION_LEASE_MS = 150_000;
/** Who comes back within this time was not away. */
export const OFFLINE_GRACE_MS = 5_000;

export class PresenceOfPerson {
  readonly #context: Context<PersonMessage>;
  readonly #entry: PersonEntry;
  #visibility: Visibility | undefined;
  /** When the last session ended, by the wall clock. */
  #leftAt = 0;
  #cancelGrace: CancelTimer | undefined;
  #cancelSweep: CancelTimer | undefined;

  /** What the entry holds survived a failure of the actor. */
  constructor(context: Context<PersonMessage>, entry: PersonEntry) {
    this.#context = context;
    this.#entry = entry;
    this.#leftAt = context.wallMs();
  }

  /** Nobody is there, nobody looks, and nothing is about to change. */
  get idle(): boolean {
    const { sessions, shown } = this.#entry;
    return sessions.size === 0 && shown === 'offline' && this.#entry.expire(this.#context.monotonicMs());
  }

  get known(): boolean {
    return this.#visibility !== undefined;
  }

  here({ session, state }: Here): void {
    this.#entry.sessions.set(session, { state, heardMs: this.#context.monotonicMs() });
    this.settle();
    this.#sweepLater();
  }

  gone(session: string): void {
    if (!this.#entry.sessions.delete(session)) return;
    this.#leftAt = this.#context.wallMs();
    this.settle();
  }

  /** What is shown becomes what the sessions say; offline only after the grace. */
  settle(): void {
    const states = [...this.#entry.sessions.values()].map(({ state }) => state);
    if (states.length > 0) {
      this.#cancelGrace?.();
      this.#cancelGrace = undefined;
      this.#show(states.includes('online') ? 'online' : 'away', this.#context.wallMs());
    } else if (this.#entry.shown !== 'offline') {
      this.#cancelGrace ??= this.#context.after(OFFLINE_GRACE_MS, () => this.leave());
    }
  }

  /** The grace has passed, or the node ends. */
  leave(): void {
    this.#cancelGrace = undefined;
    if (this.#entry.sessions.size === 0) this.#show('offline', this.#leftAt);
  }

  /** Who may see it has changed, or is known for the first time. */
  ruled(visibility: Visibility): void {
    this.#visibility = visibility;
    this.#entry.lastSeen = Math.max(this.#entry.lastSeen, visibility.lastSeen);
    if (this.#entry.threads.size > 0) this.#tellThreads(true);
  }

  /** Only where it is known who may see it. */
  watch({ thread, watchers }: Watch): Watched {
    const { threads, version, shown, lastSeen } = this.#entry;
    const endMs = this.#context.monotonicMs() + WATCH_LEASE_MS;
    const watching = threads.get(thread) ?? { endMs, watchers: new Set<string>() };
    watching.endMs = endMs;
    threads.set(thread, watching);
    for (const watcher of watchers) watching.watchers.add(watcher);
    return { version, state: shown, lastSeen, hidden: watchers.filter((watcher) => !this.#maySee(watcher)) };
  }

  unwatch(thread: number, watchers: readonly string[]): void {
    const watching = this.#entry.threads.get(thread);
    if (watching === undefined) return;
    for (const watcher of watchers) watching.watchers.delete(watcher);
    if (watching.watchers.size === 0) this.#entry.threads.delete(thread);
  }

  #maySee(watcher: string): boolean {
    const visibility = this.#visibility;
    if (watcher === this.#context.self.id) return true;
    if (visibility === undefined || visibility.blocked.includes(watcher)) return false;
    const { presence } = visibility.settings;
    return presence === 'everyone' || (presence === 'contacts' && visibility.contacts.includes(watcher));
  }

  #show(state: PresenceState, at: number): void {
    const entry = this.#entry;
    if (entry.shown === state) return;
    const cameOrWent = entry.shown === 'offline' || state === 'offline';
    entry.shown = state;
    entry.since = at;
    if (cameOrWent) entry.lastSeen = Math.max(entry.lastSeen, at);
    this.#tellThreads(false);
    const { thread, self } = this.#context;
    const presence = this.#context.ref(presenceKind, pinnedId(thread, 0));
    this.#context.tell(presence, { type: 'seen', user: self.id, at, state });
  }

  /** One message a thread, whoever looks there. One that is lost is noticed when the thread renews its lease. */
  #tellThreads(rulesChanged: boolean): void {
    const entry = this.#entry;
    entry.expire(this.#context.monotonicMs());
    entry.version += 1;
    const { version, shown: state, lastSeen } = entry;
    const user = this.#context.self.id;
    for (const [thread, { watchers }] of entry.threads) {
      const hidden = rulesChanged ? [...watchers].filter((watcher) => !this.#maySee(watcher)) : null;
      const changed = { type: 'changed', user, version, state, lastSeen, hidden } as const;
      this.#context.tell(this.#context.ref(presenceKind, pinnedId(thread, 0)), changed);
    }
  }

  /** A session whose end was lost on the way is forgotten after its lease. */
  #sweepLater(): void {
    this.#cancelSweep ??= this.#context.after(SESSION_LEASE_MS, () => {
      this.#cancelSweep = undefined;
      const oldestMs = this.#context.monotonicMs() - SESSION_LEASE_MS;
      for (const [session, { heardMs }] of this.#entry.sessions) if (heardMs < oldestMs) this.gone(session);
      if (this.#entry.sessions.size > 0) this.#sweepLater();
    });
  }
}
