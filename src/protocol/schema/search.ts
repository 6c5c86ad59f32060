/** `messages.search`. */
import { Type } from '@sinclair/typebox';
import { LIMITS } from '../limits.ts';
import { Cursor, id, ordinal, RoomId, uint, type Wire } from './common.ts';

export const MessagesSearchParams = Type.Object({
  query: Type.String({
    minLength: 1,
    maxLength: LIMITS.maxQueryLength,
    description: 'Words to look for, all of them.',
  }),
  room: Type.Optional(id('Only this room; else all rooms of the user.')),
  from: Type.Optional(id('Only messages of this sender.')),
  before: Type.Optional(uint('Only messages taken before this time: milliseconds since the epoch.')),
  limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: LIMITS.maxSearchHits,
      description: `Most hits to answer with; ${LIMITS.defaultSearchHits} if absent.`,
    }),
  ),
  cursor: Type.Optional(Cursor),
});
export type MessagesSearchParams = Wire<typeof MessagesSearchParams>;

export const SearchHit = Type.Object(
  {
    room: RoomId,
    seq: ordinal('Number of the message.'),
    from: id('Sender.'),
    at: uint('When the room took it: milliseconds since the epoch.'),
    snippet: Type.Optional(Type.String({ description: 'The part of the text in which it was found.' })),
  },
  { description: 'A message that was found.' },
);
export type SearchHit = Wire<typeof SearchHit>;

export const MessagesSearchResult = Type.Object({
  hits: Type.Array(SearchHit, { description: 'The newest first; fewer than `limit`, or none, is not the end.' }),
  cursor: Type.Optional(Cursor),
});
export type MessagesSearchResult = Wire<typeof MessagesSearchResult>;
