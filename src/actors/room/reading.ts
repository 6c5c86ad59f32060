/** What a room answers about reading: who has read what, and what a member is shown. */
import { fault } from '../../protocol/faults.ts';
import { encodeNotification } from '../../protocol/frames/rpc.ts';
import { LIMITS } from '../../protocol/limits.ts';
import type { Context } from '../../runtime/context.ts';
import { askReading } from '../storage/reading.ts';
import { userKind } from '../user/messages.ts';
import { askHidden } from './hidden.ts';
import type {
  HideMessages,
  ListHidden,
  ListReaders,
  LookAtSeqs,
  MarkRead,
  MarkUnread,
  ReadersPage,
  RoomMessage,
} from './messages.ts';
import { refusalOf, visibleFrom } from './permissions.ts';
import type { ReadPositions } from './read-positions.ts';
import type { Member, RoomState } from './state.ts';

/** The parts of the room that answering works on. */
interface ReadingRoom {
  readonly state: RoomState;
  readonly reads: ReadPositions;
}

export type ReadingMessage = MarkRead | MarkUnread | LookAtSeqs | HideMessages | ListHidden | ListReaders;

const READERS_PAGE = 200;
const UNKNOWN_CURSOR = fault('invalid', 'the cursor is not known any more; start again');
const AHEAD = fault('invalid', 'params.seqs: the room has no such message');
const TOO_MANY = fault('too_large', `a user hides at most ${LIMITS.maxHiddenMessages} messages of a room`);

export function answerReading(context: Context<RoomMessage>, room: ReadingRoom, message: ReadingMessage): void {
  const { state } = room;
  const member = state.members.get(message.user);
  const refusal = refusalOf(message.type === 'mark-read' ? 'mark-read' : 'look', state, member, context.wallMs());
  if (refusal !== undefined) return context.fail(refusal);
  if (member === undefined) throw new Error('whoever is no member is refused');
  switch (message.type) {
    case 'mark-read':
      return markRead(context, room, member, message);
    case 'mark-unread':
      return markUnread(context, state, message);
    case 'visible':
      return visible(context, state, message);
    case 'hide':
      return hide(context, state, message);
    case 'hidden':
      return listHidden(context, state, message);
    case 'readers':
      return listReaders(context, state, message);
  }
}

/** Reading takes the mark off: first, so that nobody who was answered finds it again. */
function markRead(
  context: Context<RoomMessage>,
  { state, reads }: ReadingRoom,
  member: Member,
  { user, seq }: MarkRead,
): void {
  const replyTo = context.replyTo();
  if (!state.marked.has(user)) return reads.mark(member, seq, replyTo);
  askReading(context, 'mark', [state.id, user, false], (reply) => {
    if (!reply.ok) return replyTo?.settle(undefined, reply.fault);
    marked(context, state, user, false);
    reads.mark(member, seq, replyTo);
  });
}

function markUnread(context: Context<RoomMessage>, state: RoomState, { user, unread }: MarkUnread): void {
  const replyTo = context.replyTo();
  askReading(context, 'mark', [state.id, user, unread], (reply) => {
    if (reply.ok) marked(context, state, user, unread);
    replyTo?.settle({}, reply.ok ? undefined : reply.fault);
  });
}

function marked(context: Context<RoomMessage>, { id, marked: all }: RoomState, user: string, unread: boolean): void {
  if (all.has(user) === unread) return;
  if (unread) all.add(user);
  else all.delete(user);
  tellDevices(context, user, encodeNotification('marked', { room: id, unread }));
}

function visible(context: Context<RoomMessage>, state: RoomState, { user, seqs }: LookAtSeqs): void {
  const from = visibleFrom(state, state.members.get(user));
  const there = seqs.filter((seq) => seq >= from && seq <= state.seq);
  if (there.length === 0) return context.reply({ seqs: [] });
  const replyTo = context.replyTo();
  askHidden(context, state, user, [Math.min(...there), Math.max(...there)], (reply) => {
    if (reply.ok) replyTo?.settle({ seqs: there.filter((seq) => !reply.value.has(seq)) }, undefined);
    else replyTo?.settle(undefined, reply.fault);
  });
}

function hide(context: Context<RoomMessage>, state: RoomState, { user, seqs }: HideMessages): void {
  if (seqs.some((seq) => seq > state.seq)) return context.fail(AHEAD);
  if (seqs.length === 0) return context.reply({});
  const replyTo = context.replyTo();
  askReading(context, 'hide', [state.id, user, seqs, LIMITS.maxHiddenMessages], (reply) => {
    if (!reply.ok) return replyTo?.settle(undefined, reply.fault);
    const hidden = reply.value;
    if (hidden === null) return replyTo?.settle(undefined, TOO_MANY);
    state.hiders.set(user, hidden);
    tellDevices(context, user, encodeNotification('hidden', { room: state.id, seqs, hidden }));
    replyTo?.settle({}, undefined);
  });
}

function listHidden(context: Context<RoomMessage>, state: RoomState, { user }: ListHidden): void {
  const replyTo = context.replyTo();
  askHidden(context, state, user, [1, state.seq], (reply) => {
    if (reply.ok) replyTo?.settle({ seqs: [...reply.value] }, undefined);
    else replyTo?.settle(undefined, reply.fault);
  });
}

/** Everybody but who asks, and who wants not to be shown. */
function listReaders(context: Context<RoomMessage>, state: RoomState, { user, seq, cursor }: ListReaders): void {
  const shown = (member: Member): boolean => member.user !== user && !state.wishes.hidesReceipts(member.user);
  const all = [...state.members.values()].filter((member) => member.read >= seq && shown(member));
  if (state.members.size > state.receiptsUpTo) return context.reply({ count: all.length } satisfies ReadersPage);
  const start = cursor === undefined ? 0 : all.findIndex((member) => member.user === cursor) + 1;
  if (start === 0 && cursor !== undefined) return context.fail(UNKNOWN_CURSOR);
  const page = all.slice(start, start + READERS_PAGE);
  const readers = page.map(({ user: id, username, read }) => ({ user: id, username, read }));
  const last = readers.at(-1);
  const more = last !== undefined && start + readers.length < all.length;
  context.reply({ count: all.length, readers, ...(more ? { cursor: last.user } : {}) } satisfies ReadersPage);
}

/** To all sessions of the user. At most once; the room's entry says it to those that come later. */
function tellDevices(context: Context<RoomMessage>, user: string, frame: Uint8Array): void {
  context.tell(context.ref(userKind, user), { type: 'notify', frame });
}
