/** What a thread's moderation desk is asked. `by` is who asks: the id of a user, or `OPERATOR` from the command line. */
import { defineKind } from '../../runtime/kind.ts';
import type { Request } from '../../runtime/reply.ts';
import type { Hook } from '../../storage/ports/hooks.ts';
import type { AuditEntry, Report, ReportState, Standing } from '../../storage/ports/moderation.ts';
import type { DeadEvent } from '../hooks.ts';
import type { Person } from '../room/messages.ts';

/** Who acts where it is a hook that has asked for it. No user has this id. */
export const HOOKS = '~hooks';

type Done = Record<string, never>;

/** What only administrators may ask. */
export interface LookAtUser extends Request<{ readonly user: Person; readonly standing: Standing }> {
  readonly type: 'look-at-user';
  readonly by: string;
  readonly user: string;
}
export interface SetAdmin extends Request<Done> {
  readonly type: 'set-admin';
  readonly by: string;
  readonly user: string;
  readonly admin: boolean;
}
/** No token is issued to the user until then, and all that they have are dead when this is answered. */
export interface SuspendUser extends Request<Done> {
  readonly type: 'suspend-user';
  readonly by: string;
  readonly user: string;
  /** Milliseconds since the epoch. */
  readonly until: number;
  readonly reason: string;
}
export interface LiftSuspension extends Request<Done> {
  readonly type: 'lift-suspension';
  readonly by: string;
  readonly user: string;
}
export interface MakeBot extends Request<BotToken> {
  readonly type: 'make-bot';
  readonly by: string;
  readonly username: string;
}
/** A new token for a bot; the one before it dies. */
export interface RenewBot extends Request<BotToken> {
  readonly type: 'renew-bot';
  readonly by: string;
  readonly user: string;
}
export interface BotToken {
  readonly user: Person;
  readonly token: string;
  readonly expiresAt: number;
}
export interface ListReports extends Request<readonly Report[]> {
  readonly type: 'list-reports';
  readonly by: string;
  readonly state: ReportState;
  readonly before: number;
  readonly limit: number;
}
export interface ResolveReport extends Request<Done> {
  readonly type: 'resolve-report';
  readonly by: string;
  readonly id: number;
  readonly note: string;
}
export interface ReadAudit extends Request<readonly AuditEntry[]> {
  readonly type: 'read-audit';
  readonly by: string;
  readonly before: number;
  readonly limit: number;
}
/** Takes back any message of any room. */
export interface RecallMessage extends Request<{ readonly change: number }> {
  readonly type: 'recall-message';
  readonly by: string;
  readonly room: string;
  readonly seq: number;
  readonly reason: string;
}
/** Makes a hook. */
export interface AddHook extends Request<Hook> {
  readonly type: 'add-hook';
  readonly by: string;
  readonly url: string;
  readonly rooms: readonly string[];
  readonly secret: string;
}
export interface ListHooks extends Request<readonly Hook[]> {
  readonly type: 'list-hooks';
  readonly by: string;
}
export interface RemoveHook extends Request<Done> {
  readonly type: 'remove-hook';
  readonly by: string;
  readonly hook: string;
}
export interface ListDeadOfHook extends Request<readonly DeadEvent[]> {
  readonly type: 'list-dead-of-hook';
  readonly by: string;
  readonly hook: string;
}
/** Sends what is dead again: all of it, or so much as is named. */
export interface ReplayHook extends Request<{ readonly replayed: number }> {
  readonly type: 'replay-hook';
  readonly by: string;
  readonly hook: string;
  readonly events?: readonly string[];
}
export interface ReportedMessage {
  readonly room: string;
  readonly seq: number;
}
export interface ReportedUser {
  readonly user: string;
}
/** What every user may ask: says that a message of a room that they are in, or a user, is not as it should be. */
export interface FileReport extends Request<{ readonly id: number }> {
  readonly type: 'file-report';
  readonly by: string;
  readonly about: ReportedMessage | ReportedUser;
  readonly reason: string;
}

export type AdminMessage =
  | LookAtUser
  | SetAdmin
  | SuspendUser
  | LiftSuspension
  | MakeBot
  | RenewBot
  | ListReports
  | ResolveReport
  | ReadAudit
  | RecallMessage
  | AddHook
  | ListHooks
  | RemoveHook
  | ListDeadOfHook
  | ReplayHook;
export type DeskMessage = AdminMessage | FileReport;

export const deskKind = defineKind<DeskMessage>({
  name: 'moderation-desk',
  placement: 'pinned',
  mailbox: { capacity: 256, overflow: 'refuse' },
  supervision: { onFailure: 'resume' },
});

/** What a report is about, as clients say it; undefined where that is neither a message nor a user. */
export function aboutOf(params: {
  readonly room?: string;
  readonly seq?: number;
  readonly user?: string;
}): ReportedMessage | ReportedUser | undefined {
  const { room, seq, user } = params;
  if (user !== undefined) return room === undefined && seq === undefined ? { user } : undefined;
  return room === undefined || seq === undefined ? undefined : { room, seq };
}
