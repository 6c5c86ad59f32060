/** Filing a report: only of what the reporter may see, once for each open one, and so many of each reporter. */
import { fault } from '../../protocol/faults.ts';
import { LIMITS } from '../../protocol/limits.ts';
import type { Context } from '../../runtime/context.ts';
import type { ReplyTo } from '../../runtime/reply.ts';
import type { NewReport } from '../../storage/ports/moderation.ts';
import { roomKind } from '../room/messages.ts';
import { senderOf } from '../room/sender-of.ts';
import { askModeration } from '../storage/moderation.ts';
import { askRecords } from '../storage/records.ts';
import { refuse } from './acting.ts';
import type { DeskMessage, FileReport } from './messages.ts';

const ROOM_DEADLINE_MS = 8_000;
const TOO_MANY = fault('rate_limited', 'too many of your reports wait for an answer', 3_600_000);
const KNOWN = fault('conflict', 'you have reported this already');
const NO_SUCH_MESSAGE = fault('not_found', 'there is no such message');
const NO_SUCH_USER = fault('not_found', 'there is no such user');

export function fileReport(context: Context<DeskMessage>, message: FileReport, replyTo: ReplyTo | undefined): void {
  askModeration(context, 'openReportsOf', [message.by], (reply) => {
    if (!reply.ok) refuse(replyTo, reply.fault);
    else if (reply.value >= LIMITS.maxOpenReports) refuse(replyTo, TOO_MANY);
    else if ('user' in message.about) ofUser(context, message, message.about.user, replyTo);
    else ofMessage(context, message, message.about, replyTo);
  });
}

function ofUser(context: Context<DeskMessage>, message: FileReport, user: string, replyTo: ReplyTo | undefined): void {
  askRecords(context, 'usersById', [[user]], (reply) => {
    if (!reply.ok) refuse(replyTo, reply.fault);
    else if (reply.value.length === 0) refuse(replyTo, NO_SUCH_USER);
    else store(context, message, { user, room: '', seq: 0, evidence: new Uint8Array() }, replyTo);
  });
}

/** The room says whether the reporter may read the message, and gives it. */
function ofMessage(
  context: Context<DeskMessage>,
  message: FileReport,
  { room, seq }: { readonly room: string; readonly seq: number },
  replyTo: ReplyTo | undefined,
): void {
  const query = { type: 'history', user: message.by, after: seq - 1, limit: 1 } as const;
  context.ask(context.ref(roomKind, room), query, ROOM_DEADLINE_MS, (reply) => {
    if (!reply.ok) return refuse(replyTo, reply.fault);
    const { frames, firstSeq } = reply.value;
    const [evidence] = frames;
    if (evidence === undefined || firstSeq !== seq) return refuse(replyTo, NO_SUCH_MESSAGE);
    store(context, message, { user: senderOf(evidence), room, seq, evidence }, replyTo);
  });
}

function store(
  context: Context<DeskMessage>,
  { by, reason }: FileReport,
  about: Pick<NewReport, 'user' | 'room' | 'seq' | 'evidence'>,
  replyTo: ReplyTo | undefined,
): void {
  const report = { reporter: by, reason, createdAt: context.wallMs(), ...about };
  askModeration(context, 'report', [report], (reply) => {
    if (!reply.ok) refuse(replyTo, reply.fault);
    else if (reply.value === 0) refuse(replyTo, KNOWN);
    else replyTo?.settle({ id: reply.value }, undefined);
  });
}
