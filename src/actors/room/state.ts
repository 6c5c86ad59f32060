/** What an open room holds in memory. The parts of the room actor share it; nobody else sees it. */
import type { RoomFields } from '../../storage/ports/governance.ts';
import type { RoomKind, RoomRole } from '../../storage/ports/records.ts';
import type { LedgerEntry } from './ledger.ts';
import type { Mentions } from './mentions.ts';
import type { KnownState } from './message-state.ts';
import type { Person, RoomExtras, RoomView } from './messages.ts';
import { visibleFrom } from './permissions.ts';
import type { Tail, TailEntry } from './tail.ts';
import type { Wishes } from './wishes.ts';

export interface Member {
  readonly user: string;
  readonly username: string;
  role: RoomRole;
  read: number;
  /** Newest seq of the room when they joined. */
  readonly joinedSeq: number;
}

/** A change in the tail: `seq` is its own number. */
export interface ChangeEntry extends TailEntry {
  /** The message that it changed. */
  readonly target: number;
  /** What the message has come to be with it. */
  readonly known: KnownState;
}

export interface RoomState {
  readonly id: string;
  readonly kind: RoomKind;
  readonly log: string;
  readonly createdAt: number;
  /** Replaced as a whole. */
  fields: RoomFields;
  /** Messages up to here are gone. */
  floor: number;
  /** 0: it is not deleted. */
  deletedAt: number;
  /** Until when, by user; those that are over may be there still. */
  readonly mutes: Map<string, number>;
  version: number;
  /** Newest durable message: what members may know of. */
  seq: number;
  /** Newest durable change. */
  change: number;
  /** In the order of joining. */
  readonly members: Map<string, Member>;
  readonly tail: Tail;
  readonly wishes: Wishes;
  readonly mentions: Mentions;
  readonly changes: Tail<ChangeEntry>;
  readonly entry: LedgerEntry;
  /** Up to this many members everybody sees who has read. */
  readonly receiptsUpTo: number;
  /** Users who have marked the room as unread. */
  readonly marked: Set<string>;
  /** Users who have hidden messages, with how many. */
  readonly hiders: Map<string, number>;
}

export const INITIAL_FIELDS: Omit<RoomFields, 'title'> = {
  topic: '',
  avatar: '',
  announcement: false,
  slowMode: 0,
  joinPolicy: 'open',
  past: 'all',
};

/** How many of the room's changes are to be read from the store: all that are not in the tail. */
export function changesInStore({ change, changes }: RoomState): number {
  return Math.min(change, changes.firstSeq - 1);
}

/** The newest state of a message that the tail of changes has. */
export function newestState({ changes }: RoomState, seq: number): KnownState | undefined {
  return changes.entries().findLast(({ target }) => target === seq)?.known;
}

/** The room as the member stands in it. */
export function viewOf(state: RoomState, member: Member): RoomView {
  const { id, kind, fields, seq, change, log, version } = state;
  const { title } = fields;
  const extras = extrasOf(state, member);
  const view: RoomView = {
    room: id,
    kind,
    title,
    seq,
    change,
    log,
    version,
    read: member.read,
    role: member.role,
    extras,
  };
  const peer = kind === 'direct' ? peerOf(state, member.user) : undefined;
  const hidden = state.hiders.get(member.user);
  return {
    ...view,
    ...(peer === undefined ? {} : { peer }),
    ...(state.marked.has(member.user) ? { marked: true } : {}),
    ...(hidden === undefined ? {} : { hidden }),
  };
}

/** Only what is not as it is in most rooms. */
function extrasOf(state: RoomState, member: Member): RoomExtras {
  const { title: _, ...fields } = state.fields;
  const initial: Readonly<Record<string, unknown>> = INITIAL_FIELDS;
  const set = Object.entries(fields).filter(([name, value]) => value !== initial[name]);
  const until = state.mutes.get(member.user);
  const from = visibleFrom(state, member);
  return {
    ...Object.fromEntries(set),
    ...(until === undefined ? {} : { muted: until }),
    ...(from === 1 ? {} : { from }),
  };
}

function peerOf(state: RoomState, user: string): Person | undefined {
  for (const member of state.members.values()) {
    if (member.user !== user) return { id: member.user, username: member.username };
  }
  return undefined;
}
