/** `messages.*`: params and results, and the message itself. */
import { Type } from '@sinclair/typebox';
import { LIMITS } from '../limits.ts';
import { id, ordinal, RoomId, uint, type Wire } from './common.ts';
import { At, Body, Mentions, Nonce } from './content.ts';

/** What a poster says and a reader gets unchanged. */
const content = {
  nonce: Nonce,
  body: Body,
  replyTo: Type.Optional(ordinal('Seq of the message that this one answers.')),
  mentions: Mentions,
  mentionAll: Type.Optional(Type.Boolean({ description: 'True: everybody in the room is spoken to.' })),
  files: Type.Optional(
    Type.Array(id('File.'), { maxItems: LIMITS.maxFiles, description: 'Files that members may read from now on.' }),
  ),
};

/** What changes have made of a message, as history tells it. */
const state = {
  change: Type.Optional(
    ordinal('Number of the newest change of this message that is in it: a `changed` up to there is known already.'),
  ),
  edited: Type.Optional(uint('When the body was last edited: milliseconds since the epoch.')),
  recalled: Type.Optional(Type.Boolean({ description: 'True: it was taken back, and the body says only that.' })),
  reactions: Type.Optional(
    Type.Array(
      Type.Object({
        reaction: Type.String({ description: 'What it says.' }),
        count: ordinal('How many users say it.'),
        mine: Type.Optional(Type.Boolean({ description: 'True: the reader is one of them.' })),
      }),
      { maxItems: LIMITS.maxReactionKinds, description: 'In the order in which each was first said.' },
    ),
  ),
  pinned: Type.Optional(Type.Boolean({ description: 'True: it is pinned.' })),
  hidden: Type.Optional(Type.Boolean({ description: 'True: the reader has hidden it, and the body says only that.' })),
};

export const Message = Type.Object(
  {
    room: RoomId,
    seq: ordinal('Its number: 1, 2, 3 … per room without a hole.'),
    from: id('Sender.'),
    at: At,
    ...content,
    forwarded: Type.Optional(
      Type.Object(
        {
          room: Type.Optional(id('Room of the message that was copied; absent for one of a direct room.')),
          from: id('Who wrote it.'),
          at: uint('When it was posted there: milliseconds since the epoch.'),
        },
        { description: 'The message is a copy of another.' },
      ),
    ),
    ...state,
  },
  { description: 'A message: to every member, the sender too.' },
);
export type Message = Wire<typeof Message>;

export const MessagesPostParams = Type.Object({ room: RoomId, ...content });
export type MessagesPostParams = Wire<typeof MessagesPostParams>;

export const MessagesPostResult = Type.Object({ seq: ordinal('Number of the message in its room.'), at: At });
export type MessagesPostResult = Wire<typeof MessagesPostResult>;

export const MessagesHistoryParams = Type.Object({
  room: RoomId,
  before: Type.Optional(uint('Only messages with a lower seq, the newest of them.')),
  after: Type.Optional(uint('Only messages with a higher seq, the oldest of them. Not together with `before`.')),
  around: Type.Optional(
    ordinal(
      'The messages about this one, half of them older. Alone; `more` tells of newer ones, and older ones are `before`.',
    ),
  ),
  limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: LIMITS.maxHistoryMessages,
      description: `Most messages to answer with; ${LIMITS.defaultHistoryMessages} if absent.`,
    }),
  ),
});
export type MessagesHistoryParams = Wire<typeof MessagesHistoryParams>;

export const MessagesHistoryResult = Type.Object({
  messages: Type.Array(Message, { description: 'Ascending by seq, without a hole.' }),
  more: Type.Boolean({ description: 'Whether there is more in the direction that was asked for.' }),
  change: uint('Number of the newest change that these messages have applied.'),
});
export type MessagesHistoryResult = Wire<typeof MessagesHistoryResult>;

export const MessagesReadParams = Type.Object({ room: RoomId, seq: uint('Highest seq that the user has read.') });
export type MessagesReadParams = Wire<typeof MessagesReadParams>;
