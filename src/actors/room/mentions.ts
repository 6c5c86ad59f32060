/**
 * Mentions: how many of a member's unread messages speak to them. The store counts those that it has; the newest are kept
 * here, so that nothing has to be written for anybody when a message is posted.
 */
import { EVERYBODY } from '../../protocol/frames/mentions.ts';
import type { Context } from '../../runtime/context.ts';
import { messageReaderKind } from '../storage/message-reader.ts';
import type { RoomMessage } from './messages.ts';
import { visibleFrom } from './permissions.ts';
import type { Member, RoomState } from './state.ts';

/** Messages that are kept; half of them go when there are more, as far as the store has them. */
const MAX_KEPT = 1_024;
/** Entering a room does not wait longer for it: then the figure is left out. */
const DEADLINE_MS = 1_000;

interface Spoken {
  readonly seq: number;
  readonly to: ReadonlySet<string>;
}

export class Mentions {
  /** Ascending. */
  #kept: Spoken[] = [];
  /** Messages from this seq on are known here, those below it to the store. */
  #from: number;

  /** The store has everything up to `head`. */
  constructor(head: number) {
    this.#from = head + 1;
  }

  /** A message became durable. `storedTo` is a seq up to which the store surely has all. */
  posted(seq: number, to: readonly string[] | undefined, everybody: boolean, storedTo: number): void {
    if (to === undefined && !everybody) return;
    this.#kept.push({ seq, to: new Set(everybody ? [...(to ?? []), EVERYBODY] : to) });
    const oldest = this.#kept[0]?.seq ?? seq;
    if (this.#kept.length > MAX_KEPT && oldest <= storedTo) this.#forget(storedTo);
  }

  /** Of the messages that are known here. */
  count(user: string, after: number): number {
    return this.#kept.filter(({ seq, to }) => seq > after && (to.has(user) || to.has(EVERYBODY))).length;
  }

  /** The last message that only the store knows of. */
  get storedTo(): number {
    return this.#from - 1;
  }

  #forget(storedTo: number): void {
    const half = this.#kept[MAX_KEPT / 2]?.seq ?? 0;
    this.#from = Math.max(this.#from, Math.min(half, storedTo + 1));
    this.#kept = this.#kept.filter(({ seq }) => seq >= this.#from);
  }
}

/** Mentions of these members among what they have not read, by user. Where the store cannot be asked, none is known. */
export function countMentions(
  context: Context<RoomMessage>,
  state: RoomState,
  members: readonly Member[],
  then: (counts: ReadonlyMap<string, number>) => void,
): void {
  const { id, mentions, seq } = state;
  const unread = members
    .filter((member) => member.read < seq)
    .map((member) => ({ user: member.user, read: Math.max(member.read, visibleFrom(state, member) - 1) }));
  const counted = (stored: ReadonlyMap<string, number>): void => {
    then(new Map(unread.map(({ user, read }) => [user, mentions.count(user, read) + (stored.get(user) ?? 0)])));
  };
  const to = mentions.storedTo;
  const users = unread.filter(({ read }) => read < to).map(({ user, read }) => ({ user, after: read }));
  if (users.length === 0) return counted(new Map());
  const query = { type: 'mentions', room: id, users, to } as const;
  context.ask(context.ref(messageReaderKind, 'all'), query, DEADLINE_MS, (reply) => {
    if (!reply.ok) return then(new Map());
    counted(new Map(users.map(({ user }, index) => [user, reply.value[index] ?? 0])));
  });
}
