import type { MailroomClient } from '../../src/client/client.ts';
import type { Presence } from '../../src/client/wire.ts';
import { Observable } from './observable.ts';

const maxPerRequest = 200;
/** A socket follows at most 500; who comes after that is shown without a presence. */
const maxFollowed = 400;

/** Who is there, of those whom the screen shows: they are followed while somebody watches them, and no longer. */
export class Presences extends Observable {
  readonly #client: MailroomClient;
  readonly #watchers = new Map<string, number>();
  readonly #states = new Map<string, Presence>();
  /** Whom the socket follows, as far as it was told. */
  readonly #followed = new Set<string>();
  #scheduled = false;

  constructor(client: MailroomClient) {
    super();
    this.#client = client;
    client.on('presence', (presence) => this.#learn([presence]));
    client.on('state', (state) => {
      if (state.kind === 'ready') {
        // A new socket follows nobody.
        this.#followed.clear();
        this.#schedule();
      }
    });
  }

  of(user: string): Presence | undefined {
    return this.#states.get(user);
  }

  /** Follows a user until the answer is called. */
  watch(user: string): () => void {
    this.#watchers.set(user, (this.#watchers.get(user) ?? 0) + 1);
    this.#schedule();
    return () => {
      const left = (this.#watchers.get(user) ?? 1) - 1;
      if (left > 0) this.#watchers.set(user, left);
      else this.#watchers.delete(user);
      this.#schedule();
    };
  }

  /** What one rendering wants goes into one request. */
  #schedule(): void {
    if (this.#scheduled || this.#client.state.kind !== 'ready') return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#reconcile();
    });
  }

  #reconcile(): void {
    const gone = [...this.#followed].filter((user) => !this.#watchers.has(user)).slice(0, maxPerRequest);
    for (const user of gone) this.#forget(user);
    if (gone.length > 0) this.#ask(this.#client.people.unfollowPresence(gone));
    const room = Math.max(0, maxFollowed - this.#followed.size);
    const come = [...this.#watchers.keys()].filter((user) => !this.#followed.has(user));
    const asked = come.slice(0, Math.min(room, maxPerRequest));
    if (asked.length === 0) return;
    for (const user of asked) this.#followed.add(user);
    this.#ask(this.#client.people.followPresence(asked).then((states) => this.#learn(states)));
    if (come.length > asked.length && room > asked.length) this.#schedule();
  }

  /** Presence is a courtesy: where it cannot be asked now it is not shown, and the next connection asks again. */
  #ask(answer: Promise<unknown>): void {
    answer.catch(() => undefined);
  }

  #forget(user: string): void {
    this.#followed.delete(user);
    this.#states.delete(user);
  }

  #learn(states: readonly Presence[]): void {
    for (const presence of states) this.#states.set(presence.user, presence);
    this.changed();
  }
}
