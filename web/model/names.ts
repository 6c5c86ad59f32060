import type { MailroomClient } from '../../src/client/client.ts';
import type { User } from '../../src/client/wire.ts';
import { Observable } from './observable.ts';

const maxPerRequest = 100;

/** User names by id. An unknown one is asked for, together with all others that the same rendering wants. */
export class Names extends Observable {
  readonly #client: MailroomClient;
  readonly #names = new Map<string, string>();
  readonly #wanted = new Set<string>();
  #scheduled = false;

  constructor(client: MailroomClient) {
    super();
    this.#client = client;
  }

  /** The name, or undefined as long as it is not known. */
  of(id: string): string | undefined {
    const name = this.#names.get(id);
    if (name === undefined) this.#want(id);
    return name;
  }

  learn(users: readonly User[]): void {
    const news = users.filter((user) => this.#names.get(user.id) !== user.username);
    for (const user of news) this.#names.set(user.id, user.username);
    if (news.length > 0) this.changed();
  }

  #want(id: string): void {
    this.#wanted.add(id);
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => void this.#ask());
  }

  async #ask(): Promise<void> {
    const asked = [...this.#wanted].slice(0, maxPerRequest);
    for (const id of asked) this.#wanted.delete(id);
    try {
      this.learn(await this.#client.getUsers(asked));
    } catch {
      // The ids stay unnamed, and the next rendering asks again.
    }
    this.#scheduled = false;
    const [next] = this.#wanted;
    if (next !== undefined) this.#want(next);
  }
}
