/** Requests: from a method's name to the one function that answers it. */

import { checkCall } from '../../../protocol/calls.ts';
import { fault } from '../../../protocol/faults.ts';
import { encodeResult } from '../../../protocol/frames/rpc.ts';
import type { Method } from '../../../protocol/types.ts';
import type { Conversation } from '../conversation.ts';
import type { Handler } from './asking.ts';
import { changes, edit, pin, pins, react, recall } from './changes.ts';
import { acceptContact, endContact, listBlocks, listContacts, requestContact, setBlock } from './contacts.ts';
import { listDevices, revokeDevice } from './devices.ts';
import { forward } from './forward.ts';
import {
  approve,
  ban,
  createLink,
  decline,
  deleteRoom,
  getRoom,
  joinByLink,
  kick,
  listBans,
  listLinks,
  listRequests,
  mute,
  revokeLink,
  setRole,
  transfer,
  unban,
  unmute,
  updateRoom,
} from './governing.ts';
import { history, markRead, post } from './messages.ts';
import { followPresence, setPresence, typing, unfollowPresence } from './presence.ts';
import { hide, listHidden, listReaders, markUnread } from './reading.ts';
import { createReport } from './reports.ts';
import { createRoom, invite, joinRoom, leaveRoom, listMembers, listRooms, openDirect } from './rooms.ts';
import { search } from './search.ts';
import { changeSettings, findUser, getUsers, readSettings, searchUsers, updateProfile } from './users.ts';

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
  'rooms.get': getRoom,
  'rooms.update': updateRoom,
  'rooms.kick': kick,
  'rooms.ban': ban,
  'rooms.unban': unban,
  'rooms.bans': listBans,
  'rooms.mute': mute,
  'rooms.unmute': unmute,
  'rooms.role': setRole,
  'rooms.transfer': transfer,
  'rooms.requests': listRequests,
  'rooms.approve': approve,
  'rooms.decline': decline,
  'rooms.link-create': createLink,
  'rooms.links': listLinks,
  'rooms.link-revoke': revokeLink,
  'rooms.link-join': joinByLink,
  'rooms.delete': deleteRoom,
  'rooms.list': listRooms,
  'messages.post': post,
  'messages.history': history,
  'messages.read': markRead,
  'messages.edit': edit,
  'messages.recall': recall,
  'messages.react': react,
  'messages.pin': pin,
  'messages.pins': pins,
  'messages.changes': changes,
  'messages.forward': forward,
  'devices.list': listDevices,
  'devices.revoke': revokeDevice,
  'messages.readers': listReaders,
  'messages.hide': hide,
  'messages.hidden': listHidden,
  'rooms.mark': markUnread,
  'messages.search': search,
  'reports.create': createReport,
  'users.find': findUser,
  'users.get': getUsers,
  'users.update': updateProfile,
  'users.search': searchUsers,
  'users.settings': readSettings,
  'users.set': changeSettings,
  'contacts.request': requestContact,
  'contacts.accept': acceptContact,
  'contacts.decline': endContact('decline'),
  'contacts.withdraw': endContact('withdraw'),
  'contacts.remove': endContact('remove'),
  'contacts.list': listContacts,
  'blocks.add': setBlock(true),
  'blocks.remove': setBlock(false),
  'blocks.list': listBlocks,
  'presence.subscribe': followPresence,
  'presence.unsubscribe': unfollowPresence,
  'presence.set': setPresence,
  'rooms.typing': typing,
};
