/** The reference model of people: what the port says, in the plainest form. */
import { StorageFault } from '../../src/storage/ports/faults.ts';
import {
  type ContactRecord,
  type ContactRequest,
  type ContactState,
  DEFAULT_SETTINGS,
  type FoundUser,
  type People,
  type Profile,
  type ProfileChange,
  type RequestOutcome,
  type SearchQuery,
  type Settings,
  searchKeysOf,
  type Visibility,
} from '../../src/storage/ports/people.ts';

interface Row {
  readonly user: string;
  readonly other: string;
  state: ContactState;
  readonly note: string;
  at: number;
}

const NOBODY = { displayName: '', avatar: '', about: '' };

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

export class MemoryPeople implements People {
  readonly #users: () => readonly { readonly id: string; readonly username: string }[];
  readonly #profiles = new Map<string, ProfileChange>();
  readonly #settings = new Map<string, Settings>();
  readonly #seen = new Map<string, number>();
  #contacts: Row[] = [];
  #blocks: { readonly user: string; readonly blocked: string }[] = [];

  /** `users` tells of all that exist now. */
  constructor(users: () => readonly { readonly id: string; readonly username: string }[]) {
    this.#users = users;
  }

  profiles(users: readonly string[]): readonly Profile[] {
    return this.#users()
      .filter(({ id }) => users.includes(id))
      .map(({ id: user, username }) => ({ user, username, ...NOBODY, ...this.#profiles.get(user) }));
  }

  updateProfile(user: string, change: ProfileChange): Profile | null {
    if (this.#exists(user)) this.#profiles.set(user, { ...this.#profiles.get(user), ...change });
    return this.profiles([user])[0] ?? null;
  }

  settings(user: string): Settings {
    return this.#settings.get(user) ?? DEFAULT_SETTINGS;
  }

  changeSettings(user: string, change: Partial<Settings>): Settings | null {
    if (!this.#exists(user)) return null;
    this.#settings.set(user, { ...this.settings(user), ...change });
    return this.settings(user);
  }

  search({ prefix, asker, after, limit }: SearchQuery): readonly FoundUser[] {
    const found = this.profiles(this.#users().map(({ id }) => id)).flatMap((profile): FoundUser[] => {
      const { user, username, displayName } = profile;
      const keys = searchKeysOf(username, displayName).filter((key) => key.startsWith(prefix));
      const [key] = [...keys].sort(byBytes);
      if (key === undefined || user === asker || !this.settings(user).discoverable) return [];
      return this.blockersBetween(user, asker).length > 0 ? [] : [{ key, user, profile }];
    });
    const order = (a: Omit<FoundUser, 'profile'>, b: Omit<FoundUser, 'profile'>): number =>
      byBytes(a.key, b.key) || byBytes(a.user, b.user);
    const rest = found.filter((each) => after === null || order(each, after) > 0);
    return rest.sort(order).slice(0, limit);
  }

  requestContact({ from, to, note, at, maxContacts }: ContactRequest): RequestOutcome {
    this.#mustExist(from, to);
    if (this.#hasBlocked(to, from)) return 'blocked';
    const state = this.#row(from, to)?.state;
    if (state === 'incoming') {
      this.#acceptBoth(from, to, at);
      return 'accepted';
    }
    if (state !== undefined) return 'known';
    for (const user of [from, to]) {
      if (this.#contacts.filter((row) => row.user === user).length >= maxContacts) return 'full';
    }
    this.#contacts.push({ user: from, other: to, state: 'outgoing', note, at });
    this.#contacts.push({ user: to, other: from, state: 'incoming', note, at });
    return 'asked';
  }

  acceptContact(user: string, other: string, at: number): 'accepted' | 'none' | 'blocked' {
    if (this.#row(user, other)?.state !== 'incoming') return 'none';
    if (this.#hasBlocked(other, user)) return 'blocked';
    this.#acceptBoth(user, other, at);
    return 'accepted';
  }

  endContact(user: string, other: string, state: ContactState): boolean {
    if (this.#row(user, other)?.state !== state) return false;
    const gone = [this.#row(user, other), this.#row(other, user)];
    this.#contacts = this.#contacts.filter((row) => !gone.includes(row));
    return true;
  }

  contact(user: string, other: string): ContactRecord | null {
    const row = this.#row(user, other);
    return row === undefined ? null : this.#contactOf(row);
  }

  contacts(user: string, after: string, state: ContactState | null, limit: number): readonly ContactRecord[] {
    return this.#contacts
      .filter((row) => row.user === user && byBytes(row.other, after) > 0 && row.state === (state ?? row.state))
      .sort((a, b) => byBytes(a.other, b.other))
      .slice(0, limit)
      .map((row) => this.#contactOf(row));
  }

  block(user: string, other: string, _at: number, maxBlocks: number): 'blocked' | 'full' {
    this.#mustExist(user, other);
    if (this.#hasBlocked(user, other)) return 'blocked';
    if (this.#blocks.filter((block) => block.user === user).length >= maxBlocks) return 'full';
    this.#blocks.push({ user, blocked: other });
    return 'blocked';
  }

  unblock(user: string, other: string): void {
    this.#blocks = this.#blocks.filter((block) => block.user !== user || block.blocked !== other);
  }

  blocks(user: string, after: string, limit: number): readonly Profile[] {
    const rest = this.#blockedBy(user).filter((blocked) => byBytes(blocked, after) > 0);
    const page = rest.sort(byBytes).slice(0, limit);
    return page.flatMap((blocked) => this.profiles([blocked]));
  }

  blockersBetween(a: string, b: string): readonly string[] {
    return [a, b].filter((user) => this.#hasBlocked(user, user === a ? b : a));
  }

  visibility(user: string): Visibility {
    const settings = this.settings(user);
    const accepted = this.#contacts.filter((row) => row.user === user && row.state === 'accepted');
    return {
      settings,
      blocked: this.#blockedBy(user),
      contacts: settings.presence === 'contacts' ? accepted.map(({ other }) => other) : [],
      lastSeen: this.#seen.get(user) ?? 0,
    };
  }

  saveSeen(seen: readonly { readonly user: string; readonly at: number }[]): void {
    for (const { user, at } of seen) {
      if (this.#exists(user)) this.#seen.set(user, Math.max(at, this.#seen.get(user) ?? 0));
    }
  }

  withoutReceipts(users: readonly string[]): readonly string[] {
    return [...new Set(users)].filter((user) => !this.settings(user).receipts);
  }

  #exists(user: string): boolean {
    return this.#users().some(({ id }) => id === user);
  }

  #mustExist(...users: readonly string[]): void {
    if (!users.every((user) => this.#exists(user))) throw new StorageFault('refused', 'there is no such user');
  }

  #row(user: string, other: string): Row | undefined {
    return this.#contacts.find((row) => row.user === user && row.other === other);
  }

  #hasBlocked(user: string, other: string): boolean {
    return this.#blocks.some((block) => block.user === user && block.blocked === other);
  }

  #blockedBy(user: string): string[] {
    return this.#blocks.filter((block) => block.user === user).map(({ blocked }) => blocked);
  }

  #acceptBoth(a: string, b: string, at: number): void {
    for (const row of [this.#row(a, b), this.#row(b, a)])
      if (row !== undefined) Object.assign(row, { state: 'accepted', at });
  }

  #contactOf({ other, state, note, at }: Row): ContactRecord {
    return { other: this.profiles([other])[0] as Profile, state, note, at };
  }
}
