/** Contacts and blocks. What is between two users is a row for each of them, written together. */
import type { Database, Statement } from 'bun:sqlite';
import type { ContactRecord, ContactRequest, ContactState, Profile, RequestOutcome } from '../../ports/people.ts';
import { PROFILE } from './profiles.ts';

interface ContactRow extends Profile {
  readonly state: ContactState;
  readonly note: string;
  readonly at: number;
}
type Id = { readonly id: string };
type Count = { readonly count: number };

const CONTACT = `
  SELECT state, note, at, ${PROFILE}
  FROM contact JOIN users ON users.id = other LEFT JOIN person ON person.user = other WHERE contact.user = ?1`;

export class Contacts {
  readonly #state: Statement<{ readonly state: ContactState }, [string, string]>;
  readonly #count: Statement<Count, [string]>;
  readonly #insert: Statement<unknown, [string, string, ContactState, string, number]>;
  readonly #accept: Statement<unknown, [string, string, number]>;
  readonly #delete: Statement<unknown, [string, string]>;
  readonly #one: Statement<ContactRow, [string, string]>;
  readonly #list: Statement<ContactRow, [string, string, string | null, number]>;
  readonly #accepted: Statement<Id, [string]>;
  readonly #isBlocked: Statement<unknown, [string, string]>;
  readonly #countBlocks: Statement<Count, [string]>;
  readonly #insertBlock: Statement<unknown, [string, string, number]>;
  readonly #deleteBlock: Statement<unknown, [string, string]>;
  readonly #blocks: Statement<Profile, [string, string, number]>;
  readonly #blockedBy: Statement<Id, [string]>;

  constructor(db: Database) {
    this.#state = db.prepare('SELECT state FROM contact WHERE user = ? AND other = ?');
    this.#count = db.prepare('SELECT count(*) AS count FROM contact WHERE user = ?');
    this.#insert = db.prepare('INSERT INTO contact VALUES (?, ?, ?, ?, ?)');
    this.#accept = db.prepare(`UPDATE contact SET state = 'accepted', at = ?3 WHERE user = ?1 AND other = ?2`);
    this.#delete = db.prepare('DELETE FROM contact WHERE user = ? AND other = ?');
    this.#one = db.prepare(`${CONTACT} AND other = ?2`);
    this.#list = db.prepare(`${CONTACT} AND other > ?2 AND state = ifnull(?3, state) ORDER BY other LIMIT ?4`);
    this.#accepted = db.prepare(`SELECT other AS id FROM contact WHERE user = ? AND state = 'accepted'`);
    this.#isBlocked = db.prepare('SELECT 1 FROM user_block WHERE user = ? AND blocked = ?');
    this.#countBlocks = db.prepare('SELECT count(*) AS count FROM user_block WHERE user = ?');
    this.#insertBlock = db.prepare('INSERT INTO user_block VALUES (?, ?, ?)');
    this.#deleteBlock = db.prepare('DELETE FROM user_block WHERE user = ? AND blocked = ?');
    this.#blocks = db.prepare(`
      SELECT ${PROFILE} FROM user_block JOIN users ON users.id = blocked LEFT JOIN person ON person.user = blocked
      WHERE user_block.user = ? AND blocked > ? ORDER BY blocked LIMIT ?`);
    this.#blockedBy = db.prepare('SELECT blocked AS id FROM user_block WHERE user = ?');
  }

  request({ from, to, note, at, maxContacts }: ContactRequest): RequestOutcome {
    if (this.#hasBlocked(to, from)) return 'blocked';
    const state = this.#state.get(from, to)?.state;
    if (state === 'incoming') {
      this.#acceptBoth(from, to, at);
      return 'accepted';
    }
    if (state !== undefined) return 'known';
    for (const user of [from, to]) if ((this.#count.get(user)?.count ?? 0) >= maxContacts) return 'full';
    this.#insert.run(from, to, 'outgoing', note, at);
    this.#insert.run(to, from, 'incoming', note, at);
    return 'asked';
  }

  accept(user: string, other: string, at: number): 'accepted' | 'none' | 'blocked' {
    if (this.#state.get(user, other)?.state !== 'incoming') return 'none';
    if (this.#hasBlocked(other, user)) return 'blocked';
    this.#acceptBoth(user, other, at);
    return 'accepted';
  }

  end(user: string, other: string, state: ContactState): boolean {
    if (this.#state.get(user, other)?.state !== state) return false;
    this.#delete.run(user, other);
    this.#delete.run(other, user);
    return true;
  }

  one(user: string, other: string): ContactRecord | null {
    const row = this.#one.get(user, other);
    return row === null ? null : contactOf(row);
  }

  list(user: string, after: string, state: ContactState | null, limit: number): readonly ContactRecord[] {
    return this.#list.all(user, after, state, limit).map(contactOf);
  }

  acceptedOf(user: string): readonly string[] {
    return this.#accepted.all(user).map(({ id }) => id);
  }

  block(user: string, other: string, at: number, maxBlocks: number): 'blocked' | 'full' {
    if (this.#hasBlocked(user, other)) return 'blocked';
    if ((this.#countBlocks.get(user)?.count ?? 0) >= maxBlocks) return 'full';
    this.#insertBlock.run(user, other, at);
    return 'blocked';
  }

  unblock(user: string, other: string): void {
    this.#deleteBlock.run(user, other);
  }

  blocks(user: string, after: string, limit: number): readonly Profile[] {
    return this.#blocks.all(user, after, limit);
  }

  blockersBetween(a: string, b: string): readonly string[] {
    return [a, b].filter((user) => this.#hasBlocked(user, user === a ? b : a));
  }

  blockedBy(user: string): readonly string[] {
    return this.#blockedBy.all(user).map(({ id }) => id);
  }

  #hasBlocked(user: string, other: string): boolean {
    return this.#isBlocked.get(user, other) !== null;
  }

  #acceptBoth(a: string, b: string, at: number): void {
    this.#accept.run(a, b, at);
    this.#accept.run(b, a, at);
  }
}

function contactOf({ state, note, at, ...other }: ContactRow): ContactRecord {
  return { other, state, note, at };
}
