/** `presence.*` and `rooms.typing`: params, results and notifications. All of it is lossy: what counts is the last word. */
import { Type } from '@sinclair/typebox';
import { LIMITS } from '../limits.ts';
import { id, RoomId, uint, type Wire } from './common.ts';

export const PresenceState = Type.Union([Type.Literal('online'), Type.Literal('away'), Type.Literal('offline')], {
  description: 'Whether the user is there. Who may not see it sees `offline`.',
});
export type PresenceState = Wire<typeof PresenceState>;

export const Presence = Type.Object(
  {
    user: id('User.'),
    state: PresenceState,
    lastSeen: Type.Optional(uint('Of one who is offline, when they were last there: milliseconds since the epoch.')),
  },
  { description: 'The presence of a user that the socket follows, whenever it changes; of quick changes the last.' },
);
export type Presence = Wire<typeof Presence>;

const Users = (description: string) => Type.Array(id('User.'), { maxItems: LIMITS.maxPresenceUsers, description });

export const PresenceSubscribeParams = Type.Object({ users: Users('Whom the socket follows from now on, too.') });
export type PresenceSubscribeParams = Wire<typeof PresenceSubscribeParams>;

export const PresenceSubscribeResult = Type.Object({
  states: Type.Array(Presence, { description: 'As it is now. One who cannot be asked now comes as a notification.' }),
});
export type PresenceSubscribeResult = Wire<typeof PresenceSubscribeResult>;

export const PresenceUnsubscribeParams = Type.Object({
  users: Type.Optional(Users('Whom the socket follows no longer; all if absent.')),
});
export type PresenceUnsubscribeParams = Wire<typeof PresenceUnsubscribeParams>;

export const PresenceSetParams = Type.Object({
  state: Type.Union([Type.Literal('online'), Type.Literal('away')], {
    description: 'Of this socket. The user is `online` while any of their sockets is.',
  }),
});
export type PresenceSetParams = Wire<typeof PresenceSetParams>;

export const RoomsTypingParams = Type.Object({ room: RoomId });
export type RoomsTypingParams = Wire<typeof RoomsTypingParams>;

export const Typing = Type.Object(
  { room: RoomId, user: id('Who types.') },
  { description: 'A member is writing: it holds for some six seconds. Never stored; not sent in large rooms.' },
);
export type Typing = Wire<typeof Typing>;
