/** `rooms.*`. */
import { fault } from '../../../protocol/faults.ts';
import { encodeResult } from '../../../protocol/frames/rpc.ts';
import type { ParamsOf } from '../../../protocol/types.ts';
import { directRoomId, type Person } from '../../room/messages.ts';
import type { Conversation } from '../conversation.ts';
import { ROOMS_PER_PAGE, summaryOf } from '../room-shapes.ts';
import { answerEntered, askRoom, me, withPeople } from './asking.ts';

export function createRoom(
  session: Conversation,
  id: number,
  { title = '', kind = 'group', members = [] }: ParamsOf<'rooms.create'>,
): void {
  withPeople(session, id, members, (people) => {
    const room = session.context.newId();
    const create = { type: 'create', kind, creator: me(session), title, members: people } as const;
    askRoom(session, id, room, create, (view) => answerEntered(session, id, view));
  });
}

export function openDirect(session: Conversation, id: number, { user }: ParamsOf<'rooms.direct'>): void {
  if (user === me(session).id) return session.refuse(id, fault('invalid', 'params.user: another user'));
  withPeople(session, id, [user], ([other]) => {
    const open = { type: 'open-direct', user: me(session), other: other as Person } as const;
    askRoom(session, id, directRoomId(me(session).id, user), open, (view) => answerEntered(session, id, view));
  });
}

export function joinRoom(session: Conversation, id: number, { room }: ParamsOf<'rooms.join'>): void {
  askRoom(session, id, room, { type: 'join', user: me(session) }, (view) => answerEntered(session, id, view));
}

export function invite(session: Conversation, id: number, { room, user }: ParamsOf<'rooms.invite'>): void {
  withPeople(session, id, [user], ([person]) => {
    const message = { type: 'invite', by: me(session).id, user: person as Person } as const;
    askRoom(session, id, room, message, (view) => answerEntered(session, id, view));
  });
}

export function leaveRoom(session: Conversation, id: number, { room }: ParamsOf<'rooms.leave'>): void {
  askRoom(session, id, room, { type: 'leave', user: me(session).id }, ({ seq }) => {
    session.answer(encodeResult<'rooms.leave'>(id, { room, seq }));
  });
}

export function listMembers(
  session: Conversation,
  id: number,
  { room, role, cursor }: ParamsOf<'rooms.members'>,
): void {
  const only = role === undefined ? {} : { role };
  const list = { type: 'members', user: me(session).id, ...only, ...(cursor === undefined ? {} : { cursor }) } as const;
  askRoom(session, id, room, list, (page) => session.answer(encodeResult<'rooms.members'>(id, page)));
}

export function listRooms(session: Conversation, id: number, { cursor = '' }: ParamsOf<'rooms.list'>): void {
  const rest = session.rooms.sorted().filter((view) => view.room > cursor);
  const page = rest.slice(0, ROOMS_PER_PAGE);
  const last = page.at(-1);
  const more = last !== undefined && page.length < rest.length;
  session.rooms.refresh(page, (rooms) => {
    const result = { rooms: rooms.map(summaryOf), ...(more ? { cursor: last.room } : {}) };
    session.answer(encodeResult<'rooms.list'>(id, result));
  });
}
