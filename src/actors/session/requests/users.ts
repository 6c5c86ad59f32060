/** `users.*`. */
import { encodeResult } from '../../../protocol/frames/rpc.ts';
import { LIMITS } from '../../../protocol/limits.ts';
import type { ParamsOf } from '../../../protocol/types.ts';
import { type SearchPlace, searchKeyOf } from '../../../storage/ports/people.ts';
import { personKind } from '../../person/messages.ts';
import { userShape } from '../../person/shapes.ts';
import { askPeople } from '../../storage/people.ts';
import { askRecords } from '../../storage/records.ts';
import type { Conversation } from '../conversation.ts';
import { ASK_DEADLINE_MS, me, NO_SUCH_USER } from './asking.ts';
import { checkPicture } from './files.ts';

export function findUser(session: Conversation, id: number, { username }: ParamsOf<'users.find'>): void {
  askRecords(session.context, 'userByName', [username], (found) => {
    if (!found.ok) return session.refuse(id, found.fault);
    if (found.value === null) return session.refuse(id, NO_SUCH_USER);
    askPeople(session.context, 'profiles', [[found.value.id]], (reply) => {
      if (!reply.ok) return session.refuse(id, reply.fault);
      const [profile] = reply.value;
      if (profile === undefined) session.refuse(id, NO_SUCH_USER);
      else session.answer(encodeResult<'users.find'>(id, { user: userShape(profile) }));
    });
  });
}

export function getUsers(session: Conversation, id: number, { users }: ParamsOf<'users.get'>): void {
  askPeople(session.context, 'profiles', [users], (reply) => {
    if (reply.ok) session.answer(encodeResult<'users.get'>(id, { users: reply.value.map(userShape) }));
    else session.refuse(id, reply.fault);
  });
}

export function updateProfile(session: Conversation, id: number, params: ParamsOf<'users.update'>): void {
  const { displayName, avatar, about } = params;
  const change = {
    ...(displayName === undefined ? {} : { displayName: displayName.normalize('NFC') }),
    ...(avatar === undefined ? {} : { avatar }),
    ...(about === undefined ? {} : { about }),
  };
  const update = (): void =>
    askPeople(session.context, 'updateProfile', [me(session).id, change], (reply) => {
      if (!reply.ok) session.refuse(id, reply.fault);
      else if (reply.value === null) session.refuse(id, NO_SUCH_USER);
      else session.answer(encodeResult<'users.update'>(id, { user: userShape(reply.value) }));
    });
  if (avatar === undefined || avatar === '') return update();
  checkPicture(session, 'share', avatar, (refusal) => {
    if (refusal === undefined) update();
    else session.refuse(id, refusal);
  });
}

export function searchUsers(session: Conversation, id: number, { query, cursor }: ParamsOf<'users.search'>): void {
  const limit = LIMITS.usersPerSearch;
  const after = cursor === undefined ? null : placeOf(cursor);
  const search = { prefix: searchKeyOf(query), asker: me(session).id, after, limit };
  askPeople(session.context, 'search', [search], (reply) => {
    if (!reply.ok) return session.refuse(id, reply.fault);
    const last = reply.value.at(-1);
    const more = last !== undefined && reply.value.length === limit ? { cursor: `${last.user}.${last.key}` } : {};
    const users = reply.value.map(({ profile }) => userShape(profile));
    session.answer(encodeResult<'users.search'>(id, { users, ...more }));
  });
}

export function readSettings(session: Conversation, id: number): void {
  askPeople(session.context, 'settings', [me(session).id], (reply) => {
    if (reply.ok) session.answer(encodeResult<'users.settings'>(id, reply.value));
    else session.refuse(id, reply.fault);
  });
}

export function changeSettings(session: Conversation, id: number, params: ParamsOf<'users.set'>): void {
  const { presence, receipts, discoverable } = params;
  const change = {
    ...(presence === undefined ? {} : { presence }),
    ...(receipts === undefined ? {} : { receipts }),
    ...(discoverable === undefined ? {} : { discoverable }),
  };
  const person = session.context.ref(personKind, me(session).id);
  session.context.ask(person, { type: 'change-settings', change }, ASK_DEADLINE_MS, (reply) => {
    if (reply.ok) session.answer(encodeResult<'users.set'>(id, reply.value));
    else session.refuse(id, reply.fault);
  });
}

/** No id has a dot in it. */
function placeOf(cursor: string): SearchPlace {
  const dot = cursor.indexOf('.');
  return { user: cursor.slice(0, Math.max(0, dot)), key: cursor.slice(dot + 1) };
}
