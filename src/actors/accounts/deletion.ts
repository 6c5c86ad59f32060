/**
 * Deleting an account: out of every room first, and then for good. Whatever is interrupted before the last step has ended
 * some memberships and nothing else, and is finished by asking again.
 */
import type { Context } from '../../runtime/context.ts';
import type { Fault, ReplyTo } from '../../runtime/reply.ts';
import { type RoomMessage, roomKind } from '../room/messages.ts';
import { askModeration } from '../storage/moderation.ts';
import { askRecords } from '../storage/records.ts';
import { userKind } from '../user/messages.ts';
import type { AccountsMessage } from './messages.ts';

const LEAVE_DEADLINE_MS = 5_000;
/** Who is asked again later; every other refusal says that there is nothing to leave. */
const PASSING: ReadonlySet<string> = new Set(['unavailable', 'overloaded', 'internal']);

export function deleteAccount(context: Context<AccountsMessage>, user: string, replyTo: ReplyTo | undefined): void {
  askRecords(context, 'membershipsOf', [user], (reply) => {
    if (!reply.ok) replyTo?.settle(undefined, reply.fault);
    else {
      const rooms = reply.value.map(({ room }) => room);
      leaveAll(context, user, rooms, (problem) => {
        if (problem === undefined) end(context, user, replyTo);
        else replyTo?.settle(undefined, problem);
      });
    }
  });
}

/** One after the other. Nobody leaves a direct room: the other side keeps it. */
function leaveAll(
  context: Context<AccountsMessage>,
  user: string,
  [room, ...rest]: readonly string[],
  done: (problem: Fault | undefined) => void,
): void {
  if (room === undefined) return done(undefined);
  const leave: Extract<RoomMessage, { readonly type: 'leave' }> = { type: 'leave', user };
  context.ask(context.ref(roomKind, room), leave, LEAVE_DEADLINE_MS, (reply) => {
    if (!reply.ok && PASSING.has(reply.fault.code)) done(reply.fault);
    else leaveAll(context, user, rest, done);
  });
}

function end(context: Context<AccountsMessage>, user: string, replyTo: ReplyTo | undefined): void {
  const audit = { at: context.wallMs(), actor: user, action: 'user.delete-account', target: user, detail: '{}' };
  askModeration(context, 'deleteAccount', [user, audit], (reply) => {
    if (!reply.ok) return replyTo?.settle(undefined, reply.fault);
    context.tell(context.ref(userKind, user), { type: 'tokens-died', hashes: reply.value });
    replyTo?.settle({}, undefined);
  });
}
