/** People in the records' file, on its connection. Every write is durable when its method returns. */
import type { Database } from 'bun:sqlite';
import { StorageFault } from '../../ports/faults.ts';
import type {
  ContactRecord,
  ContactRequest,
  ContactState,
  FoundUser,
  People,
  Profile,
  ProfileChange,
  RequestOutcome,
  SearchQuery,
  Settings,
  Visibility,
} from '../../ports/people.ts';
import { guarded } from '../faults.ts';
import { Contacts } from './contacts.ts';
import { Profiles } from './profiles.ts';

export class SqlitePeople implements People {
  readonly #db: Database;
  readonly #profiles: Profiles;
  readonly #contacts: Contacts;

  /** The connection stays its owner's to close. */
  constructor(db: Database) {
    this.#db = db;
    this.#profiles = new Profiles(db);
    this.#contacts = new Contacts(db);
  }

  profiles(users: readonly string[]): readonly Profile[] {
    return guarded('read profiles', () => this.#profiles.profiles(users));
  }

  updateProfile(user: string, change: ProfileChange): Profile | null {
    return this.#write('change a profile', () => this.#profiles.update(user, change));
  }

  settings(user: string): Settings {
    return guarded('read settings', () => this.#profiles.settings(user));
  }

  changeSettings(user: string, change: Partial<Settings>): Settings | null {
    return this.#write('change settings', () => this.#profiles.changeSettings(user, change));
  }

  search(query: SearchQuery): readonly FoundUser[] {
    return guarded('search for users', () => this.#profiles.search(query));
  }

  requestContact(request: ContactRequest): RequestOutcome {
    return this.#write('ask for a contact', () => {
      this.#mustExist(request.from, request.to);
      return this.#contacts.request(request);
    });
  }

  acceptContact(user: string, other: string, at: number): 'accepted' | 'none' | 'blocked' {
    return this.#write('accept a contact', () => this.#contacts.accept(user, other, at));
  }

  endContact(user: string, other: string, state: ContactState): boolean {
    return this.#write('end a contact', () => this.#contacts.end(user, other, state));
  }

  contact(user: string, other: string): ContactRecord | null {
    return guarded('read a contact', () => this.#contacts.one(user, other));
  }

  contacts(user: string, after: string, state: ContactState | null, limit: number): readonly ContactRecord[] {
    return guarded('read contacts', () => this.#contacts.list(user, after, state, limit));
  }

  block(user: string, other: string, at: number, maxBlocks: number): 'blocked' | 'full' {
    return this.#write('block a user', () => {
      this.#mustExist(user, other);
      return this.#contacts.block(user, other, at, maxBlocks);
    });
  }

  unblock(user: string, other: string): void {
    this.#write('end a block', () => this.#contacts.unblock(user, other));
  }

  blocks(user: string, after: string, limit: number): readonly Profile[] {
    return guarded('read blocks', () => this.#contacts.blocks(user, after, limit));
  }

  blockersBetween(a: string, b: string): readonly string[] {
    return guarded('read blocks', () => this.#contacts.blockersBetween(a, b));
  }

  visibility(user: string): Visibility {
    return guarded('read who may see a user', () => {
      const settings = this.#profiles.settings(user);
      return {
        settings,
        blocked: this.#contacts.blockedBy(user),
        contacts: settings.presence === 'contacts' ? this.#contacts.acceptedOf(user) : [],
        lastSeen: this.#profiles.lastSeen(user),
      };
    });
  }

  saveSeen(seen: readonly { readonly user: string; readonly at: number }[]): void {
    this.#write('save when users were there', () => {
      for (const { user, at } of seen) this.#profiles.saw(user, at);
    });
  }

  withoutReceipts(users: readonly string[]): readonly string[] {
    return guarded('read settings', () => this.#profiles.withoutReceipts(users));
  }

  #mustExist(...users: readonly string[]): void {
    for (const user of users) {
      if (!this.#profiles.exists(user)) throw new StorageFault('refused', 'there is no such user');
    }
  }

  #write<T>(doing: string, work: () => T): T {
    return guarded(doing, () => this.#db.transaction(work).immediate());
  }
}
