/** `users.*`: params and results. */
import { Type } from '@sinclair/typebox';
import { LIMITS } from '../limits.ts';
import { id, User, Username, type Wire } from './common.ts';

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
