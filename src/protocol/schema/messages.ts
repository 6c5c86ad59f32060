/** `messages.*`: params and results, and the message itself. */
import { Type } from '@sinclair/typebox';
import { LIMITS } from '../limits.ts';
import { id, ordinal, RoomId, uint, type Wire } from './common.ts';

const Nonce = Type.String({
  minLength: 1,
  maxBytes: LIMITS.maxNonceBytes,
  description: `Chosen by the sender, 1 to ${LIMITS.maxNonceBytes} bytes: makes a repeated post the same post.`,
});

const At = uint('When the room took it: milliseconds since the epoch.');

/** What a poster says and a reader gets unchanged. */
const content = {
  nonce: Nonce,
  body: Type.Uint8Array({
    minByteLength: 1,
    maxByteLength: LIMITS.maxBodyBytes,
    description: 'The encoded body map; the engine leaves it unread.',
  }),
  replyTo: Type.Optional(ordinal('Seq of the message that this one answers.')),
  mentions: Type.Optional(
    Type.Array(id('User.'), { maxItems: LIMITS.maxMentions, description: 'Users who are spoken to.' }),
  ),
  files: Type.Optional(
    Type.Array(id('File.'), { maxItems: LIMITS.maxFiles, description: 'Files that members may read from now on.' }),
  ),
};

export const Message = Type.Object(
  {
    room: RoomId,
    seq: ordinal('Its number: 1, 2, 3 … per room without a hole.'),
    from: id('Sender.'),
    at: At,
    ...content,
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
