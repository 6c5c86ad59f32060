import type { MailroomClient } from '../../src/client/client.ts';
import { asMailroomError, type MailroomError } from '../../src/client/errors.ts';
import type { Contact, ContactNotice, User } from '../../src/client/wire.ts';
import { type Names, nameOf } from './names.ts';
import { Observable } from './observable.ts';

/** The user's contacts, the requests both ways, and whom they have blocked. */
export class People extends Observable {
  error: MailroomError | undefined;
  /** Whether the server has listed them since the page was opened. */
  loaded = false;
  readonly #client: MailroomClient;
  readonly #names: Names;
  readonly #contacts = new Map<string, Contact>();
  readonly #blocked = new Map<string, User>();
  /** Counts notices: a list that was asked for before one came is older than it. */
  #notices = 0;

  constructor(client: MailroomClient, names: Names) {
    super();
    this.#client = client;
    this.#names = names;
    client.on('contact', (notice) => this.#noticed(notice));
    client.on('state', ({ kind }) => {
      if (kind === 'ready') void this.reload();
    });
  }

  /** Those of one state, by name. */
  contacts(state: Contact['state']): readonly Contact[] {
    const some = [...this.#contacts.values()].filter((contact) => contact.state === state);
    return some.sort((a, b) => nameOf(a.user).localeCompare(nameOf(b.user)));
  }

  get blocked(): readonly User[] {
    return [...this.#blocked.values()].sort((a, b) => nameOf(a).localeCompare(nameOf(b)));
  }

  /** How the user stands to another; undefined: not at all. */
  standing(user: string): Contact['state'] | undefined {
    return this.#contacts.get(user)?.state;
  }

  isBlocked(user: string): boolean {
    return this.#blocked.has(user);
  }

  async reload(): Promise<void> {
    const notices = this.#notices;
    try {
      const [contacts, blocked] = await Promise.all([this.#client.people.contacts(), this.#allBlocked()]);
      if (notices !== this.#notices) return await this.reload();
      replace(this.#contacts, contacts, (contact) => contact.user.id);
      replace(this.#blocked, blocked, (user) => user.id);
      this.#names.learn([...contacts.map(({ user }) => user), ...blocked]);
      this.error = undefined;
      this.loaded = true;
    } catch (error) {
      this.error = asMailroomError(error);
    }
    this.changed();
  }

  /** These reject with a `MailroomError`. */
  async request(user: string): Promise<void> {
    this.#set(await this.#client.people.requestContact(user));
  }

  async accept(user: string): Promise<void> {
    this.#set(await this.#client.people.acceptContact(user));
  }

  async decline(user: string): Promise<void> {
    await this.#client.people.declineContact(user);
    this.#forget(user);
  }

  async withdraw(user: string): Promise<void> {
    await this.#client.people.withdrawContact(user);
    this.#forget(user);
  }

  async remove(user: string): Promise<void> {
    await this.#client.people.removeContact(user);
    this.#forget(user);
  }

  /** Blocking ends a contact, too. */
  async block(user: User): Promise<void> {
    await this.#client.people.block(user.id);
    this.#blocked.set(user.id, user);
    this.#forget(user.id);
  }

  async unblock(user: string): Promise<void> {
    await this.#client.people.unblock(user);
    this.#blocked.delete(user);
    this.changed();
  }

  async #allBlocked(): Promise<readonly User[]> {
    const blocked: User[] = [];
    let cursor: string | undefined;
    do {
      const page = await this.#client.people.blocked(cursor);
      blocked.push(...page.users);
      cursor = page.cursor;
    } while (cursor !== undefined);
    return blocked;
  }

  #noticed({ user, state, note, at }: ContactNotice): void {
    this.#notices += 1;
    if (state === 'none') this.#forget(user.id);
    else this.#set({ user, state, at, ...(note === undefined ? {} : { note }) });
  }

  #set(contact: Contact): void {
    this.#contacts.set(contact.user.id, contact);
    this.changed();
  }

  #forget(user: string): void {
    this.#contacts.delete(user);
    this.changed();
  }
}

function replace<T>(map: Map<string, T>, entries: readonly T[], key: (entry: T) => string): void {
  map.clear();
  for (const entry of entries) map.set(key(entry), entry);
}
