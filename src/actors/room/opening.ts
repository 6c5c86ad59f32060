/** Opening: from what is stored of a room to the parts that work on it. */
import type { Context } from '../../runtime/context.ts';
import { Announcer } from './announcer.ts';
import { Changes } from './changes.ts';
import { Delivery } from './delivery.ts';
import { Governing } from './governing.ts';
import type { RoomHome } from './home.ts';
import { type Ledger, LedgerEntry } from './ledger.ts';
import type { StoredRoom } from './loading.ts';
import { Membership, type MembershipLimits } from './membership.ts';
import { Mentions } from './mentions.ts';
import type { RoomMessage } from './messages.ts';
import type { ChangeWindows } from './permissions.ts';
import { Posting } from './posting.ts';
import { ReadPositions } from './read-positions.ts';
import type { Member, RoomState } from './state.ts';
import { Tail, type TailLimits } from './tail.ts';
import { Turns } from './turns.ts';
import { TypingMembers } from './typing.ts';

export interface OpeningOptions {
  /** Entries of this shard's rooms. */
  readonly ledger: Ledger;
  readonly tail: TailLimits;
  readonly windows: ChangeWindows;
  readonly limits: MembershipLimits;
  /** Up to this many members everybody sees who has read. */
  readonly receiptsUpTo: number;
  /** Largest room in which it is told who is writing. */
  readonly typingMembers?: number;
}

/** What only an existing room has. */
export interface Open {
  readonly state: RoomState;
  readonly delivery: Delivery;
  readonly posting: Posting;
  readonly changes: Changes;
  readonly announcer: Announcer;
  readonly membership: Membership;
  readonly governing: Governing;
  readonly reads: ReadPositions;
  readonly typing: TypingMembers;
}

export function openRoom(
  context: Context<RoomMessage>,
  options: OpeningOptions,
  home: RoomHome,
  found: StoredRoom,
): Open {
  const state = stateOf(found, options);
  const delivery = new Delivery(context, state.entry);
  const reads = new ReadPositions(context, state, delivery);
  const announcer = new Announcer(context, state, delivery);
  const turns = new Turns();
  const membership = new Membership(context, { state, announcer, turns }, options.limits);
  const governing = new Governing(context, { state, announcer, turns, membership });
  const posting = new Posting(context, { state, delivery, reads }, home);
  const typing = new TypingMembers(context, state, delivery, options.typingMembers);
  const changes = new Changes(context, { state, delivery }, home, options.windows);
  options.ledger.set(state.id, state.entry);
  if (state.deletedAt !== 0) governing.purge();
  return { state, delivery, posting, changes, announcer, membership, governing, reads, typing };
}

function stateOf(
  { record, members, head, reading, governance, wishes }: StoredRoom,
  { tail, receiptsUpTo }: OpeningOptions,
): RoomState {
  const { id, kind, log, version, createdAt } = record;
  const { fields, floor, deletedAt, mutes } = governance;
  const entry = new LedgerEntry();
  entry.seq = head.seq;
  entry.change = head.change;
  entry.version = version;
  const present = deletedAt === 0 ? members : [];
  return {
    id,
    kind,
    log,
    createdAt,
    fields,
    floor,
    deletedAt,
    mutes: new Map(mutes.map(({ user, until }) => [user, until])),
    version,
    seq: head.seq,
    change: head.change,
    members: new Map(
      present.map(({ user, username, role, read, joinedSeq }): [string, Member] => [
        user,
        { user, username, role, read, joinedSeq },
      ]),
    ),
    tail: new Tail(tail),
    wishes,
    mentions: new Mentions(head.seq),
    changes: new Tail(tail),
    entry,
    receiptsUpTo,
    marked: new Set(reading.marked),
    hiders: new Map(reading.hiders.map(({ user, count }) => [user, count])),
  };
}
