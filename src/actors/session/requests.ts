/** Requests: one function a method, from checked params to the answer. */

import { checkCall } from '../../protocol/calls.ts';
import { fault, toWireFault } from '../../protocol/faults.ts';
import { encodeHistoryResult, encodePostResult } from '../../protocol/frames/message.ts';
import { encodeResult } from '../../protocol/frames/rpc.ts';
import { LIMITS } from '../../protocol/limits.ts';
import type { Method, ParamsOf } from '../../protocol/types.ts';
import type { AnswerOf } from '../../runtime/reply.ts';
import { directRoomId, type Person, type RoomMessage, type RoomView, roomKind } from '../room/messages.ts';
import { askRecords } from '../storage/records.ts';
import type { Conversation } from './conversation.ts';
import { entryOf, ROOMS_PER_PAGE, summaryOf } from './room-shapes.ts';

const ASK_DEADLINE_MS = 10_000;
/** Pages of one socket that may be on their way: together they fit what a socket may have waiting. */
const MAX_HISTORIES = 8;
const TOO_MANY_HISTORIES = fault('overloaded', 'too many pages of history are on their way', 100);
const NO_SUCH_USER = fault('not_found', 'there is no such user');

type Handler<M extends Method> = (session: Conversation, id: number, params: ParamsOf<M>) => void;

/** Checks the params and does what the method says. The session's user is known. */
export function answerRequest(session: Conversation, id: number, method: string, params: unknown): void {
  const check = checkCall(method, params);
  if (!check.ok) return session.refuse(id, check.fault);
  const handler = HANDLERS[check.call.method] as Handler<Method>;
  handler(session, id, check.call.params);
}

const HANDLERS: { readonly [M in Method]: Handler<M> } = {
  hello: (session, id) => session.refuse(id, fault('conflict', 'the session has said hello already')),
  ping: (session, id) => session.answer(encodeResult<'ping'>(id, {})),
  'rooms.create': createRoom,
  'rooms.direct': openDirect,
  'rooms.join': joinRoom,
  'rooms.invite': invite,
  'rooms.leave': leaveRoom,
  'rooms.members': listMembers,
  'rooms.list': listRooms,
  'messages.post': post,
  'messages.history': history,
  'messages.read': markRead,
  'users.find': findUser,
  'users.get': getUsers,
};

function post(session: Conversation, id: number, params: ParamsOf<'messages.post'>): void {
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

function history(session: Conversation, id: number, params: ParamsOf<'messages.history'>): void {
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

function markRead(session: Conversation, id: number, { room, seq }: ParamsOf<'messages.read'>): void {
  askRoom(session, id, room, { type: 'mark-read', user: me(session).id, seq }, () => {
    session.answer(encodeResult<'messages.read'>(id, {}));
  });
}

function createRoom(session: Conversation, id: number, { title = '', members = [] }: ParamsOf<'rooms.create'>): void {
  withPeople(session, id, members, (people) => {
    const room = session.context.newId();
    const create = { type: 'create', creator: me(session), title, members: people } as const;
    askRoom(session, id, room, create, (view) => answerEntered(session, id, view));
  });
}

function openDirect(session: Conversation, id: number, { user }: ParamsOf<'rooms.direct'>): void {
  if (user === me(session).id) return session.refuse(id, fault('invalid', 'params.user: another user'));
  withPeople(session, id, [user], ([other]) => {
    const open = { type: 'open-direct', user: me(session), other: other as Person } as const;
    askRoom(session, id, directRoomId(me(session).id, user), open, (view) => answerEntered(session, id, view));
  });
}

function joinRoom(session: Conversation, id: number, { room }: ParamsOf<'rooms.join'>): void {
  askRoom(session, id, room, { type: 'join', user: me(session) }, (view) => answerEntered(session, id, view));
}

function invite(session: Conversation, id: number, { room, user }: ParamsOf<'rooms.invite'>): void {
  withPeople(session, id, [user], ([person]) => {
    const message = { type: 'invite', by: me(session).id, user: person as Person } as const;
    askRoom(session, id, room, message, (view) => answerEntered(session, id, view));
  });
}

function leaveRoom(session: Conversation, id: number, { room }: ParamsOf<'rooms.leave'>): void {
  askRoom(session, id, room, { type: 'leave', user: me(session).id }, ({ seq }) => {
    session.answer(encodeResult<'rooms.leave'>(id, { room, seq }));
  });
}

function listMembers(session: Conversation, id: number, { room, cursor }: ParamsOf<'rooms.members'>): void {
  const list = { type: 'members', user: me(session).id, ...(cursor === undefined ? {} : { cursor }) } as const;
  askRoom(session, id, room, list, (page) => session.answer(encodeResult<'rooms.members'>(id, page)));
}

function listRooms(session: Conversation, id: number, { cursor = '' }: ParamsOf<'rooms.list'>): void {
  const rest = session.rooms.sorted().filter((view) => view.room > cursor);
  const page = rest.slice(0, ROOMS_PER_PAGE);
  const last = page.at(-1);
  const more = last !== undefined && page.length < rest.length;
  session.rooms.refresh(page, (rooms) => {
    const result = { rooms: rooms.map(summaryOf), ...(more ? { cursor: last.room } : {}) };
    session.answer(encodeResult<'rooms.list'>(id, result));
  });
}

function findUser(session: Conversation, id: number, { username }: ParamsOf<'users.find'>): void {
  askRecords(session.context, 'userByName', [username], (reply) => {
    if (!reply.ok) session.refuse(id, reply.fault);
    else if (reply.value === null) session.refuse(id, NO_SUCH_USER);
    else {
      const user = { id: reply.value.id, username: reply.value.username };
      session.answer(encodeResult<'users.find'>(id, { user }));
    }
  });
}

function getUsers(session: Conversation, id: number, { users }: ParamsOf<'users.get'>): void {
  askRecords(session.context, 'usersById', [users], (reply) => {
    if (reply.ok) session.answer(encodeResult<'users.get'>(id, { users: reply.value }));
    else session.refuse(id, reply.fault);
  });
}

/** The client is told of the room before anything of the room reaches it. */
function answerEntered(session: Conversation, id: number, entered: RoomView): void {
  if (session.rooms.has(entered.room)) return session.answer(encodeResult<'rooms.join'>(id, entryOf(entered)));
  session.rooms.enter(entered.room, (reply) => {
    if (!reply.ok) return session.refuse(id, reply.fault);
    session.answer(encodeResult<'rooms.join'>(id, entryOf(reply.value)));
    session.flush();
    session.rooms.start(entered.room, reply.value.seq);
  });
}

function askRoom<const Q extends RoomMessage>(
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
function withPeople(
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

function me(session: Conversation): Person {
  if (session.identity === undefined) throw new Error('a session answers requests only after its hello');
  return session.identity.user;
}
