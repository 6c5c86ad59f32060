/** `messages.edit` and whatever else is done to messages, and reading what was done. */
import { fault, toWireFault } from '../../../protocol/faults.ts';
import { encodeChangesResult } from '../../../protocol/frames/message.ts';
import { encodeResult } from '../../../protocol/frames/rpc.ts';
import { LIMITS } from '../../../protocol/limits.ts';
import type { ParamsOf } from '../../../protocol/types.ts';
import { type Change, type ChangeMessage, roomKind } from '../../room/messages.ts';
import type { Conversation } from '../conversation.ts';
import { ASK_DEADLINE_MS, askRoom, me } from './asking.ts';
import { MAX_HISTORIES, TOO_MANY_HISTORIES } from './history-limits.ts';

/** Changes keep their order among themselves; nothing that is changed can be changed before its post was answered. */
function change(
  session: Conversation,
  id: number,
  { room, seq, nonce }: { readonly room: string; readonly seq: number; readonly nonce: string },
  what: Change,
): void {
  const { ref, changes: run } = session.rooms.target(room);
  const place = run.begin();
  if (place < 0) {
    return session.refuse(id, fault('unavailable', 'an earlier change in this room was refused; repeat in order', 50));
  }
  const order = { session: session.context.self.id, run: run.run, place };
  const message: ChangeMessage = { type: 'change', ...order, nonce, seq, ...what };
  session.context.ask(ref, message, ASK_DEADLINE_MS, (reply) => {
    run.end(!reply.ok && reply.fault.retryAfter !== undefined);
    if (reply.ok) session.answer(encodeResult<'messages.edit'>(id, reply.value));
    else session.refuse(id, toWireFault(reply.fault));
  });
}

export function edit(session: Conversation, id: number, params: ParamsOf<'messages.edit'>): void {
  const { body, mentions } = params;
  const content = { body, ...(mentions === undefined ? {} : { mentions }) };
  change(session, id, params, { kind: 'edited', user: me(session).id, ...content });
}

export function recall(session: Conversation, id: number, params: ParamsOf<'messages.recall'>): void {
  change(session, id, params, { kind: 'recalled', user: me(session).id });
}

export function react(session: Conversation, id: number, params: ParamsOf<'messages.react'>): void {
  const { reaction, remove = false } = params;
  change(session, id, params, { kind: 'reacted', user: me(session).id, reaction, remove });
}

export function pin(session: Conversation, id: number, params: ParamsOf<'messages.pin'>): void {
  change(session, id, params, { kind: 'pinned', user: me(session).id, pinned: params.pinned });
}

export function pins(session: Conversation, id: number, { room }: ParamsOf<'messages.pins'>): void {
  askRoom(session, id, room, { type: 'pins', user: me(session).id }, (found) => {
    session.answer(encodeResult<'messages.pins'>(id, found));
  });
}

export function changes(session: Conversation, id: number, params: ParamsOf<'messages.changes'>): void {
  const { room, after, limit = LIMITS.defaultHistoryMessages } = params;
  const query = { type: 'changes', user: me(session).id, after, limit } as const;
  if (session.historiesInFlight >= MAX_HISTORIES) return session.refuse(id, TOO_MANY_HISTORIES);
  session.historiesInFlight += 1;
  session.context.ask(session.context.ref(roomKind, room), query, ASK_DEADLINE_MS, (reply) => {
    session.historiesInFlight -= 1;
    if (!reply.ok) session.refuse(id, toWireFault(reply.fault));
    else session.answer(encodeChangesResult(id, reply.value.frames, reply.value.more));
  });
}
