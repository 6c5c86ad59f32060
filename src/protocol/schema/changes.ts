/** Changes to messages: edits, recalls, reactions and pins, and the notification that tells of each. */
import { Type } from '@sinclair/typebox';
import { LIMITS } from '../limits.ts';
import { id, ordinal, RoomId, uint, type Wire } from './common.ts';
import { At, Body, Mentions, Nonce } from './content.ts';

const Seq = ordinal('Message that changes.');
const common = { room: RoomId, seq: Seq, nonce: Nonce };

export const Reaction = Type.String({
  minLength: 1,
  maxBytes: LIMITS.maxReactionBytes,
  description: `What it says, 1 to ${LIMITS.maxReactionBytes} bytes: an emoji, or a short name.`,
});

export const MessagesEditParams = Type.Object({ ...common, body: Body, mentions: Mentions });
export const MessagesRecallParams = Type.Object(common);
export const MessagesReactParams = Type.Object({
  ...common,
  reaction: Reaction,
  remove: Type.Optional(Type.Boolean({ description: 'Takes the reaction back.' })),
});
export const MessagesPinParams = Type.Object({
  ...common,
  pinned: Type.Boolean({ description: 'False takes it off again.' }),
});

export const ChangeResult = Type.Object({ change: ordinal('Number of the change in its room.') });
export type ChangeResult = Wire<typeof ChangeResult>;

export const ChangeKind = Type.Union(
  [
    Type.Literal('edited'),
    Type.Literal('recalled'),
    Type.Literal('reacted'),
    Type.Literal('pinned'),
    Type.Literal('restored'),
    Type.Literal('withheld'),
  ],
  {
    description:
      'What happened to it. `withheld` is a change whose content is not shown any more, such as an edit of a message that ' +
      'was recalled since: it only counts.',
  },
);
export type ChangeKind = Wire<typeof ChangeKind>;

export const Changed = Type.Object(
  {
    room: RoomId,
    change: ordinal('Its number: 1, 2, 3 … per room without a hole.'),
    seq: ordinal('Message that changed.'),
    kind: ChangeKind,
    from: Type.Optional(id('Who changed it. Absent, as what follows, where the change is withheld.')),
    at: Type.Optional(At),
    nonce: Type.Optional(Nonce),
    body: Type.Optional(Body),
    mentions: Mentions,
    reaction: Type.Optional(Reaction),
    remove: Type.Optional(Type.Boolean({ description: 'The reaction was taken back.' })),
    pinned: Type.Optional(Type.Boolean({ description: 'Whether the message is pinned now.' })),
  },
  { description: 'A message was edited, recalled, reacted to or pinned: to every member, who did it too.' },
);
export type Changed = Wire<typeof Changed>;

export const MessagesChangesParams = Type.Object({
  room: RoomId,
  after: uint('Only changes with a higher number.'),
  limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: LIMITS.maxHistoryMessages,
      description: `Most changes to answer with; ${LIMITS.defaultHistoryMessages} if absent.`,
    }),
  ),
});

export const MessagesChangesResult = Type.Object({
  changes: Type.Array(Changed, { description: 'Ascending by `change`, without a hole.' }),
  more: Type.Boolean({ description: 'Whether there are later ones.' }),
});
export type MessagesChangesResult = Wire<typeof MessagesChangesResult>;

export const MessagesPinsResult = Type.Object({
  pins: Type.Array(
    Type.Object({
      seq: ordinal('Message that is pinned.'),
      at: uint('When it was pinned: milliseconds since the epoch.'),
      by: id('Who pinned it.'),
    }),
    { description: 'Ascending by `seq`.' },
  ),
  change: uint('Number of the newest change that is in the list.'),
});
export type MessagesPinsResult = Wire<typeof MessagesPinsResult>;

export const MessagesForwardParams = Type.Object({
  from: Type.Object({ room: RoomId, seq: ordinal('Message to copy.') }),
  room: id('Room to post the copy to.'),
  nonce: Nonce,
});
