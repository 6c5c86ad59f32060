/**
 * People: what users say of themselves, whom they know, whom they do not want to hear of, and when they were last there.
 *
 * Small rows that are read by key. Every write is durable before it answers, `saveSeen` excepted, which may be lost with the
 * process. Whom a row speaks of has to exist; a user who does not is `refused`, or has nothing where they are only read.
 */
import type { Promised } from './records.ts';

/** What a user says of themselves. Empty: nothing. */
export interface Profile {
  readonly user: string;
  readonly username: string;
  readonly displayName: string;
  /** A file's id. */
  readonly avatar: string;
  readonly about: string;
}

/** What is absent stays. */
export type ProfileChange = Partial<Pick<Profile, 'displayName' | 'avatar' | 'about'>>;

export type PresenceAudience = 'everyone' | 'contacts' | 'nobody';

export interface Settings {
  readonly presence: PresenceAudience;
  readonly receipts: boolean;
  readonly discoverable: boolean;
}

/** What a user has who never changed anything. */
export const DEFAULT_SETTINGS: Settings = Object.freeze({ presence: 'everyone', receipts: true, discoverable: true });

/** `outgoing`: asked by the user; `incoming`: asked by the other. */
export type ContactState = 'outgoing' | 'incoming' | 'accepted';

/** How `user` stands to another, whom the row's profile is of. */
export interface ContactRecord {
  readonly other: Profile;
  readonly state: ContactState;
  /** What the one who asked said. */
  readonly note: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export interface ContactRequest {
  readonly from: string;
  readonly to: string;
  readonly note: string;
  readonly at: number;
  /** Most contacts of each of the two, requests included. */
  readonly maxContacts: number;
}

/**
 * What became of a request: `blocked` if the other has blocked the one who asks, `full` if one of the two has no room for it,
 * `known` if it had been asked or the two are contacts, `accepted` if the other had asked, `asked` if it is new.
 */
export type RequestOutcome = 'asked' | 'accepted' | 'known' | 'blocked' | 'full';

/** What decides who may see a user's presence. */
export interface Visibility {
  readonly settings: Settings;
  /** Whom the user has blocked. */
  readonly blocked: readonly string[];
  /** Accepted ones. Empty unless the settings ask for them. */
  readonly contacts: readonly string[];
  /** 0: never. */
  readonly lastSeen: number;
}

export interface SearchQuery {
  /** As `searchKeyOf` makes it. */
  readonly prefix: string;
  /** Who searches: not found, and neither are those between whom and them there is a block. */
  readonly asker: string;
  /** Where the page before ended; null for the first. */
  readonly after: SearchPlace | null;
  readonly limit: number;
}

export interface SearchPlace {
  readonly key: string;
  readonly user: string;
}

export interface FoundUser extends SearchPlace {
  readonly profile: Profile;
}

export interface People {
  /** Of those users who exist, in no particular order. */
  profiles(users: readonly string[]): Promised<readonly Profile[]>;
  /** The profile as it is then; null if there is no such user. */
  updateProfile(user: string, change: ProfileChange): Promised<Profile | null>;
  settings(user: string): Promised<Settings>;
  /** The settings as they are then; null if there is no such user. */
  changeSettings(user: string, change: Partial<Settings>): Promised<Settings | null>;

  /** Discoverable users one of whose names begins so, ascending by key and user, each once. */
  search(query: SearchQuery): Promised<readonly FoundUser[]>;

  requestContact(request: ContactRequest): Promised<RequestOutcome>;
  /** `none` if the other has not asked, `blocked` if they have blocked the user meanwhile. */
  acceptContact(user: string, other: string, at: number): Promised<'accepted' | 'none' | 'blocked'>;
  /** Ends what is between the two if it is of this state, as `user` sees it. False if it is not. */
  endContact(user: string, other: string, state: ContactState): Promised<boolean>;
  contact(user: string, other: string): Promised<ContactRecord | null>;
  /** Ascending by the other's id, from behind `after`; of this state, or of any. */
  contacts(user: string, after: string, state: ContactState | null, limit: number): Promised<readonly ContactRecord[]>;

  /** `full` if the user has blocked that many; blocking somebody again is `blocked` too. */
  block(user: string, other: string, at: number, maxBlocks: number): Promised<'blocked' | 'full'>;
  unblock(user: string, other: string): Promised<void>;
  /** Ascending by id, from behind `after`. */
  blocks(user: string, after: string, limit: number): Promised<readonly Profile[]>;
  /** Which of the two have blocked the other. */
  blockersBetween(a: string, b: string): Promised<readonly string[]>;

  /** Of one who does not exist, as if they had never changed anything. */
  visibility(user: string): Promised<Visibility>;
  /** Raises when users were last there; never lowers it. Users who do not exist are passed over. */
  saveSeen(seen: readonly { readonly user: string; readonly at: number }[]): Promised<void>;
  /** Those of the users who do not want others to see how far they have read. */
  withoutReceipts(users: readonly string[]): Promised<readonly string[]>;
}

/** Code points of a key: a longer name is found by what it begins with. */
const MAX_KEY_LENGTH = 128;

/** How a name is compared in searches: without case, and without differences that nobody sees. */
export function searchKeyOf(name: string): string {
  return [...name.normalize('NFKC').toLowerCase()].slice(0, MAX_KEY_LENGTH).join('');
}

/** The keys under which a discoverable user is found. */
export function searchKeysOf(username: string, displayName: string): readonly string[] {
  const keys = [username, displayName].map(searchKeyOf).filter((key) => key !== '');
  return [...new Set(keys)];
}

/** No key that begins with `prefix` sorts behind this, by byte of UTF-8. */
export function endOfPrefix(prefix: string): string {
  return `${prefix}\u{10FFFF}`;
}
