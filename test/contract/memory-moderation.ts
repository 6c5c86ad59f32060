/** The reference model of moderation: what the port says, in the plainest form, over the model of the records. */
import { StorageFault } from '../../src/storage/ports/faults.ts';
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
} from '../../src/storage/ports/moderation.ts';
import type { MemoryRecords } from './memory-records.ts';

export class MemoryModeration implements Moderation {
  readonly #records: MemoryRecords;
  readonly #standings = new Map<string, Standing>();
  readonly #audit: AuditEntry[] = [];
  #reports: Report[] = [];

  constructor(records: MemoryRecords) {
    this.#records = records;
  }

  standing(user: string): Standing {
    return this.#standings.get(user) ?? PLAIN;
  }

  setAdmin(user: string, admin: boolean, audit: NewAudit): boolean {
    this.#require(user);
    if (this.standing(user).admin === admin) return false;
    this.#set(user, { admin });
    this.log(audit);
    return true;
  }

  suspend(user: string, until: number, reason: string, audit: NewAudit): readonly string[] {
    this.#require(user);
    this.#set(user, { suspendedUntil: until, reason });
    this.#records.bar(user, until);
    this.log(audit);
    return this.#endTokens(user);
  }

  lift(user: string, audit: NewAudit): boolean {
    if (this.standing(user).suspendedUntil === 0) return false;
    this.#set(user, { suspendedUntil: 0, reason: '' });
    this.#records.bar(user, 0);
    this.log(audit);
    return true;
  }

  createBot(bot: BotRecord, audit: NewAudit): boolean {
    if (!this.#records.createUser(bot)) return false;
    this.#set(bot.id, { bot: true });
    this.log(audit);
    return true;
  }

  deleteAccount(user: string, audit: NewAudit): readonly string[] {
    this.#require(user);
    if (this.standing(user).deletedAt > 0) return [];
    this.#set(user, { deletedAt: audit.at, admin: false });
    const hashes = this.#endTokens(user);
    this.#records.rename(user, deletedName(user));
    this.#records.bar(user, Number.POSITIVE_INFINITY);
    this.log(audit);
    return hashes;
  }

  report(report: NewReport): number {
    const same = ({ reporter, user, room, seq, state }: Report): boolean =>
      state === 'open' &&
      reporter === report.reporter &&
      user === report.user &&
      room === report.room &&
      seq === report.seq;
    if (this.#reports.some(same)) return 0;
    const id = this.#reports.length + 1;
    this.#reports.push({ ...report, id, state: 'open', resolvedBy: '', resolvedAt: 0, note: '' });
    return id;
  }

  openReportsOf(reporter: string): number {
    return this.#reports.filter((report) => report.reporter === reporter && report.state === 'open').length;
  }

  reports(state: ReportState, before: number, limit: number): readonly Report[] {
    const found = this.#reports.filter((report) => report.state === state && report.id < before);
    return found.reverse().slice(0, limit);
  }

  resolve(id: number, note: string, audit: NewAudit): boolean {
    const report = this.#reports.find((each) => each.id === id && each.state === 'open');
    if (report === undefined) return false;
    const resolved: Report = { ...report, state: 'resolved', resolvedBy: audit.actor, resolvedAt: audit.at, note };
    this.#reports = this.#reports.map((each) => (each === report ? resolved : each));
    this.log(audit);
    return true;
  }

  log(audit: NewAudit): void {
    this.#audit.push({ ...audit, id: this.#audit.length + 1 });
  }

  audit(before: number, limit: number): readonly AuditEntry[] {
    return this.#audit
      .filter(({ id }) => id < before)
      .reverse()
      .slice(0, limit);
  }

  close(): void {}

  #require(user: string): void {
    if (this.#records.userById(user) === null) throw new StorageFault('refused', 'there is no such user');
  }

  #set(user: string, change: Partial<Standing>): void {
    this.#standings.set(user, { ...this.standing(user), ...change });
  }

  #endTokens(user: string): readonly string[] {
    return this.#records.devicesOf(user).flatMap(({ device }) => this.#records.deleteDevice(user, device));
  }
}
