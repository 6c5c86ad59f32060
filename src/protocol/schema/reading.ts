/** Who has read what, marks by hand, and messages that a user does not want to see any more. */
import { Type } from '@sinclair/typebox';
import { LIMITS } from '../limits.ts';
import { Cursor, id, ordinal, RoomId, Username, uint, type Wire } from './common.ts';

export const MessagesReadersParams = Type.Object({
  room: RoomId,
  seq: ordinal('Message that was read, or a later one.'),
  cursor: Type.Optional(Cursor),
});
export type MessagesReadersParams = Wire<typeof MessagesReadersParams>;

export const Reader = Type.Object(
  { user: id('Who has read.'), username: Username, read: uint('Highest seq that they have read.') },
  { description: 'A member who has read.' },
);

export const MessagesReadersResult = Type.Object({
  count: uint('How many members have read up to the message, who asks left out.'),
  readers: Type.Optional(
    Type.Array(Reader, { description: 'Who they are, in the order of joining. Absent in a large room.' }),
  ),
  cursor: Type.Optional(Cursor),
});
export type MessagesReadersResult = Wire<typeof MessagesReadersResult>;

const Seqs = Type.Array(ordinal('Number of a message.'), { maxItems: LIMITS.maxHidesAtOnce, description: 'Messages.' });

export const MessagesHideParams = Type.Object({ room: RoomId, seqs: Seqs });
export type MessagesHideParams = Wire<typeof MessagesHideParams>;

export const MessagesHiddenParams = Type.Object({ room: RoomId });
export type MessagesHiddenParams = Wire<typeof MessagesHiddenParams>;

export const MessagesHiddenResult = Type.Object({
  seqs: Type.Array(ordinal('Number of a message.'), {
    maxItems: LIMITS.maxHiddenMessages,
    description: 'All that the user has hidden in the room, ascending.',
  }),
});
export type MessagesHiddenResult = Wire<typeof MessagesHiddenResult>;

export const RoomsMarkParams = Type.Object({
  room: RoomId,
  unread: Type.Boolean({ description: 'True sets the mark, false takes it off.' }),
});
export type RoomsMarkParams = Wire<typeof RoomsMarkParams>;

export const Marked = Type.Object(
  { room: RoomId, unread: Type.Boolean({ description: 'Whether the mark is set.' }) },
  { description: 'The user marked a room as unread or took the mark off, on any device; reading takes it off too.' },
);
export type Marked = Wire<typeof Marked>;

export const Hidden = Type.Object(
  { room: RoomId, seqs: Seqs, hidden: uint('How many the user has hidden in the room now.') },
  { description: 'The user has hidden messages, on any device. Only their own devices are told.' },
);
export type Hidden = Wire<typeof Hidden>;
