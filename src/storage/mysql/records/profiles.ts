/** Profiles and settings. A user who never changed anything has no row. */
import {
  DEFAULT_SETTINGS,
  endOfPrefix,
  type FoundUser,
  type PresenceAudience,
  type Profile,
  type SearchQuery,
  type Settings,
} from '../../ports/people.ts';
import type { SqlRunner } from '../connection.ts';
import { text } from './text.ts';

/** Columns of a profile, where `users` and `person` are joined. */
export const PROFILE = `users.id AS user, username, IFNULL(display_name, '') AS displayName,
  IFNULL(avatar, '') AS avatar, IFNULL(about, '') AS about`;

export interface ProfileRow {
  readonly user: Uint8Array;
  readonly username: Uint8Array;
  readonly displayName: string;
  readonly avatar: Uint8Array;
  readonly about: string;
}

interface SettingsRow {
  readonly presence: PresenceAudience;
  readonly receipts: number;
  readonly discoverable: number;
}

const SETTINGS = 'SELECT presence, receipts, discoverable FROM person WHERE user = ?';

export function profileOf({ user, username, displayName, avatar, about }: ProfileRow): Profile {
  return { user: text(user), username: text(username), displayName, avatar: text(avatar), about };
}

export async function readProfiles(runner: SqlRunner, users: readonly string[]): Promise<readonly Profile[]> {
  if (users.length === 0) return [];
  const rows = await runner.rows<ProfileRow>(
    `SELECT ${PROFILE} FROM users LEFT JOIN person ON person.user = users.id
     WHERE users.id IN (${users.map(() => '?').join(', ')})`,
    users,
    { prepared: false },
  );
  return rows.map(profileOf);
}

/** Takes the user's row for writing: what is read next stays true until the end of the transaction. */
export async function lockProfile(tx: SqlRunner, user: string): Promise<Profile | null> {
  const locked = await tx.rows('SELECT id FROM users WHERE id = ? FOR UPDATE', [user]);
  if (locked.length === 0) return null;
  await tx.run('INSERT INTO person (user) VALUES (?) ON DUPLICATE KEY UPDATE user = user', [user]);
  return (await readProfiles(tx, [user]))[0] ?? null;
}

export async function writeProfile(tx: SqlRunner, { user, displayName, avatar, about }: Profile): Promise<void> {
  const values = [displayName, avatar, about, user];
  await tx.run('UPDATE person SET display_name = ?, avatar = ?, about = ? WHERE user = ?', values);
}

export async function readSettings(runner: SqlRunner, user: string): Promise<Settings> {
  const [row] = await runner.rows<SettingsRow>(SETTINGS, [user]);
  if (row === undefined) return DEFAULT_SETTINGS;
  return { presence: row.presence, receipts: row.receipts === 1, discoverable: row.discoverable === 1 };
}

export async function writeSettings(tx: SqlRunner, user: string, settings: Settings): Promise<void> {
  const values = [settings.presence, Number(settings.receipts), Number(settings.discoverable), user];
  await tx.run('UPDATE person SET presence = ?, receipts = ?, discoverable = ? WHERE user = ?', values);
}

export async function searchNames(
  runner: SqlRunner,
  { prefix, asker, after, limit }: SearchQuery,
): Promise<readonly FoundUser[]> {
  const end = endOfPrefix(prefix);
  const key = after?.key ?? prefix;
  const rows = await runner.rows<ProfileRow & { readonly foundKey: Uint8Array }>(
    `SELECT name.name_key AS foundKey, ${PROFILE}
     FROM person_name AS name JOIN users ON users.id = name.user LEFT JOIN person ON person.user = name.user
     WHERE name.name_key >= ? AND name.name_key < ? AND (name.name_key > ? OR name.user > ?) AND name.user <> ?
       AND NOT EXISTS (SELECT 1 FROM user_block WHERE user = name.user AND blocked = ?)
       AND NOT EXISTS (SELECT 1 FROM user_block WHERE user = ? AND blocked = name.user)
       AND NOT EXISTS (SELECT 1 FROM person_name AS earlier
         WHERE earlier.user = name.user AND earlier.name_key >= ? AND earlier.name_key < name.name_key)
     ORDER BY name.name_key, name.user LIMIT ${limit}`,
    [key, end, key, after?.user ?? '', asker, asker, asker, prefix],
    { prepared: false },
  );
  return rows.map(({ foundKey, ...row }) => {
    const profile = profileOf(row);
    return { key: text(foundKey), user: profile.user, profile };
  });
}

export async function readLastSeen(runner: SqlRunner, user: string): Promise<number> {
  const [row] = await runner.rows<{ readonly lastSeen: number }>(
    'SELECT last_seen AS lastSeen FROM person WHERE user = ?',
    [user],
  );
  return row?.lastSeen ?? 0;
}

/** Of different users, by one statement. */
export async function raiseSeen(
  runner: SqlRunner,
  seen: readonly { readonly user: string; readonly at: number }[],
): Promise<{ readonly affectedRows: number; readonly gtid: string | null }> {
  const rows = seen.map((_, index) => (index === 0 ? 'SELECT ? AS user, ? AS at' : 'SELECT ?, ?'));
  return await runner.run(
    `INSERT INTO person (user, last_seen)
     SELECT users.id, seen.at FROM (${rows.join(' UNION ALL ')}) AS seen JOIN users ON users.id = seen.user
     ON DUPLICATE KEY UPDATE last_seen = GREATEST(last_seen, VALUES(last_seen))`,
    seen.flatMap(({ user, at }) => [user, at]),
    { prepared: false },
  );
}

export async function readWithoutReceipts(runner: SqlRunner, users: readonly string[]): Promise<readonly string[]> {
  if (users.length === 0) return [];
  const rows = await runner.rows<{ readonly user: Uint8Array }>(
    `SELECT user FROM person WHERE receipts = 0 AND user IN (${users.map(() => '?').join(', ')})`,
    users,
    { prepared: false },
  );
  return rows.map(({ user }) => text(user));
}
