/** `hello` and `ping`: params and results. */
import { Type } from '@sinclair/typebox';
import { LIMITS } from '../limits.ts';
import { Cursor, ID_PATTERN, id, User, uint, type Wire } from './common.ts';
import { RoomSummary } from './rooms.ts';

export const ResumePosition = Type.Union(
  [
    uint('Seq of the last message that the client has.'),
    Type.Tuple([
      uint('Seq of the last message that the client has.'),
      uint('Number of the last change that the client has.'),
      id('Incarnation of the room that these count in.'),
    ]),
  ],
  { description: '`seq`, or `[seq, change, log]`.' },
);
export type ResumePosition = Wire<typeof ResumePosition>;

export const HelloParams = Type.Object({
  token: Type.String({ minLength: 1, maxLength: LIMITS.maxTokenLength, description: 'From `POST /v1/login`.' }),
  client: Type.Optional(
    Type.String({ maxLength: LIMITS.maxClientLength, description: 'Name and version of the client, for the logs.' }),
  ),
  resume: Type.Optional(
    Type.Record(Type.String({ pattern: ID_PATTERN }), ResumePosition, {
      maxProperties: LIMITS.maxResumeRooms,
      description: 'By room, what the client has already.',
    }),
  ),
});
export type HelloParams = Wire<typeof HelloParams>;

export const HelloResult = Type.Object({
  session: id('Names this session in the logs of the server.'),
  user: User,
  heartbeatMs: Type.Integer({ minimum: 1, description: 'The client sends something at least this often.' }),
  rooms: Type.Array(RoomSummary, { description: "The user's rooms, or the first of them." }),
  cursor: Type.Optional(Cursor),
});
export type HelloResult = Wire<typeof HelloResult>;
