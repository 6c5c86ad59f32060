/** Standings, reports and the log of actions, in the file of the records. */
import type { Database, Statement } from 'bun:sqlite';
import { StorageFault } from '../../ports/faults.ts';
import {
  type AuditEntry,
  type BotRecord,
  deletedName,
  type Moderation,
  type NewAudit,
  type NewReport,
  PLAIN,
  type Report,
  type ReportState,
  type Standing,
} from '../../ports/moderation.ts';
import { searchKeysOf } from '../../ports/people.ts';
import { guarded } from '../faults.ts';
import { Names } from './names.ts';
import { Revocations } from './revocations.ts';

interface StandingRow extends Omit<Standing, 'admin' | 'bot'> {
  readonly admin: number;
  readonly bot: number;
}

const STANDING = `admin, bot, suspended_until AS suspendedUntil, reason, deleted_at AS deletedAt`;
const REPORT = `id, reporter, user, room, seq, reason, evidence, created_at AS createdAt, state,
  resolved_by AS resolvedBy, resolved_at AS resolvedAt, note`;

/** What people are told of a user, and what the user has noted of others. */
const FORGET_PERSON = [
  'DELETE FROM person_name WHERE user = ?',
  'DELETE FROM person WHERE user = ?',
  'DELETE FROM contact WHERE user = ?1 OR other = ?1',
  'DELETE FROM user_block WHERE user = ?1 OR blocked = ?1',
];

export class SqliteModeration implements Moderation {
  readonly #db: Database;
  readonly #revocations: Revocations;
  readonly #names: Names;
  readonly #standing: Statement<StandingRow, [string]>;
  readonly #hasUser: Statement<unknown, [string]>;
  readonly #ensure: Statement<unknown, [string]>;
  readonly #insertAudit: Statement<unknown, [number, string, string, string, string]>;

  /** On the connection of the records, which closes it. */
  constructor(db: Database) {
    this.#db = db;
    this.#revocations = new Revocations(db);
    this.#names = new Names(db);
    this.#standing = db.prepare(`SELECT ${STANDING} FROM user_standing WHERE user_id = ?`);
    this.#hasUser = db.prepare('SELECT 1 FROM users WHERE id = ?');
    this.#ensure = db.prepare('INSERT INTO user_standing (user_id) VALUES (?) ON CONFLICT DO NOTHING');
    this.#insertAudit = db.prepare('INSERT INTO audit (at, actor, action, target, detail) VALUES (?, ?, ?, ?, ?)');
  }

  standing(user: string): Standing {
    return guarded('read a standing', () => {
      const row = this.#standing.get(user);
      return row === null ? PLAIN : { ...row, admin: row.admin === 1, bot: row.bot === 1 };
    });
  }

  setAdmin(user: string, admin: boolean, audit: NewAudit): boolean {
    return this.#acting('set an administrator', () => {
      this.#require(user);
      const { changes } = this.#db
        .query('UPDATE user_standing SET admin = ?2 WHERE user_id = ?1 AND admin <> ?2')
        .run(user, Number(admin));
      if (changes > 0) this.#append(audit);
      return changes > 0;
    });
  }

  suspend(user: string, until: number, reason: string, audit: NewAudit): readonly string[] {
    return this.#acting('suspend a user', () => {
      this.#require(user);
      this.#db
        .query('UPDATE user_standing SET suspended_until = ?2, reason = ?3 WHERE user_id = ?1')
        .run(user, until, reason);
      this.#append(audit);
      return this.#endTokens(user);
    });
  }

  lift(user: string, audit: NewAudit): boolean {
    return this.#acting('lift a suspension', () => {
      const { changes } = this.#db
        .query("UPDATE user_standing SET suspended_until = 0, reason = '' WHERE user_id = ? AND suspended_until > 0")
        .run(user);
      if (changes > 0) this.#append(audit);
      return changes > 0;
    });
  }

  createBot({ id, username, passwordHash, createdAt }: BotRecord, audit: NewAudit): boolean {
    return this.#acting('create a bot', () => {
      const { changes } = this.#db
        .query(
          `INSERT INTO users (id, username, password_hash, created_at) VALUES (?, ?, ?, ?)
           ON CONFLICT (username) DO NOTHING`,
        )
        .run(id, username, passwordHash, createdAt);
      if (changes === 0) return false;
      this.#names.replace(id, searchKeysOf(username, ''));
      this.#db.query('INSERT INTO user_standing (user_id, bot) VALUES (?, 1)').run(id);
      this.#append(audit);
      return true;
    });
  }

  deleteAccount(user: string, audit: NewAudit): readonly string[] {
    return this.#acting('delete an account', () => {
      this.#require(user);
      const { changes } = this.#db
        .query('UPDATE user_standing SET deleted_at = ?2, admin = 0 WHERE user_id = ?1 AND deleted_at = 0')
        .run(user, audit.at);
      if (changes === 0) return [];
      const hashes = this.#endTokens(user);
      for (const sql of FORGET_PERSON) this.#db.query(sql).run(user);
      // The owner's name stands with each of their files too: the two agree again when this commits.
      this.#db.run('PRAGMA defer_foreign_keys = ON');
      this.#db.query('UPDATE user_file SET username = ?2 WHERE user_id = ?1').run(user, deletedName(user));
      this.#db.query("UPDATE users SET username = ?2, password_hash = '' WHERE id = ?1").run(user, deletedName(user));
      this.#append(audit);
      return hashes;
    });
  }

  report(report: NewReport): number {
    return this.#acting('store a report', () => {
      const { reporter, user, room, seq, reason, evidence, createdAt } = report;
      const { changes, lastInsertRowid } = this.#db
        .query(
          `INSERT INTO report (reporter, user, room, seq, reason, evidence, created_at)
           SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 WHERE NOT EXISTS (
             SELECT 1 FROM report WHERE reporter = ?1 AND user = ?2 AND room = ?3 AND seq = ?4 AND state = 'open')`,
        )
        .run(reporter, user, room, seq, reason, evidence, createdAt);
      return changes === 0 ? 0 : Number(lastInsertRowid);
    });
  }

  openReportsOf(reporter: string): number {
    return guarded('count reports', () => {
      const row = this.#db
        .query<{ count: number }, [string]>(
          "SELECT count(*) AS count FROM report WHERE reporter = ? AND state = 'open'",
        )
        .get(reporter);
      return row?.count ?? 0;
    });
  }

  reports(state: ReportState, before: number, limit: number): readonly Report[] {
    return guarded('read reports', () =>
      this.#db
        .query<Report, [string, number, number]>(
          `SELECT ${REPORT} FROM report WHERE state = ? AND id < ? ORDER BY id DESC LIMIT ?`,
        )
        .all(state, before, limit),
    );
  }

  resolve(id: number, note: string, audit: NewAudit): boolean {
    return this.#acting('resolve a report', () => {
      const { changes } = this.#db
        .query(
          `UPDATE report SET state = 'resolved', resolved_by = ?2, resolved_at = ?3, note = ?4
           WHERE id = ?1 AND state = 'open'`,
        )
        .run(id, audit.actor, audit.at, note);
      if (changes > 0) this.#append(audit);
      return changes > 0;
    });
  }

  log(audit: NewAudit): void {
    guarded('log an action', () => this.#append(audit));
  }

  audit(before: number, limit: number): readonly AuditEntry[] {
    return guarded('read the log of actions', () =>
      this.#db
        .query<AuditEntry, [number, number]>(
          'SELECT id, at, actor, action, target, detail FROM audit WHERE id < ? ORDER BY id DESC LIMIT ?',
        )
        .all(before, limit),
    );
  }

  /** The connection is the records'. */
  close(): void {
    return;
  }

  #acting<T>(doing: string, work: () => T): T {
    return guarded(doing, () => this.#db.transaction(work).immediate());
  }

  #require(user: string): void {
    if (this.#hasUser.get(user) === null) throw new StorageFault('refused', 'there is no such user');
    this.#ensure.run(user);
  }

  #endTokens(user: string): string[] {
    const gone = this.#db
      .query<{ hash: string }, [string]>('DELETE FROM user_token WHERE user_id = ? RETURNING token_hash AS hash')
      .all(user)
      .map(({ hash }) => hash);
    this.#revocations.add(user, gone);
    return gone;
  }

  #append({ at, actor, action, target, detail }: NewAudit): void {
    this.#insertAudit.run(at, actor, action, target, detail);
  }
}
