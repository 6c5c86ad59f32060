/**
 * People behind a cache. Profiles are cached: many read them, few change them, and an old one harms nobody for long. The rest
 * is not: settings, contacts and blocks decide what others may do and see, and are read once in the life of their actors.
 */
import type { Host } from '../../runtime/host.ts';
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
} from '../ports/people.ts';
import type { Promised } from '../ports/records.ts';
import { Batcher } from './batcher.ts';
import { personCodec } from './person-codec.ts';
import { Space } from './space.ts';
import { SPACE_DEFAULTS, type SpaceCounts, type SpaceOptions, type Surroundings } from './space-options.ts';

export interface CachedPeopleOptions extends Surroundings {
  readonly host: Surroundings['host'] & Pick<Host, 'defer'>;
  readonly isUserId: (id: string) => boolean;
  /** In the place of the usual times. */
  readonly times?: Partial<Pick<SpaceOptions<unknown>, 'nothingMs' | 'leaseMs' | 'waitMs'>>;
}

export class CachedPeople implements People {
  readonly #inner: People;
  readonly #profiles: Space<Profile>;
  readonly #loads: Batcher<Profile>;

  constructor(inner: People, options: CachedPeopleOptions) {
    const { isUserId: isKey, host, times = {} } = options;
    this.#inner = inner;
    const lasting = { ...SPACE_DEFAULTS, ...times, name: 'profile', codec: personCodec, isKey };
    this.#profiles = new Space({ ...lasting, staleMs: SPACE_DEFAULTS.ttlMs }, options);
    this.#loads = new Batcher(host, async (ids) => {
      const found = await inner.profiles(ids);
      return new Map(found.map((profile) => [profile.user, profile]));
    });
  }

  /** For the metrics. */
  get profileCounts(): SpaceCounts {
    return this.#profiles.counts;
  }

  async profiles(users: readonly string[]): Promise<readonly Profile[]> {
    const found = await this.#profiles.readMany(users, (id) => this.#loads.load(id));
    return [...found.values()];
  }

  async updateProfile(user: string, change: ProfileChange): Promise<Profile | null> {
    try {
      return await this.#inner.updateProfile(user, change);
    } finally {
      await this.#profiles.invalidate(user);
    }
  }

  // ── never cached ─────────────────────────────────────────────────────────────────────────────────────────────────

  settings(user: string): Promised<Settings> {
    return this.#inner.settings(user);
  }

  changeSettings(user: string, change: Partial<Settings>): Promised<Settings | null> {
    return this.#inner.changeSettings(user, change);
  }

  search(query: SearchQuery): Promised<readonly FoundUser[]> {
    return this.#inner.search(query);
  }

  requestContact(request: ContactRequest): Promised<RequestOutcome> {
    return this.#inner.requestContact(request);
  }

  acceptContact(user: string, other: string, at: number): Promised<'accepted' | 'none' | 'blocked'> {
    return this.#inner.acceptContact(user, other, at);
  }

  endContact(user: string, other: string, state: ContactState): Promised<boolean> {
    return this.#inner.endContact(user, other, state);
  }

  contact(user: string, other: string): Promised<ContactRecord | null> {
    return this.#inner.contact(user, other);
  }

  contacts(user: string, after: string, state: ContactState | null, limit: number): Promised<readonly ContactRecord[]> {
    return this.#inner.contacts(user, after, state, limit);
  }

  block(user: string, other: string, at: number, maxBlocks: number): Promised<'blocked' | 'full'> {
    return this.#inner.block(user, other, at, maxBlocks);
  }

  unblock(user: string, other: string): Promised<void> {
    return this.#inner.unblock(user, other);
  }

  blocks(user: string, after: string, limit: number): Promised<readonly Profile[]> {
    return this.#inner.blocks(user, after, limit);
  }

  blockersBetween(a: string, b: string): Promised<readonly string[]> {
    return this.#inner.blockersBetween(a, b);
  }

  visibility(user: string): Promised<Visibility> {
    return this.#inner.visibility(user);
  }

  saveSeen(seen: readonly { readonly user: string; readonly at: number }[]): Promised<void> {
    return this.#inner.saveSeen(seen);
  }

  withoutReceipts(users: readonly string[]): Promised<readonly string[]> {
    return this.#inner.withoutReceipts(users);
  }
}
