/** How owner and admins govern a room: params and results. */
import { Type } from '@sinclair/typebox';
import { LIMITS } from '../limits.ts';
import { Cursor, id, RoomId, Title, Username, uint, type Wire } from './common.ts';
import { optionalSettings } from './room-settings.ts';

const Until = uint('Until when: milliseconds since the epoch; 0: for ever.');
const Reason = Type.String({ maxLength: LIMITS.maxReasonLength, description: 'For people.' });

export const RoomsUpdateParams = Type.Object(
  { room: RoomId, title: Type.Optional(Title), ...optionalSettings },
  { description: 'What is absent stays as it is.' },
);
export type RoomsUpdateParams = Wire<typeof RoomsUpdateParams>;

export const RoomUserParams = Type.Object({ room: RoomId, user: id('Whom it is about.') });
export type RoomUserParams = Wire<typeof RoomUserParams>;

export const Governed = Type.Object({ version: uint('Of the room, as in the notification `room`.') });
export type Governed = Wire<typeof Governed>;

export const RoomsBanParams = Type.Object({
  room: RoomId,
  user: id('Who is banned.'),
  until: Type.Optional(Until),
  reason: Type.Optional(Reason),
});
export type RoomsBanParams = Wire<typeof RoomsBanParams>;

export const RoomsMuteParams = Type.Object({
  room: RoomId,
  user: id('Who is muted.'),
  until: uint('Until when the member may not post: milliseconds since the epoch.'),
});
export type RoomsMuteParams = Wire<typeof RoomsMuteParams>;

export const RoomsRoleParams = Type.Object({
  room: RoomId,
  user: id('Whose role it is.'),
  role: Type.Union([Type.Literal('admin'), Type.Literal('member')], {
    description: 'The new role. An owner is made with `rooms.transfer`.',
  }),
});
export type RoomsRoleParams = Wire<typeof RoomsRoleParams>;

export const RoomPageParams = Type.Object({ room: RoomId, cursor: Type.Optional(Cursor) });
export type RoomPageParams = Wire<typeof RoomPageParams>;

export const RoomsBansResult = Type.Object({
  bans: Type.Array(
    Type.Object({
      user: id('Who is banned.'),
      username: Username,
      by: id('Who banned them.'),
      at: uint('When: milliseconds since the epoch.'),
      until: Until,
      reason: Reason,
    }),
    { description: 'Ascending by user.' },
  ),
  cursor: Type.Optional(Cursor),
});
export type RoomsBansResult = Wire<typeof RoomsBansResult>;

export const RoomsRequestsResult = Type.Object({
  requests: Type.Array(
    Type.Object({ user: id('Who asks.'), username: Username, at: uint('Since when: milliseconds since the epoch.') }),
    { description: 'Ascending by user.' },
  ),
  cursor: Type.Optional(Cursor),
});
export type RoomsRequestsResult = Wire<typeof RoomsRequestsResult>;

export const RoomLink = Type.Object({
  link: id('Names the link, without letting anybody in.'),
  by: id('Who made it.'),
  at: uint('When: milliseconds since the epoch.'),
  expiresAt: uint('Milliseconds since the epoch; 0: never.'),
  maxUses: uint('How many may come in by it; 0: any number.'),
  uses: uint('How many came in by it.'),
});
export type RoomLink = Wire<typeof RoomLink>;

export const RoomsLinkCreateParams = Type.Object({
  room: RoomId,
  expiresAt: Type.Optional(uint('Milliseconds since the epoch; absent or 0: never.')),
  maxUses: Type.Optional(uint('How many may come in by it; absent or 0: any number.')),
});
export type RoomsLinkCreateParams = Wire<typeof RoomsLinkCreateParams>;

const LinkToken = Type.String({ pattern: '^[A-Za-z0-9_-]{20,64}$', description: 'The secret of the link.' });

export const RoomsLinkCreateResult = Type.Object({ ...RoomLink.properties, token: LinkToken });
export type RoomsLinkCreateResult = Wire<typeof RoomsLinkCreateResult>;

export const RoomsLinksResult = Type.Object({
  links: Type.Array(RoomLink, { description: 'All of them, those that are over or used up too.' }),
});
export type RoomsLinksResult = Wire<typeof RoomsLinksResult>;

export const RoomsLinkRevokeParams = Type.Object({ room: RoomId, link: id('The link.') });
export type RoomsLinkRevokeParams = Wire<typeof RoomsLinkRevokeParams>;

export const RoomsLinkJoinParams = Type.Object({ token: LinkToken });
export type RoomsLinkJoinParams = Wire<typeof RoomsLinkJoinParams>;
