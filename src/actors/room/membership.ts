/** Membership: who is in the room. One change at a time: first the records, then memory, then everybody who must know. */

import { fault } from '../../protocol/faults.ts';
import { encodeNotification } from '../../protocol/frames/rpc.ts';
import type { Context } from '../../runtime/context.ts';
import type { Reply, ReplyTo } from '../../runtime/reply.ts';
import { askRecords } from '../storage/records.ts';
import type { Delivery } from './delivery.ts';
import type { Person, RoomMessage } from './messages.ts';
import { type Member, type RoomState, viewOf } from './state.ts';
import { Tellings } from './tellings.ts';

const MAX_WAITING_CHANGES = 1_024;
const RECONCILE_MS = 500;

const NO_STORAGE = fault('unavailable', 'membership cannot be changed now', 1_000);

export class Membership {
  readonly #context: Context<RoomMessage>;
  readonly #state: RoomState;
  readonly #delivery: Delivery;
  readonly #tellings: Tellings;
  readonly #waiting: (() => void)[] = [];
  #changing = false;

  constructor(context: Context<RoomMessage>, state: RoomState, delivery: Delivery) {
    this.#context = context;
    this.#state = state;
    this.#delivery = delivery;
    this.#tellings = new Tellings(context, state);
  }

  get idle(): boolean {
    return !this.#changing && this.#tellings.idle;
  }

  /** Makes the user a member, if they are none, and answers with the room as `viewer` sees it. */
  add(user: Person, viewer: string, replyTo: ReplyTo | undefined): void {
    this.#serially(replyTo, () => {
      if (this.#state.members.has(user.id)) {
        this.#answerView(viewer, replyTo);
        this.#next();
        return;
      }
      const read = this.#state.seq;
      const args = [this.#state.id, user.id, 'member', read, this.#state.version + 1] as const;
      askRecords(this.#context, 'addMember', [...args], (reply) => {
        if (reply.ok) this.#added({ user: user.id, username: user.username, role: 'member', read });
        this.#finish(reply, replyTo, () => this.#answerView(viewer, replyTo));
      });
    });
  }

  remove(user: string, replyTo: ReplyTo | undefined): void {
    this.#serially(replyTo, () => {
      const member = this.#state.members.get(user);
      if (member === undefined) {
        replyTo?.settle(undefined, fault('not_found', 'not a member of this room'));
        this.#next();
        return;
      }
      askRecords(this.#context, 'removeMember', [this.#state.id, user, this.#state.version + 1], (reply) => {
        if (reply.ok) this.#removed(member);
        this.#finish(reply, replyTo, () => replyTo?.settle({ seq: this.#state.seq }, undefined));
      });
    });
  }

  /** Tells the user's sessions that they are in the room now. */
  welcome(user: string): void {
    this.#tellings.tell(user);
  }

  #added(member: Member): void {
    const { user, username, role } = member;
    this.#state.members.set(user, member);
    const version = this.#raiseVersion();
    const frame = encodeNotification('room', { room: this.#state.id, event: 'joined', version, user, username, role });
    this.#delivery.send({ type: 'announce', room: this.#state.id, version, change: true, frame });
    this.welcome(user);
  }

  #removed({ user, username }: Member): void {
    this.#state.members.delete(user);
    const version = this.#raiseVersion();
    const room = this.#state.id;
    const frame = encodeNotification('room', { room, event: 'left', version, user, username });
    this.#delivery.send({ type: 'removed', room, user, version, frame });
    this.#tellings.tell(user);
  }

  #raiseVersion(): number {
    this.#state.version += 1;
    this.#state.entry.version = this.#state.version;
    return this.#state.version;
  }

  #answerView(viewer: string, replyTo: ReplyTo | undefined): void {
    const member = this.#state.members.get(viewer);
    if (member === undefined) replyTo?.settle(undefined, fault('forbidden', 'not a member of this room'));
    else replyTo?.settle(viewOf(this.#state, member), undefined);
  }

  #finish(reply: Reply<boolean>, replyTo: ReplyTo | undefined, answer: () => void): void {
    if (!reply.ok) {
      replyTo?.settle(undefined, NO_STORAGE);
      this.#reconcile();
      return;
    }
    answer();
    this.#next();
  }

  /** The outcome of a change is unknown: the records say it once they can be read. Other changes wait for that. */
  #reconcile(): void {
    askRecords(this.#context, 'members', [this.#state.id], (reply) => {
      if (!reply.ok) {
        this.#context.after(RECONCILE_MS, () => this.#reconcile());
        return;
      }
      const stored = new Set(reply.value.map(({ user }) => user));
      for (const { user, username, role, read } of reply.value) {
        if (!this.#state.members.has(user)) this.#added({ user, username, role, read });
      }
      for (const member of [...this.#state.members.values()]) if (!stored.has(member.user)) this.#removed(member);
      this.#next();
    });
  }

  #serially(replyTo: ReplyTo | undefined, change: () => void): void {
    if (!this.#changing) {
      this.#changing = true;
      change();
    } else if (this.#waiting.length < MAX_WAITING_CHANGES) this.#waiting.push(change);
    else replyTo?.settle(undefined, fault('overloaded', 'too many changes of membership wait', 500));
  }

  #next(): void {
    const change = this.#waiting.shift();
    if (change === undefined) this.#changing = false;
    else change();
  }
}
