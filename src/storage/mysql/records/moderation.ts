/** Standings, reports and the log of actions on MySQL. All of it is read from the primary. */
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
import { isDuplicate } from '../faults.ts';
import type { MysqlServers } from '../mysql-servers.ts';
import type { SqlTransaction } from '../transaction.ts';
import { AnnouncedAccess, userKey } from './announced-access.ts';
import { appendAudit } from './audit.ts';
import { addNames } from './names.ts';
import { addRevocations } from './revocations.ts';
import { text } from './text.ts';

interface StandingRow extends Omit<Standing, 'admin' | 'bot'> {
  readonly admin: number;
  readonly bot: number;
}

interface ReportRow extends Omit<Report, 'reporter' | 'user' | 'room' | 'resolvedBy'> {
  readonly reporter: Uint8Array;
  readonly user: Uint8Array;
  readonly room: Uint8Array;
  readonly resolvedBy: Uint8Array;
}

interface AuditRow extends Omit<AuditEntry, 'actor' | 'target'> {
  readonly actor: Uint8Array;
  readonly target: Uint8Array;
}

const STANDING = 'admin, bot, suspended_until AS suspendedUntil, reason, deleted_at AS deletedAt';

/** What people are told of a user, and what the user has noted of others. */
const FORGET_PERSON = [
  'DELETE FROM person_name WHERE user = ?',
  'DELETE FROM person WHERE user = ?',
  'DELETE FROM contact WHERE user = ?',
  'DELETE FROM contact WHERE other = ?',
  'DELETE FROM user_block WHERE user = ?',
  'DELETE FROM user_block WHERE blocked = ?',
];

export class MysqlModeration implements Moderation {
  readonly #primary: MysqlServers['primary'];
  readonly #access: AnnouncedAccess;

  /** The servers stay the caller's to close; their schema has to be the newest. */
  constructor(servers: MysqlServers) {
    this.#primary = servers.primary;
    this.#access = new AnnouncedAccess(servers);
  }

  async standing(user: string): Promise<Standing> {
    const [row] = await this.#primary.rows<StandingRow>(`SELECT ${STANDING} FROM user_standing WHERE user_id = ?`, [
      user,
    ]);
    if (row === undefined) return PLAIN;
    const { suspendedUntil, reason, deletedAt } = row;
    return { admin: row.admin === 1, bot: row.bot === 1, suspendedUntil, reason, deletedAt };
  }

  setAdmin(user: string, admin: boolean, audit: NewAudit): Promise<boolean> {
    return this.#primary.transaction(async (tx) => {
      await requireUser(tx, user);
      const { affectedRows } = await tx.run('UPDATE user_standing SET admin = ? WHERE user_id = ? AND admin <> ?', [
        Number(admin),
        user,
        Number(admin),
      ]);
      if (affectedRows > 0) await appendAudit(tx, audit);
      return affectedRows > 0;
    });
  }

  suspend(user: string, until: number, reason: string, audit: NewAudit): Promise<readonly string[]> {
    return this.#primary.transaction(async (tx) => {
      await requireUser(tx, user);
      await tx.run('UPDATE user_standing SET suspended_until = ?, reason = ? WHERE user_id = ?', [until, reason, user]);
      await appendAudit(tx, audit);
      return await endTokens(tx, user);
    });
  }

  lift(user: string, audit: NewAudit): Promise<boolean> {
    return this.#primary.transaction(async (tx) => {
      const { affectedRows } = await tx.run(
        "UPDATE user_standing SET suspended_until = 0, reason = '' WHERE user_id = ? AND suspended_until > 0",
        [user],
      );
      if (affectedRows > 0) await appendAudit(tx, audit);
      return affectedRows > 0;
    });
  }

  async createBot({ id, username, passwordHash, createdAt }: BotRecord, audit: NewAudit): Promise<boolean> {
    try {
      return await this.#access.write([userKey(id)], async (tx) => {
        await tx.run('INSERT INTO users (id, username, password_hash, created_at) VALUES (?, ?, ?, ?)', [
          id,
          username,
          passwordHash,
          createdAt,
        ]);
        await addNames(tx, id, searchKeysOf(username, ''));
        await tx.run('INSERT INTO user_standing (user_id, bot) VALUES (?, 1)', [id]);
        await appendAudit(tx, audit);
        return true;
      });
    } catch (error) {
      if (isDuplicate(error, 'username')) return false;
      throw error;
    }
  }

  deleteAccount(user: string, audit: NewAudit): Promise<readonly string[]> {
    return this.#access.writing([userKey(user)], async (tx) => {
      await requireUser(tx, user);
      const { affectedRows } = await tx.run(
        'UPDATE user_standing SET deleted_at = ?, admin = 0 WHERE user_id = ? AND deleted_at = 0',
        [audit.at, user],
      );
      if (affectedRows === 0) return [];
      const hashes = await endTokens(tx, user);
      for (const sql of FORGET_PERSON) await tx.run(sql, [user]);
      await tx.run("UPDATE users SET username = ?, password_hash = '' WHERE id = ?", [deletedName(user), user]);
      await appendAudit(tx, audit);
      return hashes;
    });
  }

  report(report: NewReport): Promise<number> {
    const { reporter, user, room, seq, reason, evidence, createdAt } = report;
    return this.#primary.transaction(async (tx) => {
      const known = await tx.rows(
        `SELECT id FROM report WHERE reporter = ? AND user = ? AND room = ? AND seq = ? AND state = 'open' FOR UPDATE`,
        [reporter, user, room, seq],
      );
      if (known.length > 0) return 0;
      await tx.run(
        `INSERT INTO report (reporter, user, room, seq, reason, evidence, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
        [reporter, user, room, seq, reason, evidence, createdAt],
      );
      const [made] = await tx.rows<{ readonly id: number }>('SELECT LAST_INSERT_ID() AS id');
      return Number(made?.id ?? 0);
    });
  }

  async openReportsOf(reporter: string): Promise<number> {
    const [row] = await this.#primary.rows<{ readonly count: number }>(
      "SELECT COUNT(*) AS count FROM report WHERE reporter = ? AND state = 'open'",
      [reporter],
    );
    return Number(row?.count ?? 0);
  }

  async reports(state: ReportState, before: number, limit: number): Promise<readonly Report[]> {
    const rows = await this.#primary.rows<ReportRow>(
      `SELECT id, reporter, user, room, seq, reason, evidence, created_at AS createdAt, state,
         resolved_by AS resolvedBy, resolved_at AS resolvedAt, note
       FROM report WHERE state = ? AND id < ? ORDER BY id DESC LIMIT ?`,
      [state, before, limit],
      { prepared: false },
    );
    return rows.map((row) => ({
      ...row,
      reporter: text(row.reporter),
      user: text(row.user),
      room: text(row.room),
      resolvedBy: text(row.resolvedBy),
      evidence: new Uint8Array(row.evidence),
    }));
  }

  resolve(id: number, note: string, audit: NewAudit): Promise<boolean> {
    return this.#primary.transaction(async (tx) => {
      const { affectedRows } = await tx.run(
        `UPDATE report SET state = 'resolved', resolved_by = ?, resolved_at = ?, note = ?
         WHERE id = ? AND state = 'open'`,
        [audit.actor, audit.at, note, id],
      );
      if (affectedRows > 0) await appendAudit(tx, audit);
      return affectedRows > 0;
    });
  }

  log(audit: NewAudit): Promise<void> {
    return appendAudit(this.#primary, audit);
  }

  async audit(before: number, limit: number): Promise<readonly AuditEntry[]> {
    const rows = await this.#primary.rows<AuditRow>(
      'SELECT id, at, actor, action, target, detail FROM audit WHERE id < ? ORDER BY id DESC LIMIT ?',
      [before, limit],
      { prepared: false },
    );
    return rows.map((row) => ({ ...row, actor: text(row.actor), target: text(row.target) }));
  }

  /** Has nothing of its own open. */
  close(): Promise<void> {
    return Promise.resolve();
  }
}

async function requireUser(tx: SqlTransaction, user: string): Promise<void> {
  // The user's row is the lock of the user's tokens too, as at a login.
  const found = await tx.rows('SELECT id FROM users WHERE id = ? FOR UPDATE', [user]);
  if (found.length === 0) throw new StorageFault('refused', 'there is no such user');
  const standing = await tx.rows('SELECT user_id FROM user_standing WHERE user_id = ?', [user]);
  if (standing.length === 0) await tx.run('INSERT INTO user_standing (user_id) VALUES (?)', [user]);
}

async function endTokens(tx: SqlTransaction, user: string): Promise<readonly string[]> {
  const held = await tx.rows<{ readonly hash: Uint8Array }>(
    'SELECT token_hash AS hash FROM user_token WHERE user_id = ? FOR UPDATE',
    [user],
  );
  await tx.run('DELETE FROM user_token WHERE user_id = ?', [user]);
  const hashes = held.map(({ hash }) => text(hash));
  await addRevocations(tx, user, hashes);
  return hashes;
}
