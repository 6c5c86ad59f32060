/** Notifications to the client, besides `message`. */
import { Type } from '@sinclair/typebox';
import { id, ordinal, RoomId, RoomKind, RoomRole, Title, User, Username, uint, type Wire } from './common.ts';
import { optionalSettings, VisibleFrom } from './room-settings.ts';

export const RoomChange = Type.Object(
  {
    room: RoomId,
    event: Type.Union(
      [
        Type.Literal('joined'),
        Type.Literal('left'),
        Type.Literal('updated'),
        Type.Literal('role'),
        Type.Literal('muted'),
        Type.Literal('deleted'),
        Type.Literal('requested'),
        Type.Literal('declined'),
      ],
      {
        description:
          '`joined` and `left` say that `user` did; `updated` that fields of the room changed: those given, the others are ' +
          'as they were; `role` that `user` has another `role`; `muted` that `user` may not post before `until`; `deleted` ' +
          'that the room is no more. `requested` goes to owner and admins: `user` asks to join; `declined` to who asked.',
      },
    ),
    version: uint("Counts the changes of membership and of the room's fields. Lower or equal: known already."),
    user: Type.Optional(id('Whom it is about.')),
    username: Type.Optional(Username),
    role: Type.Optional(RoomRole),
    kind: Type.Optional(RoomKind),
    title: Type.Optional(Title),
    seq: Type.Optional(uint('Seq of the newest message.')),
    change: Type.Optional(uint('Number of the newest change.')),
    log: Type.Optional(id('Incarnation of the room.')),
    read: Type.Optional(uint("The receiver's read position.")),
    peer: Type.Optional(User),
    mentions: Type.Optional(uint('As in a room entry.')),
    marked: Type.Optional(Type.Boolean({ description: 'As in a room entry.' })),
    hidden: Type.Optional(uint('As in a room entry.')),
    by: Type.Optional(id('Who did it, where it was another user.')),
    reason: Type.Optional(
      Type.Union([Type.Literal('kicked'), Type.Literal('banned')], {
        description: 'Why `user` left, if not by choice.',
      }),
    ),
    until: Type.Optional(uint('End of a mute: milliseconds since the epoch; 0: it is over.')),
    ...optionalSettings,
    from: Type.Optional(VisibleFrom),
  },
  {
    description:
      'Membership or the room itself changed. `kind` to `peer` are there when it is the receiver who joined: ' +
      'together with `room` and `role` they are what `rooms.join` answers.',
  },
);
export type RoomChange = Wire<typeof RoomChange>;

export const Read = Type.Object(
  { room: RoomId, user: id('Whose position it is.'), seq: uint('Highest seq that they have read.') },
  { description: 'A member read up to a message. May be left out under load; the highest one counts.' },
);
export type Read = Wire<typeof Read>;

export const Gap = Type.Object(
  {
    room: RoomId,
    stream: Type.Union([Type.Literal('messages'), Type.Literal('changes')], { description: 'What is missing.' }),
    from: ordinal('First missing number.'),
    to: ordinal('Last missing number.'),
  },
  { description: 'Numbers that are not pushed: fetch them with `messages.history` or `messages.changes`.' },
);
export type Gap = Wire<typeof Gap>;

export const Kicked = Type.Object(
  {
    code: Type.Integer({ minimum: 1000, maximum: 4999, description: 'Close code that follows.' }),
    reason: Type.String({ maxLength: 128, description: 'For people.' }),
  },
  { description: 'The session was revoked or replaced; the socket closes next.' },
);
export type Kicked = Wire<typeof Kicked>;

export const GoAway = Type.Object(
  { retryAfter: uint('Milliseconds to wait before reconnecting. Differs between clients, so that they spread.') },
  { description: 'The node is draining; the socket closes with 4503 next.' },
);
export type GoAway = Wire<typeof GoAway>;

export const FileChange = Type.Object(
  {
    file: id("One of the receiver's files."),
    state: Type.Union([Type.Literal('stored')], { description: '`stored`: its bytes are in the object store now.' }),
  },
  { description: "Something happened to a file of the receiver's. May be missed." },
);
export type FileChange = Wire<typeof FileChange>;

export const DownloadChange = Type.Object(
  {
    id: id('Of the download.'),
    state: Type.Union(
      [
        Type.Literal('queued'),
        Type.Literal('running'),
        Type.Literal('paused'),
        Type.Literal('done'),
        Type.Literal('failed'),
        Type.Literal('cancelled'),
      ],
      { description: 'As in `GET /v1/downloads`.' },
    ),
    received: uint('Bytes that are there.'),
    size: Type.Optional(uint('Of the whole in bytes, where it is known.')),
    file: Type.Optional(id("The receiver's file, once it is done.")),
    problem: Type.Optional(
      Type.String({ maxLength: 64, description: 'Why it failed: one of the problems of a download.' }),
    ),
  },
  { description: 'A download that the server does for the receiver has changed, or has come further. May be missed.' },
);
export type DownloadChange = Wire<typeof DownloadChange>;
