/** What an open room holds in memory. The parts of the room actor share it; nobody else sees it. */
import type { RoomKind, RoomRole } from '../../storage/ports/records.ts';
import type { LedgerEntry } from './ledger.ts';
import type { Person, RoomView } from './messages.ts';
import type { Tail } from './tail.ts';

export interface Member {
  readonly user: string;
  readonly username: string;
  readonly role: RoomRole;
  read: number;
}

export interface RoomState {
  readonly id: string;
  readonly kind: RoomKind;
  readonly title: string;
  readonly log: string;
  version: number;
  /** Newest durable message: what members may know of. */
  seq: number;
  readonly change: number;
  /** In the order of joining. */
  readonly members: Map<string, Member>;
  readonly tail: Tail;
  readonly entry: LedgerEntry;
  /** Up to this many members everybody sees who has read. */
  readonly receiptsUpTo: number;
  /** Users who have marked the room as unread. */
  readonly marked: Set<string>;
  /** Users who have hidden messages, with how many. */
  readonly hiders: Map<string, number>;
}

/** The room as the member stands in it. */
export function viewOf(state: RoomState, member: Member): RoomView {
  const { id, kind, title, seq, change, log, version } = state;
  const view: RoomView = { room: id, kind, title, seq, change, log, version, read: member.read, role: member.role };
  const peer = kind === 'direct' ? peerOf(state, member.user) : undefined;
  const hidden = state.hiders.get(member.user);
  return {
    ...view,
    ...(peer === undefined ? {} : { peer }),
    ...(state.marked.has(member.user) ? { marked: true } : {}),
    ...(hidden === undefined ? {} : { hidden }),
  };
}

function peerOf(state: RoomState, user: string): Person | undefined {
  for (const member of state.members.values()) {
    if (member.user !== user) return { id: member.user, username: member.username };
  }
  return undefined;
}
