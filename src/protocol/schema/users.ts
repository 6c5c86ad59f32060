/** `users.*`: params and results. */
import { Type } from '@sinclair/typebox';
import { LIMITS } from '../limits.ts';
import { About, Cursor, DisplayName, ID_PATTERN, id, User, Username, type Wire } from './common.ts';

export const UsersFindParams = Type.Object({ username: Username });
export type UsersFindParams = Wire<typeof UsersFindParams>;

export const UsersFindResult = Type.Object({ user: User });
export type UsersFindResult = Wire<typeof UsersFindResult>;

export const UsersGetParams = Type.Object({
  users: Type.Array(id('User.'), { maxItems: LIMITS.maxUsersInGet, description: 'Whose names are wanted.' }),
});
export type UsersGetParams = Wire<typeof UsersGetParams>;

export const UsersGetResult = Type.Object({
  users: Type.Array(User, { description: 'In no particular order; unknown ids are left out.' }),
});
export type UsersGetResult = Wire<typeof UsersGetResult>;

export const UsersUpdateParams = Type.Object({
  displayName: Type.Optional(DisplayName),
  avatar: Type.Optional(Type.String({ pattern: `${ID_PATTERN}|^$`, description: 'File of the picture.' })),
  about: Type.Optional(About),
});
export type UsersUpdateParams = Wire<typeof UsersUpdateParams>;

export const UsersUpdateResult = Type.Object({ user: User });
export type UsersUpdateResult = Wire<typeof UsersUpdateResult>;

export const UsersSearchParams = Type.Object({
  query: Type.String({
    minLength: 1,
    maxLength: LIMITS.maxUsernameLength,
    description: 'How the username or the display name begins, in any case.',
  }),
  cursor: Type.Optional(Cursor),
});
export type UsersSearchParams = Wire<typeof UsersSearchParams>;

export const UsersSearchResult = Type.Object({
  users: Type.Array(User, { description: 'In the order of the names that fit.' }),
  cursor: Type.Optional(Cursor),
});
export type UsersSearchResult = Wire<typeof UsersSearchResult>;

const PresenceAudience = Type.Union([Type.Literal('everyone'), Type.Literal('contacts'), Type.Literal('nobody')], {
  description: 'Who sees whether the user is there.',
});
const Receipts = Type.Boolean({ description: 'Whether others see how far the user has read.' });
const Discoverable = Type.Boolean({ description: 'Whether `users.search` finds the user.' });

export const UserSettings = Type.Object(
  { presence: PresenceAudience, receipts: Receipts, discoverable: Discoverable },
  { description: "The user's own settings." },
);
export type UserSettings = Wire<typeof UserSettings>;

export const UsersSetParams = Type.Object({
  presence: Type.Optional(PresenceAudience),
  receipts: Type.Optional(Receipts),
  discoverable: Type.Optional(Discoverable),
});
export type UsersSetParams = Wire<typeof UsersSetParams>;
