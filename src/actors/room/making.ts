/** Making: a room that does not exist yet is stored, with its first members. */
import type { Context } from '../../runtime/context.ts';
import type { Fault } from '../../runtime/reply.ts';
import type { RoomKind, RoomRecord, RoomRole } from '../../storage/ports/records.ts';
import { askPeople } from '../storage/people.ts';
import { askRecords } from '../storage/records.ts';
import type { StoredRoom } from './loading.ts';
import type { Person, RoomMessage } from './messages.ts';
import { UNWELCOME } from './permissions.ts';
import { INITIAL_FIELDS } from './state.ts';
import { Wishes } from './wishes.ts';

export interface NewRoom {
  readonly kind: RoomKind;
  readonly title: string;
  readonly people: readonly Person[];
  /** Who is answered with the room as they see it. */
  readonly viewer: string;
  readonly wishes: Wishes;
}

/** What the two of a direct room want; a refusal where it cannot be read, and for whom the other has blocked. */
export function wishesBetween(
  context: Context<RoomMessage>,
  user: string,
  other: string,
  then: (wishes: Wishes | Fault) => void,
): void {
  askPeople(context, 'blockersBetween', [user, other], (reply) => {
    if (!reply.ok) return then(reply.fault);
    if (reply.value.includes(other)) return then(UNWELCOME);
    const wishes = new Wishes();
    wishes.blockedBy(reply.value);
    then(wishes);
  });
}

/** Undefined where the outcome is unknown, or the room was there already. */
export function storeRoom(
  context: Context<RoomMessage>,
  { kind, title, people, wishes }: NewRoom,
  then: (made: StoredRoom | undefined) => void,
): void {
  const { id } = context.self;
  const record: RoomRecord = {
    id,
    kind,
    title,
    log: context.newId(),
    version: 1,
    createdAt: context.wallMs(),
  };
  const roleOf = (index: number): RoomRole => (kind !== 'direct' && index === 0 ? 'owner' : 'member');
  const members = people.map(({ id: user, username }, index) => ({
    user,
    username,
    role: roleOf(index),
    read: 0,
    joinedVersion: 1,
    joinedSeq: 0,
  }));
  const governance = {
    fields: { ...INITIAL_FIELDS, title },
    floor: 0,
    deletedAt: 0,
    createdAt: record.createdAt,
    mutes: [],
  };
  const stored = members.map(({ user, role }) => ({ user, role }));
  askRecords(context, 'createRoom', [record, stored], (reply) => {
    if (!reply.ok || !reply.value) then(undefined);
    else
      then({ record, members, head: { seq: 0, change: 0 }, reading: { marked: [], hiders: [] }, governance, wishes });
  });
}
