/** People on MySQL: writes go to the primary, reads to replicas that show every write which the reader may know of. */
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
import { searchKeysOf } from '../../ports/people.ts';
import type { MysqlServers } from '../mysql-servers.ts';
import type { SqlTransaction } from '../transaction.ts';
import { AnnouncedAccess, NAMES, userKey } from './announced-access.ts';
import {
  acceptContact,
  deleteBlock,
  endContact,
  insertBlock,
  lockBoth,
  mustExist,
  readAccepted,
  readBlockedBy,
  readBlockersBetween,
  readBlocks,
  readContact,
  readContacts,
  requestContact,
} from './contacts.ts';
import { replaceNames } from './names.ts';
import {
  lockProfile,
  raiseSeen,
  readLastSeen,
  readProfiles,
  readSettings,
  readWithoutReceipts,
  searchNames,
  writeProfile,
  writeSettings,
} from './profiles.ts';

/** Rows of one statement. */
const SEEN_AT_ONCE = 200;
const USERS_AT_ONCE = 1_000;

export class MysqlPeople implements People {
  readonly #servers: MysqlServers;
  readonly #access: AnnouncedAccess;

  /** The servers stay the caller's to close; their schema has to be the newest. */
  constructor(servers: MysqlServers) {
    this.#servers = servers;
    this.#access = new AnnouncedAccess(servers);
  }

  profiles(users: readonly string[]): Promise<readonly Profile[]> {
    return this.#access.read(users.map(userKey), (runner) => readProfiles(runner, users));
  }

  updateProfile(user: string, change: ProfileChange): Promise<Profile | null> {
    return this.#changing(user, async (tx, before, settings) => {
      const after = { ...before, ...change };
      await writeProfile(tx, after);
      await nameAnew(tx, after, settings);
      return after;
    });
  }

  settings(user: string): Promise<Settings> {
    return this.#access.read([userKey(user)], (runner) => readSettings(runner, user));
  }

  changeSettings(user: string, change: Partial<Settings>): Promise<Settings | null> {
    return this.#changing(user, async (tx, profile, before) => {
      const after = { ...before, ...change };
      await writeSettings(tx, user, after);
      await nameAnew(tx, profile, after);
      return after;
    });
  }

  search(query: SearchQuery): Promise<readonly FoundUser[]> {
    return this.#access.read([NAMES, userKey(query.asker)], (runner) => searchNames(runner, query));
  }

  requestContact(request: ContactRequest): Promise<RequestOutcome> {
    const wrote = (outcome: RequestOutcome): boolean => outcome === 'asked' || outcome === 'accepted';
    const ask = async (tx: SqlTransaction): Promise<RequestOutcome> => {
      await mustExist(tx, request.from, request.to);
      return await requestContact(tx, request);
    };
    return this.#between(request.from, request.to, ask, wrote);
  }

  acceptContact(user: string, other: string, at: number): Promise<'accepted' | 'none' | 'blocked'> {
    const accept = (tx: SqlTransaction) => acceptContact(tx, user, other, at);
    return this.#between(user, other, accept, (outcome) => outcome === 'accepted');
  }

  endContact(user: string, other: string, state: ContactState): Promise<boolean> {
    return this.#between(user, other, (tx) => endContact(tx, user, other, state), Boolean);
  }

  contact(user: string, other: string): Promise<ContactRecord | null> {
    return this.#access.read(bothKeys(user, other), (runner) => readContact(runner, user, other));
  }

  contacts(user: string, after: string, state: ContactState | null, limit: number): Promise<readonly ContactRecord[]> {
    return this.#access.read([userKey(user)], (runner) => readContacts(runner, user, after, state, limit));
  }

  block(user: string, other: string, at: number, maxBlocks: number): Promise<'blocked' | 'full'> {
    return this.#between(user, other, async (tx) => {
      await mustExist(tx, user, other);
      return await insertBlock(tx, user, other, at, maxBlocks);
    });
  }

  async unblock(user: string, other: string): Promise<void> {
    await this.#access.write(bothKeys(user, other), (tx) => deleteBlock(tx, user, other));
  }

  blocks(user: string, after: string, limit: number): Promise<readonly Profile[]> {
    return this.#access.read([userKey(user)], (runner) => readBlocks(runner, user, after, limit));
  }

  blockersBetween(a: string, b: string): Promise<readonly string[]> {
    return this.#access.read(bothKeys(a, b), (runner) => readBlockersBetween(runner, a, b));
  }

  visibility(user: string): Promise<Visibility> {
    return this.#access.read([userKey(user)], async (runner) => {
      const settings = await readSettings(runner, user);
      return {
        settings,
        blocked: await readBlockedBy(runner, user),
        contacts: settings.presence === 'contacts' ? await readAccepted(runner, user) : [],
        lastSeen: await readLastSeen(runner, user),
      };
    });
  }

  async saveSeen(seen: readonly { readonly user: string; readonly at: number }[]): Promise<void> {
    const latest = new Map<string, number>();
    for (const { user, at } of seen) latest.set(user, Math.max(at, latest.get(user) ?? 0));
    const rows = [...latest].map(([user, at]) => ({ user, at })).sort((a, b) => (a.user < b.user ? -1 : 1));
    for (let start = 0; start < rows.length; start += SEEN_AT_ONCE) {
      const some = rows.slice(start, start + SEEN_AT_ONCE);
      await this.#access.announced(
        some.map(({ user }) => userKey(user)),
        async (write) => {
          const { affectedRows, gtid } = await raiseSeen(this.#servers.primary, some);
          if (affectedRows > 0) write.committed(gtid);
        },
      );
    }
  }

  async withoutReceipts(users: readonly string[]): Promise<readonly string[]> {
    const found: string[] = [];
    for (let start = 0; start < users.length; start += USERS_AT_ONCE) {
      const some = users.slice(start, start + USERS_AT_ONCE);
      found.push(...(await this.#access.read(some.map(userKey), (runner) => readWithoutReceipts(runner, some))));
    }
    return found;
  }

  /** Null where there is no such user. */
  #changing<T>(
    user: string,
    change: (tx: SqlTransaction, profile: Profile, settings: Settings) => Promise<T>,
  ): Promise<T | null> {
    return this.#access.writing([userKey(user), NAMES], async (tx) => {
      const profile = await lockProfile(tx, user);
      return profile === null ? null : await change(tx, profile, await readSettings(tx, user));
    });
  }

  #between<T>(
    a: string,
    b: string,
    work: (tx: SqlTransaction) => Promise<T>,
    hasChanged?: (answer: T) => boolean,
  ): Promise<T> {
    const locked = async (tx: SqlTransaction): Promise<T> => {
      await lockBoth(tx, a, b);
      return await work(tx);
    };
    return this.#access.writing(bothKeys(a, b), locked, hasChanged);
  }
}

function bothKeys(a: string, b: string): [ReturnType<typeof userKey>, ReturnType<typeof userKey>] {
  return [userKey(a), userKey(b)];
}

async function nameAnew(tx: SqlTransaction, profile: Profile, { discoverable }: Settings): Promise<void> {
  const { user, username, displayName } = profile;
  await replaceNames(tx, user, discoverable ? searchKeysOf(username, displayName) : []);
}
