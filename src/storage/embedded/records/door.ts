/** Who may come into a room: bans, requests to join and links. */
import type { Database, Statement } from 'bun:sqlite';
import type { BanRecord, Candidate, JoinRequest, LinkOutcome, LinkRecord, NamedBan } from '../../ports/governance.ts';

const LIVE_LINK = 'hash = ?1 AND (expires_at = 0 OR expires_at > ?2) AND (max_uses = 0 OR uses < max_uses)';

export class DoorTables {
  readonly #db: Database;
  readonly #insertBan: Statement<unknown, [string, string, string, number, number, string]>;
  readonly #deleteBan: Statement<unknown, [string, string]>;
  readonly #bans: Statement<NamedBan, [string, string, number]>;
  readonly #banOf: Statement<BanRecord, [string, string, number]>;
  readonly #roomsOf: Statement<{ count: number }, [string]>;
  readonly #countRequests: Statement<{ count: number }, [string, string]>;
  readonly #insertRequest: Statement<unknown, [string, string, number]>;
  readonly #deleteRequest: Statement<unknown, [string, string]>;
  readonly #hasRequest: Statement<unknown, [string, string]>;
  readonly #requests: Statement<JoinRequest, [string, string, number]>;
  readonly #countLinks: Statement<{ count: number }, [string]>;
  readonly #insertLink: Statement<unknown, [string, string, string, string, number, number, number, number]>;
  readonly #links: Statement<LinkRecord, [string]>;
  readonly #deleteLink: Statement<unknown, [string, string]>;
  readonly #roomOfLink: Statement<{ room: string }, [string, number]>;
  readonly #useLink: Statement<unknown, [string, number, string]>;
  readonly #insertMember: Statement<unknown, [string, string, number, number]>;
  readonly #isMember: Statement<unknown, [string, string]>;

  constructor(db: Database) {
    this.#db = db;
    this.#insertBan = db.prepare('INSERT OR REPLACE INTO room_ban VALUES (?, ?, ?, ?, ?, ?)');
    this.#deleteBan = db.prepare('DELETE FROM room_ban WHERE room = ? AND user = ?');
    this.#bans = db.prepare(`
      SELECT user, username, banned_by AS "by", at, until, reason FROM room_ban JOIN users ON users.id = user
      WHERE room = ? AND user > ? ORDER BY user LIMIT ?`);
    this.#banOf = db.prepare(`
      SELECT user, banned_by AS "by", at, until, reason FROM room_ban
      WHERE room = ? AND user = ? AND (until = 0 OR until > ?)`);
    this.#roomsOf = db.prepare('SELECT count(*) AS count FROM room_member WHERE user = ?');
    this.#countRequests = db.prepare('SELECT count(*) AS count FROM room_request WHERE room = ? AND user <> ?');
    this.#insertRequest = db.prepare('INSERT INTO room_request VALUES (?, ?, ?) ON CONFLICT (room, user) DO NOTHING');
    this.#deleteRequest = db.prepare('DELETE FROM room_request WHERE room = ? AND user = ?');
    this.#hasRequest = db.prepare('SELECT 1 FROM room_request WHERE room = ? AND user = ?');
    this.#requests = db.prepare(`
      SELECT user, username, at FROM room_request JOIN users ON users.id = user
      WHERE room = ?1 AND user > ?2
        AND NOT EXISTS (SELECT 1 FROM room_member AS m WHERE m.room = ?1 AND m.user = room_request.user)
      ORDER BY user LIMIT ?3`);
    this.#countLinks = db.prepare('SELECT count(*) AS count FROM room_link WHERE room = ?');
    this.#insertLink = db.prepare('INSERT INTO room_link VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
    this.#links = db.prepare(`
      SELECT id, made_by AS "by", at, expires_at AS expiresAt, max_uses AS maxUses, uses
      FROM room_link WHERE room = ? ORDER BY id`);
    this.#deleteLink = db.prepare('DELETE FROM room_link WHERE room = ? AND id = ?');
    this.#roomOfLink = db.prepare(`SELECT room FROM room_link WHERE ${LIVE_LINK}`);
    this.#useLink = db.prepare(`UPDATE room_link SET uses = uses + 1 WHERE ${LIVE_LINK} AND room = ?3`);
    this.#insertMember = db.prepare(`
      INSERT INTO room_member (room, user, role, read_seq, joined_version, joined_seq)
      VALUES (?1, ?2, 'member', ?3, ?4, ?3)`);
    this.#isMember = db.prepare('SELECT 1 FROM room_member WHERE room = ? AND user = ?');
  }

  ban(room: string, { user, by, at, until, reason }: BanRecord): void {
    this.#insertBan.run(room, user, by, at, until, reason);
    this.#deleteRequest.run(room, user);
  }

  unban(room: string, user: string): boolean {
    return this.#deleteBan.run(room, user).changes > 0;
  }

  bans(room: string, after: string, limit: number): readonly NamedBan[] {
    return this.#bans.all(room, after, limit);
  }

  candidate(room: string, user: string, now: number): Candidate {
    return {
      ban: this.#banOf.get(room, user, now),
      asked: this.#hasRequest.get(room, user) !== null,
      rooms: this.roomsOf(user),
    };
  }

  roomsOf(user: string): number {
    return this.#roomsOf.get(user)?.count ?? 0;
  }

  request(room: string, user: string, at: number, max: number): boolean {
    return this.#within(() => {
      if ((this.#countRequests.get(room, user)?.count ?? 0) >= max) return false;
      this.#insertRequest.run(room, user, at);
      return true;
    });
  }

  requests(room: string, after: string, limit: number): readonly JoinRequest[] {
    return this.#requests.all(room, after, limit);
  }

  dropRequest(room: string, user: string): boolean {
    return this.#deleteRequest.run(room, user).changes > 0;
  }

  saveLink(room: string, { id, by, at, expiresAt, maxUses, uses }: LinkRecord, hash: string, max: number): boolean {
    return this.#within(() => {
      if ((this.#countLinks.get(room)?.count ?? 0) >= max) return false;
      this.#insertLink.run(id, room, hash, by, at, expiresAt, maxUses, uses);
      return true;
    });
  }

  links(room: string): readonly LinkRecord[] {
    return this.#links.all(room);
  }

  dropLink(room: string, id: string): boolean {
    return this.#deleteLink.run(room, id).changes > 0;
  }

  roomOfLink(hash: string, now: number): string | null {
    return this.#roomOfLink.get(hash, now)?.room ?? null;
  }

  /** Within a transaction of the caller. */
  joinByLink(room: string, hash: string, now: number, user: string, read: number, version: number): LinkOutcome {
    if (this.#isMember.get(room, user) !== null) return 'member';
    if (this.#useLink.run(hash, now, room).changes === 0) return 'gone';
    this.#insertMember.run(room, user, read, version);
    this.#deleteRequest.run(room, user);
    return 'joined';
  }

  /** Within a transaction of the caller. */
  clear(room: string): void {
    for (const table of ['room_mute', 'room_ban', 'room_link', 'room_request']) {
      this.#db.run(`DELETE FROM ${table} WHERE room = ?`, [room]);
    }
  }

  #within<T>(work: () => T): T {
    return this.#db.transaction(work).immediate();
  }
}
