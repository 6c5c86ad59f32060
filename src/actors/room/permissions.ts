/** Who may do what in a room: the one place where that is decided. Nobody else looks at roles. */
import { type Fault, fault } from '../../protocol/faults.ts';
import type { RoomRole } from '../../storage/ports/records.ts';
import type { Change } from './messages.ts';
import type { Member, RoomState } from './state.ts';

/** What can be asked of a room that exists. */
export type RoomAction = keyof typeof PERMISSIONS;

/** How somebody stands to a room. `muted` is a member who may not talk for a while; `banned` is no member either. */
export type Standing = RoomRole | 'muted' | 'none' | 'banned';

type Decision = Fault | undefined;

/**
 * Who may, one letter each: **o**wner, **a**dmin, **m**ember, m**u**ted member, **n**o member, **b**anned. `any` holds in
 * groups and channels; the columns after it narrow it where the room is for announcements, lets in by approval, or by
 * invitation. `direct` alone holds in direct rooms.
 */
interface Row {
  readonly any: string;
  readonly announced?: string;
  readonly approval?: string;
  readonly invite?: string;
  readonly direct: string;
}

export const PERMISSIONS = {
  look: { any: 'oamu', direct: 'oamu' },
  /** The one room between two users, by `rooms.direct`. */
  open: { any: 'oamu', direct: 'oamu' },
  post: { any: 'oam', announced: 'oa', direct: 'oamu' },
  type: { any: 'oam', announced: 'oa', direct: 'oamu' },
  'mention-all': { any: 'oa', direct: 'oamu' },
  react: { any: 'oam', direct: 'oamu' },
  pin: { any: 'oa', direct: 'oamu' },
  'recall-any': { any: 'oa', direct: '' },
  'mark-read': { any: 'oamu', direct: 'oamu' },
  leave: { any: 'oamu', direct: '' },
  /** By the room's id. */
  join: { any: 'oamun', approval: 'oamu', invite: 'oamu', direct: 'oamu' },
  /** By a link, or because somebody who may has let them in. */
  enter: { any: 'oamun', direct: '' },
  invite: { any: 'oamu', approval: 'oa', invite: 'oa', direct: '' },
  'decide-requests': { any: 'oa', direct: '' },
  'manage-links': { any: 'oa', direct: '' },
  update: { any: 'oa', direct: '' },
  kick: { any: 'oa', direct: '' },
  ban: { any: 'oa', direct: '' },
  mute: { any: 'oa', direct: '' },
  'set-role': { any: 'o', direct: '' },
  transfer: { any: 'o', direct: '' },
  delete: { any: 'o', direct: '' },
} as const satisfies Record<string, Row>;

const LETTERS: Readonly<Record<Standing, string>> = {
  owner: 'o',
  admin: 'a',
  member: 'm',
  muted: 'u',
  none: 'n',
  banned: 'b',
};
const RANK: Readonly<Record<RoomRole, number>> = { member: 0, admin: 1, owner: 2 };

const ABSENT = fault('not_found', 'there is no such room');
/** What one who is blocked is told, and no more. */
export const UNWELCOME = fault('forbidden', 'this user cannot be written to');
/** What the other of a direct room does not want of one whom they have blocked. */
const UNWANTED: ReadonlySet<RoomAction> = new Set(['open', 'post', 'react', 'pin', 'type']);
const NO_MEMBER = fault('forbidden', 'not a member of this room');
const BANNED = fault('forbidden', 'banned from this room');
const MUTED = fault('forbidden', 'muted in this room');
const NOT_HERE = fault('forbidden', 'a direct room has its two members, and no owner');
const ANNOUNCED = fault('forbidden', 'only owner and admins post in this room');
const NO_INVITING = fault('forbidden', 'owner and admins decide who joins this room');
const BY_INVITATION = fault('forbidden', 'joining this room takes an invitation');
/** What who may only ask hears, once their request is kept. */
export const ASKED: Fault = fault('forbidden', 'owner and admins of this room were asked; they decide');
const RULERS = fault('forbidden', 'only owner and admins may do that');
const OWNER = fault('forbidden', 'only the owner may do that');
const NOT_YOURS = fault('forbidden', 'only its author may do that');
const TOO_LATE = fault('forbidden', 'it is too late for that');
const ABOVE = fault('forbidden', 'that takes a higher role than theirs');

/** The refusal, or undefined where it is allowed. Who is no member of a direct room is not told that there is one. */
export function refusalOf(action: RoomAction, state: RoomState, member: Member | undefined, nowMs: number): Decision {
  if (member !== undefined && UNWANTED.has(action) && state.wishes.isBlocked(member.user)) return UNWELCOME;
  return refusalFor(action, state, standingOf(state, member, nowMs));
}

export function refusalFor(action: RoomAction, state: RoomState, standing: Standing): Decision {
  const outside = standing === 'none' || standing === 'banned';
  if (state.deletedAt !== 0 || (state.kind === 'direct' && outside)) return ABSENT;
  return mayBy(PERMISSIONS[action], state, standing) ? undefined : reasonFor(action, state, standing);
}

/** What is done to another member takes a higher role than theirs. */
export function refusalOver(by: Member | undefined, target: Member | undefined): Decision {
  if (by === undefined || target === undefined) return undefined;
  return RANK[by.role] > RANK[target.role] ? undefined : ABOVE;
}

export function standingOf({ mutes }: RoomState, member: Member | undefined, nowMs: number): Standing {
  if (member === undefined) return 'none';
  return member.role === 'member' && (mutes.get(member.user) ?? 0) > nowMs ? 'muted' : member.role;
}

/** Only they have a say in who is in the room: who is told of requests to join, and takes over from an owner first. */
export function rules(role: RoomRole): boolean {
  return RANK[role] > RANK.member;
}

/** Whether the room's slow mode counts for them. */
export function isSlowed(state: RoomState, member: Member): boolean {
  return state.fields.slowMode > 0 && !rules(member.role);
}

/** Lowest seq that the member may see: what is before went with its time, or was before they joined. */
export function visibleFrom({ fields, floor }: RoomState, member: Member | undefined): number {
  const joined = member !== undefined && fields.past === 'joined' ? member.joinedSeq : 0;
  return Math.max(floor, joined) + 1;
}

/** Whether only owner and admins talk. */
export function isAnnounced({ kind, fields }: RoomState): boolean {
  return kind === 'channel' || fields.announcement;
}

function mayBy(row: Row, state: RoomState, standing: Standing): boolean {
  const letter = LETTERS[standing];
  if (state.kind === 'direct') return row.direct.includes(letter);
  const { joinPolicy } = state.fields;
  const narrowed = [
    row.any,
    isAnnounced(state) ? row.announced : undefined,
    joinPolicy === 'open' ? undefined : row[joinPolicy],
  ];
  return narrowed.every((may) => may === undefined || may.includes(letter));
}

function reasonFor(action: RoomAction, state: RoomState, standing: Standing): Fault {
  if (standing === 'banned') return BANNED;
  if (state.kind === 'direct') return NOT_HERE;
  if (action === 'join') return state.fields.joinPolicy === 'approval' ? ASKED : BY_INVITATION;
  if (standing === 'none') return NO_MEMBER;
  if (action === 'invite') return NO_INVITING;
  if (action === 'post' || action === 'type') return isAnnounced(state) ? ANNOUNCED : MUTED;
  if (action === 'react') return MUTED;
  return (PERMISSIONS[action] as Row).any === 'o' ? OWNER : RULERS;
}

/** How long after posting authors may change what they wrote. */
export interface ChangeWindows {
  readonly editMs: number;
  readonly recallMs: number;
}

/** What of a message and of the moment decides. */
interface ChangeFacts {
  readonly nowMs: number;
  readonly ageMs: number;
  readonly isOwn: boolean;
  readonly windows: ChangeWindows;
}

/** The server itself takes back what it likes, where there is a room. */
export function officialRefusalOf(state: RoomState): Fault | undefined {
  return state.deletedAt === 0 ? undefined : ABSENT;
}

/** Whether the member may change this message in this way. Who was denied posting may still take back what they wrote. */
export function changeRefusalOf(
  kind: Change['kind'],
  state: RoomState,
  member: Member | undefined,
  { nowMs, ageMs, isOwn, windows }: ChangeFacts,
): Fault | undefined {
  const refused = (action: RoomAction): Fault | undefined => refusalOf(action, state, member, nowMs);
  switch (kind) {
    case 'edited':
      if (!isOwn) return refused('look') ?? NOT_YOURS;
      return refused('post') ?? (ageMs > windows.editMs ? TOO_LATE : undefined);
    case 'recalled': {
      const isRefused = refused('recall-any');
      if (!isOwn) return isRefused;
      const isLate = ageMs > windows.recallMs && isRefused !== undefined;
      return refused('look') ?? (isLate ? TOO_LATE : undefined);
    }
    case 'reacted':
      return refused('react');
    case 'pinned':
      return refused('pin');
  }
}
