/** Membership: who is in the room. One change at a time: first the records, then memory, then everybody who must know. */

import { type Fault, fault } from '../../protocol/faults.ts';
import { LIMITS } from '../../protocol/limits.ts';
import type { Context } from '../../runtime/context.ts';
import type { Reply, ReplyTo } from '../../runtime/reply.ts';
import type { MemberChange } from '../../storage/ports/governance.ts';
import { askGovernance } from '../storage/governance.ts';
import { askRecords } from '../storage/records.ts';
import type { Announcer, Removal } from './announcer.ts';
import type { Person, RoomMessage } from './messages.ts';
import { ASKED, type RoomAction, refusalFor, rules, type Standing } from './permissions.ts';
import { reconcile } from './reconciling.ts';
import { type Member, type RoomState, viewOf } from './state.ts';
import type { Turns } from './turns.ts';

export interface MembershipLimits {
  readonly maxMembers: number;
  readonly maxRoomsPerUser: number;
}

const NO_STORAGE = fault('unavailable', 'the room cannot be changed now', 1_000);
const NO_MEMBER = fault('not_found', 'not a member of this room');
const ROOM_FULL = fault('conflict', 'the room has as many members as it may');
const TOO_MANY_ROOMS = fault('conflict', 'the user is in as many rooms as they may be');
const TOO_MANY_REQUESTS = fault('overloaded', 'too many ask to join this room', 60_000);
const LINK_GONE = fault('not_found', 'the link is not valid any more');

/** The parts of the room that membership works on. */
interface MembershipRoom {
  readonly state: RoomState;
  readonly announcer: Announcer;
  readonly turns: Turns;
}

export class Membership {
  readonly #context: Context<RoomMessage>;
  readonly #state: RoomState;
  readonly #announcer: Announcer;
  readonly #turns: Turns;
  readonly #limits: MembershipLimits;

  constructor(context: Context<RoomMessage>, room: MembershipRoom, limits: MembershipLimits) {
    this.#context = context;
    this.#state = room.state;
    this.#announcer = room.announcer;
    this.#turns = room.turns;
    this.#limits = limits;
  }

  get idle(): boolean {
    return this.#turns.idle && this.#announcer.idle;
  }

  /** Makes the user a member, if they are none and may `enter` or `join`, and answers with the room as `viewer` sees it. */
  add(user: Person, as: 'join' | 'enter', viewer: string, replyTo: ReplyTo | undefined, onDone?: () => void): void {
    this.#turns.take(replyTo, () => {
      this.#admit(user, as, viewer, replyTo, () => {
        const read = this.#state.seq;
        // Who comes into an empty room has nobody above them.
        const role = this.#state.members.size === 0 ? 'owner' : 'member';
        const member = { user: user.id, username: user.username, role, read, joinedSeq: read } as const;
        const args = [this.#state.id, user.id, role, read, this.#state.version + 1] as const;
        askRecords(this.#context, 'addMember', [...args], (reply) => {
          this.written(reply, replyTo, () => {
            this.#announcer.added(member);
            this.#answerView(viewer, replyTo);
            onDone?.();
          });
        });
      });
    });
  }

  /** Makes the user a member where the link lets them in. */
  addByLink(user: Person, hash: string, replyTo: ReplyTo | undefined): void {
    this.#turns.take(replyTo, () => {
      this.#admit(user, 'enter', user.id, replyTo, () => {
        const { id, seq: read, version } = this.#state;
        const args = [id, hash, this.#context.wallMs(), user.id, read, version + 1] as const;
        askGovernance(this.#context, 'joinByLink', [...args], (reply) => {
          this.written(reply, replyTo, (outcome) => {
            if (outcome === 'gone') return replyTo?.settle(undefined, LINK_GONE);
            const { id: name, username } = user;
            this.#announcer.added({ user: name, username, role: 'member', read, joinedSeq: read });
            this.#answerView(user.id, replyTo);
          });
        });
      });
    });
  }

  /** An owner who leaves is followed by the oldest admin, or else the oldest member. */
  leave(user: string, replyTo: ReplyTo | undefined): void {
    this.#turns.take(replyTo, () => {
      const member = this.#state.members.get(user);
      const heir = member?.role === 'owner' ? this.#heirOf(user) : undefined;
      const changes: MemberChange[] = [{ user, role: 'none' }];
      if (heir !== undefined) changes.unshift({ user: heir.user, role: 'owner' });
      this.#change(changes, {}, replyTo, () => replyTo?.settle({ seq: this.#state.seq }, undefined));
    });
  }

  /** Sets roles and ends memberships, all of it or nothing. `mayStill` is asked when it is its turn. */
  change(
    changes: readonly MemberChange[],
    why: Removal,
    mayStill: () => Fault | undefined,
    replyTo: ReplyTo | undefined,
  ): void {
    this.#turns.take(replyTo, () => {
      const refusal = mayStill();
      if (refusal !== undefined) return this.#refuse(refusal, replyTo);
      this.#change(changes, why, replyTo, () => replyTo?.settle({ version: this.#state.version }, undefined));
    });
  }

  /** Takes the answer of a write: `apply` where it was made. Where nobody knows, the store is looked at. Ends the turn. */
  written<T>(reply: Reply<T>, replyTo: ReplyTo | undefined, apply: (value: T) => void): void {
    if (reply.ok) {
      apply(reply.value);
      this.#turns.next();
      return;
    }
    replyTo?.settle(undefined, NO_STORAGE);
    reconcile(this.#context, this.#state, this.#announcer, () => this.#turns.next());
  }

  #change(changes: readonly MemberChange[], why: Removal, replyTo: ReplyTo | undefined, answer: () => void): void {
    const members = changes.map(({ user }) => this.#state.members.get(user));
    if (members.some((member) => member === undefined)) return this.#refuse(NO_MEMBER, replyTo);
    const args = [this.#state.id, changes, this.#state.version + changes.length] as const;
    askGovernance(this.#context, 'changeMembers', [...args], (reply) => {
      this.written(reply, replyTo, () => {
        for (const [index, { role }] of changes.entries()) {
          const member = members[index] as Member;
          if (role === 'none') this.#announcer.removed(member, why);
          else this.#announcer.roleSet(member, role);
        }
        answer();
      });
    });
  }

  /** Goes on with `then` where the user may come in; else answers, and ends the turn. */
  #admit(
    user: Person,
    as: RoomAction & ('join' | 'enter'),
    viewer: string,
    replyTo: ReplyTo | undefined,
    then: () => void,
  ): void {
    if (this.#state.members.has(user.id)) {
      this.#answerView(viewer, replyTo);
      this.#turns.next();
      return;
    }
    const now = this.#context.wallMs();
    askGovernance(this.#context, 'candidate', [this.#state.id, user.id, now], (reply) => {
      if (!reply.ok) return this.#refuse(NO_STORAGE, replyTo);
      const { ban, rooms } = reply.value;
      const standing: Standing = ban === null ? 'none' : 'banned';
      const refusal = refusalFor(as, this.#state, standing);
      if (refusal === ASKED) this.#ask(user, replyTo);
      else if (refusal !== undefined) this.#refuse(refusal, replyTo);
      else if (this.#state.members.size >= this.#limits.maxMembers) this.#refuse(ROOM_FULL, replyTo);
      else if (rooms >= this.#limits.maxRoomsPerUser) this.#refuse(TOO_MANY_ROOMS, replyTo);
      else then();
    });
  }

  /** Keeps the request of who wants to join; a repeated one is kept once, and told of once. */
  #ask({ id: user, username }: Person, replyTo: ReplyTo | undefined): void {
    const { id: room } = this.#state;
    const args = [room, user, this.#context.wallMs(), LIMITS.maxRequestsPerRoom] as const;
    askGovernance(this.#context, 'request', [...args], (reply) => {
      if (reply.ok && reply.value) this.#announcer.requested(user, username);
      this.#refuse(!reply.ok ? NO_STORAGE : reply.value ? ASKED : TOO_MANY_REQUESTS, replyTo);
    });
  }

  #refuse(reason: Fault, replyTo: ReplyTo | undefined): void {
    replyTo?.settle(undefined, reason);
    this.#turns.next();
  }

  /** The members are in the order of joining. */
  #heirOf(owner: string): Member | undefined {
    const others = [...this.#state.members.values()].filter(({ user }) => user !== owner);
    return others.find(({ role }) => rules(role)) ?? others[0];
  }

  #answerView(viewer: string, replyTo: ReplyTo | undefined): void {
    const member = this.#state.members.get(viewer);
    if (member === undefined) replyTo?.settle(undefined, fault('forbidden', 'not a member of this room'));
    else replyTo?.settle(viewOf(this.#state, member), undefined);
  }
}
