/** `messages.*`. */
import { fault } from '../../../protocol/faults.ts';
import { encodeHistoryResult, encodePostResult } from '../../../protocol/frames/message.ts';
import { encodeResult } from '../../../protocol/frames/rpc.ts';
import { LIMITS } from '../../../protocol/limits.ts';
import type { ParamsOf } from '../../../protocol/types.ts';
import { roomKind } from '../../room/messages.ts';
import type { Conversation } from '../conversation.ts';
import { ASK_DEADLINE_MS, askRoom, me } from './asking.ts';

/** Pages of one socket that may be on their way: together they fit what a socket may have waiting. */
const MAX_HISTORIES = 8;
const TOO_MANY_HISTORIES = fault('overloaded', 'too many pages of history are on their way', 100);

export function post(session: Conversation, id: number, params: ParamsOf<'messages.post'>): void {
  const { room, nonce, body, replyTo, mentions, files } = params;
  if (files !== undefined && files.length > 0) {
    return session.refuse(id, fault('unsupported', 'files cannot be posted yet'));
  }
  const { ref, run } = session.rooms.target(room);
  const place = run.begin();
  if (place < 0) {
    return session.refuse(id, fault('unavailable', 'an earlier post to this room was refused; repeat in order', 50));
  }
  const message = {
    type: 'post',
    user: me(session).id,
    session: session.context.self.id,
    run: run.run,
    place,
    nonce,
    body,
    ...(replyTo === undefined ? {} : { replyTo }),
    ...(mentions === undefined ? {} : { mentions }),
  } as const;
  session.context.ask(ref, message, ASK_DEADLINE_MS, (reply) => {
    run.end(!reply.ok && reply.fault.retryAfter !== undefined);
    if (reply.ok) session.answer(encodePostResult(id, reply.value.seq, reply.value.at));
    else session.refuse(id, reply.fault);
  });
}

export function history(session: Conversation, id: number, params: ParamsOf<'messages.history'>): void {
  const { room, before, after, limit = LIMITS.defaultHistoryMessages } = params;
  if (before !== undefined && after !== undefined) {
    return session.refuse(id, fault('invalid', 'params: either before or after'));
  }
  if (session.historiesInFlight >= MAX_HISTORIES) return session.refuse(id, TOO_MANY_HISTORIES);
  session.historiesInFlight += 1;
  const bounds = { ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
  const query = { type: 'history', user: me(session).id, ...bounds, limit } as const;
  session.context.ask(session.context.ref(roomKind, room), query, ASK_DEADLINE_MS, (reply) => {
    session.historiesInFlight -= 1;
    if (!reply.ok) session.refuse(id, reply.fault);
    else session.answer(encodeHistoryResult(id, reply.value.frames, reply.value.more, reply.value.change));
  });
}

export function markRead(session: Conversation, id: number, { room, seq }: ParamsOf<'messages.read'>): void {
  askRoom(session, id, room, { type: 'mark-read', user: me(session).id, seq }, () => {
    session.answer(encodeResult<'messages.read'>(id, {}));
  });
}
