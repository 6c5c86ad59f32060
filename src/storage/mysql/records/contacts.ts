/**
 * Contacts and blocks. What is between two users is a row for each of them, written together.
 *
 * Who changes something between two users takes the rows of both in `users` first, in the order of ids: two who ask each
 * other at once would each wait for the other.
 */
import { StorageFault } from '../../ports/faults.ts';
import type { ContactRecord, ContactRequest, ContactState, Profile, RequestOutcome } from '../../ports/people.ts';
import type { SqlRunner } from '../connection.ts';
import { PROFILE, type ProfileRow, profileOf } from './profiles.ts';
import { text } from './text.ts';

interface ContactRow extends ProfileRow {
  readonly state: ContactState;
  readonly note: string;
  readonly at: number;
}
type Id = { readonly id: Uint8Array };

const CONTACT = `
  SELECT state, note, at, ${PROFILE}
  FROM contact JOIN users ON users.id = other LEFT JOIN person ON person.user = other WHERE contact.user = ?`;

export async function lockBoth(tx: SqlRunner, a: string, b: string): Promise<void> {
  await tx.rows('SELECT id FROM users WHERE id IN (?, ?) ORDER BY id FOR UPDATE', [a, b]);
}

export async function mustExist(tx: SqlRunner, a: string, b: string): Promise<void> {
  const found = await tx.rows('SELECT id FROM users WHERE id IN (?, ?)', [a, b]);
  if (found.length < new Set([a, b]).size) throw new StorageFault('refused', 'there is no such user');
}

export async function requestContact(
  tx: SqlRunner,
  { from, to, note, at, maxContacts }: ContactRequest,
): Promise<RequestOutcome> {
  if (await hasBlocked(tx, to, from)) return 'blocked';
  const state = await stateOf(tx, from, to);
  if (state === 'incoming') {
    await acceptBoth(tx, from, to, at);
    return 'accepted';
  }
  if (state !== undefined) return 'known';
  for (const user of [from, to]) if ((await count(tx, 'contact', user)) >= maxContacts) return 'full';
  await tx.run('INSERT INTO contact (user, other, state, note, at) VALUES (?, ?, ?, ?, ?), (?, ?, ?, ?, ?)', [
    ...[from, to, 'outgoing', note, at],
    ...[to, from, 'incoming', note, at],
  ]);
  return 'asked';
}

export async function acceptContact(
  tx: SqlRunner,
  user: string,
  other: string,
  at: number,
): Promise<'accepted' | 'none' | 'blocked'> {
  if ((await stateOf(tx, user, other)) !== 'incoming') return 'none';
  if (await hasBlocked(tx, other, user)) return 'blocked';
  await acceptBoth(tx, user, other, at);
  return 'accepted';
}

export async function endContact(tx: SqlRunner, user: string, other: string, state: ContactState): Promise<boolean> {
  if ((await stateOf(tx, user, other)) !== state) return false;
  const both = [user, other, other, user];
  await tx.run('DELETE FROM contact WHERE (user = ? AND other = ?) OR (user = ? AND other = ?)', both);
  return true;
}

export async function readContact(runner: SqlRunner, user: string, other: string): Promise<ContactRecord | null> {
  const [row] = await runner.rows<ContactRow>(`${CONTACT} AND other = ?`, [user, other]);
  return row === undefined ? null : contactOf(row);
}

export async function readContacts(
  runner: SqlRunner,
  user: string,
  after: string,
  state: ContactState | null,
  limit: number,
): Promise<readonly ContactRecord[]> {
  const ofState = state === null ? '' : 'AND state = ?';
  const rows = await runner.rows<ContactRow>(
    `${CONTACT} AND other > ? ${ofState} ORDER BY other LIMIT ${limit}`,
    [user, after, ...(state === null ? [] : [state])],
    { prepared: false },
  );
  return rows.map(contactOf);
}

export async function readAccepted(runner: SqlRunner, user: string): Promise<readonly string[]> {
  return ids(await runner.rows<Id>("SELECT other AS id FROM contact WHERE user = ? AND state = 'accepted'", [user]));
}

export async function insertBlock(
  tx: SqlRunner,
  user: string,
  other: string,
  at: number,
  maxBlocks: number,
): Promise<'blocked' | 'full'> {
  if (await hasBlocked(tx, user, other)) return 'blocked';
  if ((await count(tx, 'user_block', user)) >= maxBlocks) return 'full';
  await tx.run('INSERT INTO user_block (user, blocked, at) VALUES (?, ?, ?)', [user, other, at]);
  return 'blocked';
}

/** False where there was none. */
export async function deleteBlock(tx: SqlRunner, user: string, other: string): Promise<boolean> {
  const { affectedRows } = await tx.run('DELETE FROM user_block WHERE user = ? AND blocked = ?', [user, other]);
  return affectedRows > 0;
}

export async function readBlocks(
  runner: SqlRunner,
  user: string,
  after: string,
  limit: number,
): Promise<readonly Profile[]> {
  const rows = await runner.rows<ProfileRow>(
    `SELECT ${PROFILE} FROM user_block JOIN users ON users.id = blocked LEFT JOIN person ON person.user = blocked
     WHERE user_block.user = ? AND blocked > ? ORDER BY blocked LIMIT ${limit}`,
    [user, after],
    { prepared: false },
  );
  return rows.map(profileOf);
}

export async function readBlockersBetween(runner: SqlRunner, a: string, b: string): Promise<readonly string[]> {
  const blockers: string[] = [];
  if (await hasBlocked(runner, a, b)) blockers.push(a);
  if (await hasBlocked(runner, b, a)) blockers.push(b);
  return blockers;
}

export async function readBlockedBy(runner: SqlRunner, user: string): Promise<readonly string[]> {
  return ids(await runner.rows<Id>('SELECT blocked AS id FROM user_block WHERE user = ?', [user]));
}

async function hasBlocked(runner: SqlRunner, user: string, other: string): Promise<boolean> {
  const rows = await runner.rows('SELECT 1 FROM user_block WHERE user = ? AND blocked = ?', [user, other]);
  return rows.length > 0;
}

async function stateOf(tx: SqlRunner, user: string, other: string): Promise<ContactState | undefined> {
  const [row] = await tx.rows<{ readonly state: ContactState }>(
    'SELECT state FROM contact WHERE user = ? AND other = ?',
    [user, other],
  );
  return row?.state;
}

async function count(tx: SqlRunner, table: 'contact' | 'user_block', user: string): Promise<number> {
  const [row] = await tx.rows<{ readonly count: number }>(`SELECT COUNT(*) AS count FROM ${table} WHERE user = ?`, [
    user,
  ]);
  return Number(row?.count ?? 0);
}

async function acceptBoth(tx: SqlRunner, a: string, b: string, at: number): Promise<void> {
  await tx.run("UPDATE contact SET state = 'accepted', at = ? WHERE user = ? AND other = ?", [at, a, b]);
  await tx.run("UPDATE contact SET state = 'accepted', at = ? WHERE user = ? AND other = ?", [at, b, a]);
}

function contactOf({ state, note, at, ...other }: ContactRow): ContactRecord {
  return { other: profileOf(other), state, note, at };
}

function ids(rows: readonly Id[]): readonly string[] {
  return rows.map(({ id }) => text(id));
}
