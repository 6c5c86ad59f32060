/** `messages.*`. */
import { type Fault, fault } from '../../../protocol/faults.ts';
import { encodeHistoryResult, encodePostResult } from '../../../protocol/frames/message.ts';
import { encodeResult } from '../../../protocol/frames/rpc.ts';
import { LIMITS } from '../../../protocol/limits.ts';
import type { Message, ParamsOf } from '../../../protocol/types.ts';
import { roomKind } from '../../room/messages.ts';
import type { Conversation } from '../conversation.ts';
import type { PostTarget } from '../rooms.ts';
import { ASK_DEADLINE_MS, askRoom, me } from './asking.ts';
import { grantFiles } from './files.ts';
import { historyAround } from './history-around.ts';
import { MAX_HISTORIES, TOO_MANY_HISTORIES } from './history-limits.ts';

const OUT_OF_ORDER = fault('unavailable', 'an earlier post to this room was refused; repeat in order', 50);

export function post(session: Conversation, id: number, params: ParamsOf<'messages.post'>): void {
  postContent(session, id, params);
}

/** What is posted: what the user says, or a copy. */
type Content = ParamsOf<'messages.post'> & { readonly forwarded?: NonNullable<Message['forwarded']> };

export function postContent(session: Conversation, id: number, params: Content): void {
  const target = session.rooms.target(params.room);
  const { line } = target;
  const files = params.files?.length ? { ...params, files: params.files } : undefined;
  if (files === undefined && line.idle) return send(session, id, params, target);
  const entered = line.enter({
    go(next) {
      const go = (refusal: Fault | undefined): void => {
        if (refusal === undefined) send(session, id, params, target);
        else session.refuse(id, refusal);
        next(refusal?.retryAfter !== undefined);
      };
      if (files === undefined) go(undefined);
      else grantFiles(session, files, go);
    },
    refuse: () => session.refuse(id, OUT_OF_ORDER),
  });
  if (!entered) session.refuse(id, OUT_OF_ORDER);
}

function send(
  session: Conversation,
  id: number,
  { nonce, body, replyTo, mentions, mentionAll, files, forwarded }: Content,
  { ref, run }: PostTarget,
): void {
  const place = run.begin();
  if (place < 0) return session.refuse(id, OUT_OF_ORDER);
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
    ...(mentionAll === true ? { mentionAll } : {}),
    ...(files?.length ? { files } : {}),
    ...(forwarded === undefined ? {} : { forwarded }),
  } as const;
  session.context.ask(ref, message, ASK_DEADLINE_MS, (reply) => {
    run.end(!reply.ok && reply.fault.retryAfter !== undefined);
    if (reply.ok) session.answer(encodePostResult(id, reply.value.seq, reply.value.at));
    else session.refuse(id, reply.fault);
  });
}

export function history(session: Conversation, id: number, params: ParamsOf<'messages.history'>): void {
  const { room, before, after, around, limit = LIMITS.defaultHistoryMessages } = params;
  if (around !== undefined) return historyAround(session, id, params, around);
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
