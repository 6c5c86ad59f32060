/**
 * What guards an engine and its people: who is an administrator, a bot, suspended or gone; what was reported; and a log of
 * every such action. Times are milliseconds since the epoch.
 *
 * *Details.* What an action changes and its entry in the log are written together or not at all. The log only grows: no
 * method changes or removes an entry. Everything is read from where it is written, never from a replica.
 */
import type { Promised } from './records.ts';

/** How a user stands with the engine. One of whom nothing is known has the plain standing: neither of all that. */
export interface Standing {
  readonly admin: boolean;
  readonly bot: boolean;
  /** Until then no token is issued; 0 where the user is not suspended. */
  readonly suspendedUntil: number;
  /** Why they are suspended; for people. */
  readonly reason: string;
  /** When the account was deleted, or 0. It does not come back. */
  readonly deletedAt: number;
}

export interface NewAudit {
  readonly at: number;
  /** Id of the user who acted, or {@link OPERATOR}. */
  readonly actor: string;
  /** `user.suspend`, `message.recall` and so on. */
  readonly action: string;
  /** Id of the user, or `room/seq` of the message; what it was done to. */
  readonly target: string;
  /** JSON with what else matters; some hundred characters. */
  readonly detail: string;
}

export interface AuditEntry extends NewAudit {
  /** Ascends with time. */
  readonly id: number;
}

export interface NewReport {
  readonly reporter: string;
  /** Whose doing it is. */
  readonly user: string;
  /** The message, where it is about one; else empty and 0. */
  readonly room: string;
  readonly seq: number;
  readonly reason: string;
  /** The message's frame as it was when it was reported; empty where it is about a user. */
  readonly evidence: Uint8Array;
  readonly createdAt: number;
}

export type ReportState = 'open' | 'resolved';

export interface Report extends NewReport {
  readonly id: number;
  readonly state: ReportState;
  /** Empty, 0 and empty until it is resolved. */
  readonly resolvedBy: string;
  readonly resolvedAt: number;
  readonly note: string;
}

export interface BotRecord {
  readonly id: string;
  readonly username: string;
  /** One that no password has. */
  readonly passwordHash: string;
  readonly createdAt: number;
}

export interface Moderation {
  standing(user: string): Promised<Standing>;
  /** False where they stand so already; then nothing is logged. `refused` where there is no such user. */
  setAdmin(user: string, admin: boolean, audit: NewAudit): Promised<boolean>;
  /** Suspends a user and ends all of their tokens; returns the hashes of these. `refused` where there is no such user. */
  suspend(user: string, until: number, reason: string, audit: NewAudit): Promised<readonly string[]>;
  /** Ends a suspension. False where there is none. */
  lift(user: string, audit: NewAudit): Promised<boolean>;
  /** Makes a user who is a bot. False where the name is taken. */
  createBot(bot: BotRecord, audit: NewAudit): Promised<boolean>;
  /**
   * Deletes an account for good: its tokens end, its name becomes {@link deletedName} and its password none. Returns the
   * hashes of the tokens; the same call again changes nothing. `refused` where there is no such user.
   */
  deleteAccount(user: string, audit: NewAudit): Promised<readonly string[]>;

  /** The id of the new report, or 0 where the same reporter has the same one open. */
  report(report: NewReport): Promised<number>;
  /** How many reports of the reporter are open. */
  openReportsOf(reporter: string): Promised<number>;
  /** Newest first, with ids below `before`. */
  reports(state: ReportState, before: number, limit: number): Promised<readonly Report[]>;
  /** False where there is no open report of this id. */
  resolve(id: number, note: string, audit: NewAudit): Promised<boolean>;

  /** Logs an action that changes nothing here. */
  log(audit: NewAudit): Promised<void>;
  /** Newest first, with ids below `before`. */
  audit(before: number, limit: number): Promised<readonly AuditEntry[]>;
  close(): Promised<void>;
}

/** Who acts where it is the operator of the engine, from the command line. No user has this id. */
export const OPERATOR = '~operator';
/** For ever: later than any time that a store would have to hold. */
export const FOREVER = Number.MAX_SAFE_INTEGER;
export const PLAIN: Standing = Object.freeze({ admin: false, bot: false, suspendedUntil: 0, reason: '', deletedAt: 0 });

/** What the name of a deleted user becomes. Nobody can register it: `~` is in no name. */
export function deletedName(user: string): string {
  return `deleted~${user}`;
}
