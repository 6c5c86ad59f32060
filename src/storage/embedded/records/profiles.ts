/** Profiles and settings. A user who never changed anything has no row. */
import type { Database, Statement } from 'bun:sqlite';
import {
  DEFAULT_SETTINGS,
  endOfPrefix,
  type FoundUser,
  type PresenceAudience,
  type Profile,
  type ProfileChange,
  type SearchQuery,
  type Settings,
  searchKeysOf,
} from '../../ports/people.ts';
import { Names } from './names.ts';

interface SettingsRow {
  readonly presence: PresenceAudience;
  readonly receipts: number;
  readonly discoverable: number;
}

/** Columns of a profile, where `users` and `person` are joined. */
export const PROFILE = `users.id AS user, username, ifnull(display_name, '') AS displayName,
  ifnull(avatar, '') AS avatar, ifnull(about, '') AS about`;

export class Profiles {
  readonly #names: Names;
  readonly #exists: Statement<unknown, [string]>;
  readonly #profiles: Statement<Profile, [string]>;
  readonly #insert: Statement<unknown, [string]>;
  readonly #setProfile: Statement<unknown, [string, string, string, string]>;
  readonly #settings: Statement<SettingsRow, [string]>;
  readonly #setSettings: Statement<unknown, [string, string, number, number]>;
  readonly #search: Statement<Profile & { readonly key: string }, [string, string, string, string, string, number]>;
  readonly #lastSeen: Statement<{ readonly lastSeen: number }, [string]>;
  readonly #saw: Statement<unknown, [string, number]>;
  readonly #withoutReceipts: Statement<{ readonly user: string }, [string]>;

  constructor(db: Database) {
    this.#names = new Names(db);
    this.#exists = db.prepare('SELECT 1 FROM users WHERE id = ?');
    this.#profiles = db.prepare(`
      SELECT ${PROFILE} FROM users LEFT JOIN person ON person.user = users.id
      WHERE users.id IN (SELECT value FROM json_each(?))`);
    this.#insert = db.prepare('INSERT INTO person (user) VALUES (?) ON CONFLICT DO NOTHING');
    this.#setProfile = db.prepare('UPDATE person SET display_name = ?2, avatar = ?3, about = ?4 WHERE user = ?1');
    this.#settings = db.prepare('SELECT presence, receipts, discoverable FROM person WHERE user = ?');
    this.#setSettings = db.prepare('UPDATE person SET presence = ?2, receipts = ?3, discoverable = ?4 WHERE user = ?1');
    this.#search = db.prepare(`
      SELECT name_key AS key, ${PROFILE}
      FROM person_name AS name JOIN users ON users.id = name.user LEFT JOIN person ON person.user = name.user
      WHERE name_key >= max(?1, ?3) AND name_key < ?2 AND (name_key, name.user) > (?3, ?4) AND name.user <> ?5
        AND NOT EXISTS (SELECT 1 FROM user_block WHERE user = name.user AND blocked = ?5)
        AND NOT EXISTS (SELECT 1 FROM user_block WHERE user = ?5 AND blocked = name.user)
        AND NOT EXISTS (SELECT 1 FROM person_name AS first
          WHERE first.user = name.user AND first.name_key >= ?1 AND first.name_key < name.name_key)
      ORDER BY name_key, name.user LIMIT ?6`);
    this.#lastSeen = db.prepare('SELECT last_seen AS lastSeen FROM person WHERE user = ?');
    this.#saw = db.prepare(`
      INSERT INTO person (user, last_seen) SELECT id, ?2 FROM users WHERE id = ?1
      ON CONFLICT DO UPDATE SET last_seen = max(last_seen, excluded.last_seen)`);
    this.#withoutReceipts = db.prepare(`
      SELECT user FROM person WHERE receipts = 0 AND user IN (SELECT value FROM json_each(?))`);
  }

  exists(user: string): boolean {
    return this.#exists.get(user) !== null;
  }

  profiles(users: readonly string[]): readonly Profile[] {
    return this.#profiles.all(JSON.stringify(users));
  }

  update(user: string, change: ProfileChange): Profile | null {
    const [before] = this.profiles([user]);
    if (before === undefined) return null;
    const after = { ...before, ...change };
    this.#insert.run(user);
    this.#setProfile.run(user, after.displayName, after.avatar, after.about);
    this.#nameAnew(after, this.settings(user));
    return after;
  }

  settings(user: string): Settings {
    const row = this.#settings.get(user);
    if (row === null) return DEFAULT_SETTINGS;
    return { presence: row.presence, receipts: row.receipts === 1, discoverable: row.discoverable === 1 };
  }

  changeSettings(user: string, change: Partial<Settings>): Settings | null {
    const [profile] = this.profiles([user]);
    if (profile === undefined) return null;
    const after = { ...this.settings(user), ...change };
    this.#insert.run(user);
    this.#setSettings.run(user, after.presence, Number(after.receipts), Number(after.discoverable));
    this.#nameAnew(profile, after);
    return after;
  }

  search({ prefix, asker, after, limit }: SearchQuery): readonly FoundUser[] {
    const { key, user } = after ?? { key: '', user: '' };
    return this.#search
      .all(prefix, endOfPrefix(prefix), key, user, asker, limit)
      .map(({ key: found, ...profile }) => ({ key: found, user: profile.user, profile }));
  }

  lastSeen(user: string): number {
    return this.#lastSeen.get(user)?.lastSeen ?? 0;
  }

  saw(user: string, at: number): void {
    this.#saw.run(user, at);
  }

  withoutReceipts(users: readonly string[]): readonly string[] {
    return this.#withoutReceipts.all(JSON.stringify(users)).map(({ user }) => user);
  }

  #nameAnew({ user, username, displayName }: Profile, { discoverable }: Settings): void {
    this.#names.replace(user, discoverable ? searchKeysOf(username, displayName) : []);
  }
}
