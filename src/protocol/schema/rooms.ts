/** `rooms.*`: params and results. */
import { Type } from '@sinclair/typebox';
import { LIMITS } from '../limits.ts';
import { Cursor, id, RoomId, RoomKind, RoomRole, Title, User, Username, uint, type Wire } from './common.ts';
import { optionalSettings, settings, VisibleFrom } from './room-settings.ts';

const state = {
  kind: RoomKind,
  title: Title,
  seq: uint('Seq of the newest message; 0 in an empty room.'),
  change: uint('Number of the newest change; 0 if there was none.'),
  log: id('Incarnation of the room. Where it differs from what the client knows, the room is loaded afresh.'),
  read: uint("The user's read position. Unread are `seq - read`."),
  role: RoomRole,
  mentions: Type.Optional(uint('How many of the unread messages mention the user. Absent: none.')),
  marked: Type.Optional(Type.Boolean({ description: 'True: the user has marked the room as unread.' })),
  hidden: Type.Optional(
    uint('How many messages the user has hidden in the room: see `messages.hidden`. Absent: none.'),
  ),
  ...optionalSettings,
  muted: Type.Optional(uint('Until when the user may not post: milliseconds since the epoch. Absent: not muted.')),
  from: Type.Optional(VisibleFrom),
};

export const RoomSummary = Type.Object(
  { id: RoomId, ...state, peer: Type.Optional(User) },
  { description: 'A room in a list. `peer` is the other user of a direct room.' },
);
export type RoomSummary = Wire<typeof RoomSummary>;

export const RoomEntry = Type.Object(
  { room: RoomId, ...state, peer: Type.Optional(User) },
  { description: 'The room that was created, opened or joined, as the user now stands in it. `peer` as in lists.' },
);
export type RoomEntry = Wire<typeof RoomEntry>;

export const RoomsCreateParams = Type.Object({
  title: Type.Optional(Title),
  kind: Type.Optional(
    Type.Union([Type.Literal('group'), Type.Literal('channel')], { description: '`group` if absent.' }),
  ),
  members: Type.Optional(
    Type.Array(id('User.'), {
      maxItems: LIMITS.maxMembersInCreate,
      description: 'Users to begin with, besides the creator, who becomes the owner.',
    }),
  ),
});
export type RoomsCreateParams = Wire<typeof RoomsCreateParams>;

export const RoomsDirectParams = Type.Object({ user: id('The other user.') });
export type RoomsDirectParams = Wire<typeof RoomsDirectParams>;

export const RoomParams = Type.Object({ room: RoomId });
export type RoomParams = Wire<typeof RoomParams>;

export const RoomsInviteParams = Type.Object({ room: RoomId, user: id('Who is to become a member.') });
export type RoomsInviteParams = Wire<typeof RoomsInviteParams>;

export const RoomsLeaveResult = Type.Object({ room: RoomId, seq: uint('Seq of the newest message on leaving.') });
export type RoomsLeaveResult = Wire<typeof RoomsLeaveResult>;

export const RoomsMembersParams = Type.Object({
  room: RoomId,
  role: Type.Optional(RoomRole),
  cursor: Type.Optional(Cursor),
});
export type RoomsMembersParams = Wire<typeof RoomsMembersParams>;

export const RoomMember = Type.Object(
  { user: id('User.'), username: Username, role: RoomRole, read: uint('Read position of the member.') },
  { description: 'A member of a room.' },
);
export type RoomMember = Wire<typeof RoomMember>;

export const RoomsMembersResult = Type.Object({
  members: Type.Array(RoomMember, { description: 'In the order of joining.' }),
  cursor: Type.Optional(Cursor),
});
export type RoomsMembersResult = Wire<typeof RoomsMembersResult>;

export const RoomsListParams = Type.Object({ cursor: Type.Optional(Cursor) });
export type RoomsListParams = Wire<typeof RoomsListParams>;

export const RoomsListResult = Type.Object({
  rooms: Type.Array(RoomSummary, { description: "A page of the user's rooms." }),
  cursor: Type.Optional(Cursor),
});
export type RoomsListResult = Wire<typeof RoomsListResult>;

export const RoomDetails = Type.Object(
  {
    room: RoomId,
    ...state,
    ...settings,
    peer: Type.Optional(User),
    members: uint('Number of members.'),
    version: uint('As in the notification `room`.'),
    createdAt: uint('Milliseconds since the epoch.'),
  },
  { description: 'A room with all that its members may know of it.' },
);
export type RoomDetails = Wire<typeof RoomDetails>;
