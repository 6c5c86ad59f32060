/** Read positions: gathered for a moment, written in one go, then answered and shown to others. */

import { encodeNotification } from '../../protocol/frames/rpc.ts';
import type { Context } from '../../runtime/context.ts';
import type { CancelTimer } from '../../runtime/host.ts';
import type { ReplyTo } from '../../runtime/reply.ts';
import { askRecords } from '../storage/records.ts';
import { userKind } from '../user/messages.ts';
import type { Delivery } from './delivery.ts';
import type { RoomMessage } from './messages.ts';
import type { Member, RoomState } from './state.ts';

const GATHER_MS = 100;
const GATHER_OWN_MS = 5_000;

export class ReadPositions {
  readonly #context: Context<RoomMessage>;
  readonly #state: RoomState;
  readonly #delivery: Delivery;
  #dirty = new Set<Member>();
  /** Positions that are being written. */
  #written = new Set<Member>();
  #waiters: ReplyTo[] = [];
  /** When the next write begins, by the monotonic clock; infinite if none is to come. */
  #dueMs = Number.POSITIVE_INFINITY;
  #cancelTimer: CancelTimer | undefined;
  #writing = false;

  constructor(context: Context<RoomMessage>, state: RoomState, delivery: Delivery) {
    this.#context = context;
    this.#state = state;
    this.#delivery = delivery;
  }

  get idle(): boolean {
    return this.#dueMs === Number.POSITIVE_INFINITY && !this.#writing;
  }

  /** Writes what has gathered now: the room is about to go. */
  flush(): void {
    if (this.#dirty.size > 0 && !this.#writing) this.#write();
  }

  /** Raises the position; one that is written already, or a lower one, is answered at once. */
  mark(member: Member, seq: number, replyTo: ReplyTo | undefined): void {
    const read = Math.min(seq, this.#state.seq);
    if (read <= member.read && !this.#dirty.has(member) && !this.#written.has(member)) {
      replyTo?.settle({}, undefined);
      return;
    }
    member.read = Math.max(member.read, read);
    this.#dirty.add(member);
    if (replyTo !== undefined) this.#waiters.push(replyTo);
    this.#schedule(GATHER_MS);
  }

  /** Who posts has read up to there. Kept in no hurry: after a crash the last own posts may count as unread. */
  markOwn(member: Member, seq: number): void {
    if (member.read !== seq - 1) return;
    member.read = seq;
    this.#dirty.add(member);
    this.#schedule(GATHER_OWN_MS);
  }

  /** The sooner of two times counts: somebody waits for an answer. */
  #schedule(delayMs: number): void {
    const dueMs = this.#context.monotonicMs() + delayMs;
    if (this.#writing || dueMs >= this.#dueMs) return;
    this.#cancelTimer?.();
    this.#dueMs = dueMs;
    this.#cancelTimer = this.#context.after(delayMs, () => this.#write());
  }

  #write(): void {
    this.#cancelTimer?.();
    const members = [...this.#dirty];
    this.#written = this.#dirty;
    const waiters = this.#waiters;
    this.#dirty = new Set();
    this.#waiters = [];
    this.#dueMs = Number.POSITIVE_INFINITY;
    this.#writing = true;
    const reads = members.map((member) => ({ room: this.#state.id, user: member.user, seq: member.read }));
    askRecords(this.#context, 'saveReads', [reads], (reply) => {
      this.#writing = false;
      this.#written = new Set();
      if (reply.ok) this.#show(members);
      else for (const member of members) this.#dirty.add(member);
      for (const waiter of waiters) waiter.settle({}, reply.ok ? undefined : reply.fault);
      if (this.#dirty.size > 0) this.#schedule(GATHER_MS);
    });
  }

  /** In a large room, and where the reader wants it so, only the reader's own devices see it. */
  #show(members: readonly Member[]): void {
    const { wishes, receiptsUpTo } = this.#state;
    const isSmall = this.#state.members.size <= receiptsUpTo;
    for (const { user, read } of members) {
      const toAll = isSmall && !wishes.hidesReceipts(user);
      const frame = encodeNotification('read', { room: this.#state.id, user, seq: read });
      const { id, version } = this.#state;
      if (toAll) this.#delivery.send({ type: 'announce', room: id, version, change: false, frame });
      else this.#context.tell(this.#context.ref(userKind, user), { type: 'notify', frame });
    }
  }
}
