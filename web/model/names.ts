import type { MailroomClient } from '../../src/client/client.ts';
import type { User } from '../../src/client/wire.ts';
import { Observable } from './observable.ts';

const maxPerRequest = 100;
const retryMs = 2_000;

/** What a user is called: the name that they gave themselves, else the one they log in with. */
export function nameOf(user: User): string {
  return user.displayName ?? user.username;
}

/** Users by id. An unknown one is asked for, together with all others that the same rendering wants. */
export class Names extends Observable {
  readonly #client: Pick<MailroomClient, 'getUsers'>;
  /** As their profiles say. */
  readonly #users = new Map<string, User>();
  /** Rooms tell usernames alone: they stand in until the profile is there. */
  readonly #usernames = new Map<string, string>();
  readonly #wanted = new Set<string>();
  /** The server knows nobody of these ids. */
  readonly #nobody = new Set<string>();
  #scheduled = false;

  constructor(client: Pick<MailroomClient, 'getUsers'>) {
    super();
    this.#client = client;
  }

  /** What the user is called, or undefined as long as it is not known. */
  of(id: string): string | undefined {
    const user = this.user(id);
    return user === undefined ? this.#usernames.get(id) : nameOf(user);
  }

  /** The profile, as far as it is known. */
  user(id: string): User | undefined {
    const user = this.#users.get(id);
    if (user === undefined) this.#want(id);
    return user;
  }

  /** Takes whole profiles. */
  learn(users: readonly User[]): void {
    const news = users.filter((user) => !isSame(this.#users.get(user.id), user));
    for (const user of news) this.#users.set(user.id, user);
    if (news.length > 0) this.changed();
  }

  /** Takes a username of which no profile came along. */
  mention(id: string, username: string): void {
    if (this.#usernames.get(id) === username) return;
    this.#usernames.set(id, username);
    if (!this.#users.has(id)) this.changed();
  }

  #want(id: string): void {
    if (this.#nobody.has(id)) return;
    this.#wanted.add(id);
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => void this.#ask());
  }

  async #ask(): Promise<void> {
    const asked = [...this.#wanted].slice(0, maxPerRequest);
    for (const id of asked) this.#wanted.delete(id);
    try {
      const users = await this.#client.getUsers(asked);
      this.learn(users);
      for (const id of asked) if (!this.#users.has(id)) this.#nobody.add(id);
    } catch {
      // The ids stay unnamed until the next rendering asks again: whoever still shows them is told to, after a pause.
      setTimeout(() => this.changed(), retryMs);
    }
    this.#scheduled = false;
    const [next] = this.#wanted;
    if (next !== undefined) this.#want(next);
  }
}

function isSame(a: User | undefined, b: User): boolean {
  return a?.username === b.username && a.displayName === b.displayName && a.avatar === b.avatar && a.about === b.about;
}
