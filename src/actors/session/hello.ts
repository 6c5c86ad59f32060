/** Hello: from a token to a session that has its rooms and gets what it missed. */

import { checkCall } from '../../protocol/calls.ts';
import { type Fault, fault, toWireFault } from '../../protocol/faults.ts';
import { encodeResult } from '../../protocol/frames/rpc.ts';
import { LIMITS } from '../../protocol/limits.ts';
import type { HelloParams, ResumePosition } from '../../protocol/types.ts';
import type { Reply } from '../../runtime/reply.ts';
import type { RoomView } from '../room/messages.ts';
import { userIdOfToken } from '../token.ts';
import { type AttachedSession, userKind } from '../user/messages.ts';
import type { Claim, Conversation } from './conversation.ts';
import { ROOMS_PER_PAGE, summaryOf } from './room-shapes.ts';
import type { ClientPosition } from './rooms.ts';

const DEADLINE_MS = 8_000;
const BAD_TOKEN = fault('unauthenticated', 'the token is not valid');

export function sayHello(session: Conversation, id: number, params: unknown, refuse: (reason: Fault) => void): void {
  const check = checkCall('hello', params);
  if (!check.ok) return refuse(check.fault);
  const hello = check.call.params as HelloParams;
  const user = userIdOfToken(hello.token);
  if (user === undefined) return refuse(BAD_TOKEN);
  session.claim = { user, tokenHash: session.options.hashToken(hello.token) };
  attachClaim(session, session.claim, (reply) => {
    if (!reply.ok) refuse(toWireFault(reply.fault));
    else enterRooms(session, id, reply.value, hello.resume ?? {});
  });
}

/** Makes the session known to the user's actor, who says whether the token is valid. */
export function attachClaim(
  { context, socket }: Conversation,
  { user, tokenHash }: Claim,
  onReply: (reply: Reply<AttachedSession>) => void,
): void {
  const attach = { type: 'attach', session: { thread: context.thread, socket }, tokenHash } as const;
  context.ask(context.ref(userKind, user), attach, DEADLINE_MS, onReply);
}

/** All rooms at once; those that cannot be entered now are entered again later, and announced then. */
function enterRooms(
  session: Conversation,
  id: number,
  { identity, rooms }: AttachedSession,
  resume: Readonly<Record<string, ResumePosition>>,
): void {
  session.identified(identity);
  session.rooms.enterAll(rooms, () => {
    const entered = session.rooms.sorted();
    const page = entered.slice(0, ROOMS_PER_PAGE);
    const last = page.at(-1);
    session.answer(
      encodeResult<'hello'>(id, {
        session: session.context.self.id.replace('.', '-'),
        user: identity.user,
        heartbeatMs: LIMITS.heartbeatMs,
        rooms: page.map(summaryOf),
        ...(last !== undefined && page.length < entered.length ? { cursor: last.room } : {}),
      }),
    );
    session.flush();
    for (const view of entered) session.rooms.start(view.room, resumePoint(view, resume[view.room]));
    session.greeted();
  });
}

/** A position of another incarnation of the room means nothing: the client reloads the room. */
function resumePoint(view: RoomView, position: ResumePosition | undefined): ClientPosition {
  if (position === undefined) return view;
  if (typeof position === 'number') return { seq: Math.min(position, view.seq) };
  const [seq, change, log] = position;
  return log === view.log ? { seq: Math.min(seq, view.seq), change: Math.min(change, view.change) } : view;
}
