import type { RequestOptions } from './requests.ts';
import type { Contact, ContactState, Method, ParamsOf, Presence, ResultOf, User, UserSettings } from './wire.ts';

type Request = <M extends Method>(method: M, params: ParamsOf<M>, options?: RequestOptions) => Promise<ResultOf<M>>;

const REPEAT = { repeat: true } as const;

/** A client's door to people: the own profile and settings, contacts, blocks, presence and typing. */
export class PeopleRequests {
  readonly #request: Request;

  constructor(request: Request) {
    this.#request = request;
  }

  /** Changes the own profile; what is absent stays, what is empty is removed. */
  async updateProfile(change: ParamsOf<'users.update'>): Promise<User> {
    return (await this.#request('users.update', change, REPEAT)).user;
  }

  /** Users one of whose names begins so; hand the cursor back for the next page. */
  search(query: string, cursor?: string): Promise<ResultOf<'users.search'>> {
    return this.#request('users.search', cursor === undefined ? { query } : { query, cursor }, REPEAT);
  }

  settings(): Promise<UserSettings> {
    return this.#request('users.settings', {}, REPEAT);
  }

  changeSettings(change: ParamsOf<'users.set'>): Promise<UserSettings> {
    return this.#request('users.set', change, REPEAT);
  }

  /** All contacts and requests, or those of one state. */
  async contacts(state?: ContactState): Promise<readonly Contact[]> {
    const named = state === undefined ? {} : { state };
    const contacts: Contact[] = [];
    for (let cursor: string | undefined = ''; cursor !== undefined; ) {
      const from: { cursor?: string } = cursor === '' ? {} : { cursor };
      const page: ResultOf<'contacts.list'> = await this.#request('contacts.list', { ...named, ...from }, REPEAT);
      contacts.push(...page.contacts);
      cursor = page.cursor;
    }
    return contacts;
  }

  async requestContact(user: string, note?: string): Promise<Contact> {
    return (await this.#request('contacts.request', note === undefined ? { user } : { user, note }, REPEAT)).contact;
  }

  async acceptContact(user: string): Promise<Contact> {
    return (await this.#request('contacts.accept', { user })).contact;
  }

  async declineContact(user: string): Promise<void> {
    await this.#request('contacts.decline', { user }, REPEAT);
  }

  async withdrawContact(user: string): Promise<void> {
    await this.#request('contacts.withdraw', { user }, REPEAT);
  }

  async removeContact(user: string): Promise<void> {
    await this.#request('contacts.remove', { user }, REPEAT);
  }

  async block(user: string): Promise<void> {
    await this.#request('blocks.add', { user }, REPEAT);
  }

  async unblock(user: string): Promise<void> {
    await this.#request('blocks.remove', { user }, REPEAT);
  }

  /** A page of those who are blocked. */
  blocked(cursor?: string): Promise<ResultOf<'blocks.list'>> {
    return this.#request('blocks.list', cursor === undefined ? {} : { cursor }, REPEAT);
  }

  /** `presence` events of these users come from now on, until the connection ends: follow again when it is back. */
  async followPresence(users: readonly string[]): Promise<readonly Presence[]> {
    return (await this.#request('presence.subscribe', { users }, REPEAT)).states;
  }

  /** Of nobody any more where no users are named. */
  async unfollowPresence(users?: readonly string[]): Promise<void> {
    await this.#request('presence.unsubscribe', users === undefined ? {} : { users }, REPEAT);
  }

  /** Whether somebody is at this device. Said again after each reconnection. */
  async setPresence(state: 'online' | 'away'): Promise<void> {
    await this.#request('presence.set', { state }, REPEAT);
  }

  /** Says that the user is writing: at most every three seconds. */
  async typing(room: string): Promise<void> {
    await this.#request('rooms.typing', { room });
  }
}
