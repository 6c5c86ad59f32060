/** What owner and admins set of a room. */
import { Type } from '@sinclair/typebox';
import { LIMITS } from '../limits.ts';
import { ordinal, type Wire } from './common.ts';

export const Topic = Type.String({ maxLength: LIMITS.maxTopicLength, description: 'What the room is about.' });
export const Avatar = Type.String({
  pattern: `^[A-Za-z0-9_~-]{0,${LIMITS.maxIdLength}}$`,
  description: 'File that shows the room; empty: none.',
});
export const JoinPolicy = Type.Union([Type.Literal('open'), Type.Literal('approval'), Type.Literal('invite')], {
  description:
    'What `rooms.join` does for who is no member: `open` lets them in, `approval` asks owner and admins, `invite` refuses.',
});
export type JoinPolicy = Wire<typeof JoinPolicy>;
export const Past = Type.Union([Type.Literal('all'), Type.Literal('joined')], {
  description: 'What members see of the time before they joined: all of it, or nothing.',
});

export const settings = {
  topic: Topic,
  avatar: Avatar,
  announcement: Type.Boolean({ description: 'Only owner and admins post. In a channel that is always so.' }),
  slowMode: Type.Integer({
    minimum: 0,
    maximum: LIMITS.maxSlowModeSeconds,
    description: 'Seconds between two posts of one member; owner and admins are free of it. 0: none.',
  }),
  joinPolicy: JoinPolicy,
  past: Past,
};

/** As they stand in lists, entries and notifications: absent are empty, `false`, 0, `open` and `all`. */
export const optionalSettings = {
  topic: Type.Optional(settings.topic),
  avatar: Type.Optional(settings.avatar),
  announcement: Type.Optional(settings.announcement),
  slowMode: Type.Optional(settings.slowMode),
  joinPolicy: Type.Optional(settings.joinPolicy),
  past: Type.Optional(settings.past),
};

export const VisibleFrom = ordinal('Lowest seq that the user may see. Absent: 1.');
