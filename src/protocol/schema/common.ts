/** Schemas that several methods share. */
import { type Static, type TSchema, Type } from '@sinclair/typebox';
import { LIMITS } from '../limits.ts';

/** What a schema describes, all of it readonly: a decoded message is shared and never changed. */
export type Wire<T extends TSchema> = Immutable<Static<T>>;

type Immutable<T> = T extends Uint8Array | string | number | boolean | undefined | null
  ? T
  : { readonly [K in keyof T]: Immutable<T[K]> };

/** Ids are ASCII, so that their length in bytes and in characters is the same. */
export const ID_PATTERN = `^[A-Za-z0-9_~-]{1,${LIMITS.maxIdLength}}$`;

export const id = (description: string) => Type.String({ pattern: ID_PATTERN, description });
export const uint = (description: string) =>
  Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description });
export const ordinal = (description: string) =>
  Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description });

export const RoomId = id('Room.');
export const Cursor = Type.String({
  minLength: 1,
  maxLength: LIMITS.maxCursorLength,
  description: 'Opaque: hand it back to get the next page. Absent: this is the last page.',
});
export const Username = Type.String({ minLength: 1, maxLength: LIMITS.maxUsernameLength, description: 'Unique name.' });
export const Title = Type.String({ maxLength: LIMITS.maxTitleLength, description: 'Empty in direct rooms.' });

export const RoomKind = Type.Union([Type.Literal('group'), Type.Literal('channel'), Type.Literal('direct')], {
  description: 'Kind of room. In a channel only owner and admins post.',
});
export type RoomKind = Wire<typeof RoomKind>;

export const RoomRole = Type.Union([Type.Literal('owner'), Type.Literal('admin'), Type.Literal('member')], {
  description: 'Role of a member.',
});
export type RoomRole = Wire<typeof RoomRole>;

export const DisplayName = Type.String({
  maxLength: LIMITS.maxDisplayNameLength,
  description: 'Name to show in the place of the username.',
});
export const About = Type.String({
  maxLength: LIMITS.maxAboutLength,
  description: 'What a user says about themselves.',
});

export const User = Type.Object(
  {
    id: id('User.'),
    username: Username,
    displayName: Type.Optional(DisplayName),
    avatar: Type.Optional(id('File of the picture.')),
    about: Type.Optional(About),
  },
  { description: 'A user as others see them. What they have not set is absent, and so is their profile within rooms.' },
);
export type User = Wire<typeof User>;

export const Empty = Type.Object({});
export type Empty = Wire<typeof Empty>;
