/** Members in pages: the order is that of joining, and a page goes on after the last user of the one before. */
import type { RoomRole } from '../../storage/ports/records.ts';
import type { MembersPage } from './messages.ts';
import type { RoomState } from './state.ts';

const MEMBERS_PAGE = 200;

/** Undefined where the user that the cursor names is no member any more. Who wants it so has read nothing, for all others. */
export function membersPage(
  state: RoomState,
  cursor: string | undefined,
  role?: RoomRole,
  viewer?: string,
): MembersPage | undefined {
  const everybody = [...state.members.values()];
  const all = role === undefined ? everybody : everybody.filter((member) => member.role === role);
  const start = cursor === undefined ? 0 : all.findIndex((member) => member.user === cursor) + 1;
  if (start === 0 && cursor !== undefined) return undefined;
  const isShown = (user: string): boolean => user === viewer || !state.wishes.hidesReceipts(user);
  const members = all
    .slice(start, start + MEMBERS_PAGE)
    .map(({ user, username, role, read }) => ({ user, username, role, read: isShown(user) ? read : 0 }));
  const last = members.at(-1);
  const more = last !== undefined && start + members.length < all.length;
  return more ? { members, cursor: last.user } : { members };
}
