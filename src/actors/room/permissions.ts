/** Who may do what in a room: the one place where that is decided. Nobody else looks at roles. */
import { type Fault, fault } from '../../protocol/faults.ts';
import type { RoomRole } from '../../storage/ports/records.ts';
import type { Member, RoomState } from './state.ts';

/** What can be asked of a room that exists. */
export type RoomAction = 'look' | 'post' | 'mark-read' | 'join' | 'invite' | 'leave';

type Decision = Fault | undefined;
type Rule = (state: RoomState, role: RoomRole) => Decision;

const ABSENT = fault('not_found', 'there is no such room');
const NO_MEMBER = fault('forbidden', 'not a member of this room');
const allowed: Rule = () => undefined;

/** What members may do, by their role and the room's state. */
const RULES: Readonly<Record<RoomAction, Rule>> = {
  look: allowed,
  post: allowed,
  'mark-read': allowed,
  join: allowed,
  invite: ({ kind }) => (kind === 'direct' ? fault('forbidden', 'a direct room has two members') : undefined),
  leave: ({ kind }) => (kind === 'direct' ? fault('forbidden', 'nobody leaves a direct room') : undefined),
};

/** The refusal, or undefined where it is allowed. Who is no member of a direct room is not told that there is one. */
export function refusalOf(action: RoomAction, state: RoomState, member: Member | undefined): Fault | undefined {
  if (member !== undefined) return RULES[action](state, member.role);
  if (state.kind === 'direct') return ABSENT;
  return action === 'join' ? undefined : NO_MEMBER;
}
