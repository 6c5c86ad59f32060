/** How requests ask: a room, the records, and whom the session belongs to. */
import { fault, toWireFault } from '../../../protocol/faults.ts';
import { encodeResult } from '../../../protocol/frames/rpc.ts';
import type { Method, ParamsOf } from '../../../protocol/types.ts';
import type { AnswerOf } from '../../../runtime/reply.ts';
import { type Person, type RoomMessage, type RoomView, roomKind } from '../../room/messages.ts';
import { askRecords } from '../../storage/records.ts';
import type { Conversation } from '../conversation.ts';
import { entryOf } from '../room-shapes.ts';

/** One function a method: from checked params to the answer. */
export type Handler<M extends Method> = (session: Conversation, id: number, params: ParamsOf<M>) => void;

export const ASK_DEADLINE_MS = 10_000;
export const NO_SUCH_USER = fault('not_found', 'there is no such user');

export function me(session: Conversation): Person {
  if (session.identity === undefined) throw new Error('a session answers requests only after its hello');
  return session.identity.user;
}

export function askRoom<const Q extends RoomMessage>(
  session: Conversation,
  id: number,
  room: string,
  message: Q,
  onAnswer: (answer: AnswerOf<RoomMessage, Q>) => void,
): void {
  session.context.ask(session.context.ref(roomKind, room), message, ASK_DEADLINE_MS, (reply) => {
    if (reply.ok) onAnswer(reply.value);
    else session.refuse(id, toWireFault(reply.fault));
  });
}

/** Names of the users; refuses where one does not exist. */
export function withPeople(
  session: Conversation,
  id: number,
  users: readonly string[],
  then: (people: readonly Person[]) => void,
): void {
  const wanted = [...new Set(users)];
  if (wanted.length === 0) return then([]);
  askRecords(session.context, 'usersById', [wanted], (reply) => {
    if (!reply.ok) session.refuse(id, reply.fault);
    else if (reply.value.length < wanted.length) session.refuse(id, NO_SUCH_USER);
    else then(reply.value);
  });
}

/** The client is told of the room before anything of the room reaches it. */
export function answerEntered(session: Conversation, id: number, entered: RoomView): void {
  if (session.rooms.has(entered.room)) return session.answer(encodeResult<'rooms.join'>(id, entryOf(entered)));
  session.rooms.enter(entered.room, (reply) => {
    if (!reply.ok) return session.refuse(id, reply.fault);
    session.answer(encodeResult<'rooms.join'>(id, entryOf(reply.value)));
    session.flush();
    session.rooms.start(entered.room, reply.value);
  });
}
