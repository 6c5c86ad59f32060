/**
 * A room: the one place that orders its messages and decides who is in it.
 *
 * Owns the room's order, members and tail. Talks to the log writer, the message reader, the records, its members' user
 * actors and the fan-out of each thread that serves it. Everything it acknowledged survives: messages in the log and the
 * store, membership and read positions in the records. Leases and the order of sending are soft.
 */

import { type Fault, fault } from '../../protocol/faults.ts';
import type { Context } from '../../runtime/context.ts';
import type { Actor, Behaviour } from '../../runtime/kind.ts';
import type { ReplyTo } from '../../runtime/reply.ts';
import type { LogPosition } from '../../storage/ports/message-log.ts';
import { askGovernance } from '../storage/governance.ts';
import { attach } from './attaching.ts';
import { answerChanging, isChanging } from './changing.ts';
import { isGoverning } from './governing-messages.ts';
import { withoutHidden } from './hidden.ts';
import { readHistory } from './history.ts';
import { homeOf, type RoomHome, type RoomHomes } from './home.ts';
import { isAway, LOAD_DEADLINE_MS, loadRoom, type StoredRoom } from './loading.ts';
import { type NewRoom, storeRoom, wishesBetween } from './making.ts';
import { membersPage } from './members-page.ts';
import type {
  CreateRoom,
  Invite,
  JoinRoom,
  LeaveRoom,
  ListMembers,
  OpenDirect,
  Person,
  Post,
  ReadRoomHistory,
  RoomMessage,
} from './messages.ts';
import { type Open, type OpeningOptions, openRoom } from './opening.ts';
import { answerPeople } from './people.ts';
import { type RoomAction, refusalOf } from './permissions.ts';
import { answerReading } from './reading.ts';
import { type Member, type RoomState, viewOf } from './state.ts';
import { Wishes } from './wishes.ts';

export interface RoomOptions extends OpeningOptions {
  readonly homes: RoomHomes;
}

export function room(options: RoomOptions): Behaviour<RoomMessage> {
  return (context) => new Room(context, options);
}

/** Pause between two looks at the watermark, and between two tries to load: it doubles from the first to the last. */
const BARRIER_POLL_MS = [5, 250] as const;
const LOAD_RETRY_MS = [250, 5_000] as const;
const STOP_POLL_MS = 5;
const ABSENT: Fault = fault('not_found', 'there is no such room');

const TOO_MANY_ROOMS: Fault = fault('conflict', 'a user is in as many rooms as they may be');

/** Whoever asks is told at once: a mailbox that fills while storage is away helps nobody. */
const AWAY: Fault = fault('unavailable', 'the room cannot be opened now', 2_000);

class Room implements Actor<RoomMessage> {
  readonly #context: Context<RoomMessage>;
  readonly #options: RoomOptions;
  readonly #home: RoomHome;
  /** Undefined: the room does not exist. */
  #open: Open | undefined;
  /** It could not be loaded, or waits long for the store, and is tried again. */
  #away = false;
  #retryMs: number = LOAD_RETRY_MS[0];

  constructor(context: Context<RoomMessage>, options: RoomOptions) {
    this.#context = context;
    this.#options = options;
    this.#home = homeOf(context, context.self.id, options.homes);
  }

  // ── life ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Loads behind a barrier: what an earlier incarnation had on its way to the store has arrived when heads are read. */
  started(): void {
    this.#context.suspend();
    this.#options.ledger.delete(this.#context.self.id);
    this.#askBarrier();
  }

  mayPassivate(): boolean {
    if (this.#open === undefined) return true;
    const { state, delivery, membership, reads } = this.#open;
    const persisted = Math.max(state.tail.lastPosition, state.changes.lastPosition) <= this.#home.watermark.position;
    return delivery.expire() && persisted && this.#nothingInFlight() && membership.idle && reads.idle;
  }

  stopping(): boolean | undefined {
    this.#open?.reads.flush();
    if (!this.#idle()) {
      this.#context.after(STOP_POLL_MS, () => this.#stopWhenIdle());
      return false;
    }
    this.#options.ledger.delete(this.#context.self.id);
    return undefined;
  }

  summary(): Readonly<Record<string, unknown>> {
    if (this.#open === undefined) return { exists: false };
    const { state, posting, changes } = this.#open;
    return {
      exists: true,
      kind: state.kind,
      seq: state.seq,
      change: state.change,
      members: state.members.size,
      inFlight: posting.inFlight + changes.inFlight,
      threads: [...state.entry.leases.keys()],
    };
  }

  // ── messages ─────────────────────────────────────────────────────────────────────────────────────────────────────

  receive(message: RoomMessage): void {
    if (this.#away) return this.#context.fail(AWAY);
    if (message.type === 'create') return this.#create(message);
    if (message.type === 'open-direct') return this.#openDirect(message);
    if (this.#open === undefined) return this.#context.fail(ABSENT);
    this.#dispatch(this.#open, message);
  }

  #dispatch(open: Open, message: Exclude<RoomMessage, CreateRoom | OpenDirect>): void {
    switch (message.type) {
      case 'post':
        return this.#post(open, message);
      case 'history':
        return this.#history(open, message);
      case 'typing':
      case 'blocks-changed':
      case 'receipts-changed':
        return answerPeople(this.#context, open, message);
      case 'attach':
        return attach(this.#context, open, message);
      case 'join':
        return this.#join(open, message);
      case 'invite':
        return this.#invite(open, message);
      case 'leave':
        return this.#leave(open, message);
      case 'members':
        return this.#members(open, message);
      default:
        if (isChanging(message)) return answerChanging(this.#context, open, message);
        if (isGoverning(message)) return open.governing.receive(message);
        return answerReading(this.#context, open, message);
    }
  }

  #create({ kind, creator, title, members }: CreateRoom): void {
    if (this.#open !== undefined) return this.#context.fail(fault('conflict', 'the room exists already'));
    const others = members.filter((person) => person.id !== creator.id);
    const people = [creator, ...others];
    const replyTo = this.#context.replyTo();
    const users = people.map(({ id }) => id);
    this.#context.suspend();
    askGovernance(this.#context, 'roomCounts', [users], (reply) => {
      this.#context.resume();
      const { maxRoomsPerUser } = this.#options.limits;
      if (!reply.ok) replyTo?.settle(undefined, AWAY);
      else if (reply.value.some((rooms) => rooms >= maxRoomsPerUser)) replyTo?.settle(undefined, TOO_MANY_ROOMS);
      else this.#make({ kind, title, people, viewer: creator.id, wishes: new Wishes() }, replyTo);
    });
  }

  #openDirect({ user, other }: OpenDirect): void {
    if (this.#open === undefined) return this.#makeDirect(user, other);
    const { state } = this.#open;
    this.#allow('open', state, user.id, (member) => this.#context.reply(viewOf(state, member)));
  }

  #post({ posting, state }: Open, message: Post): void {
    const everybody = message.mentionAll === true ? this.#refusal('mention-all', state, message.user) : undefined;
    const refusal = this.#refusal('post', state, message.user) ?? everybody;
    if (refusal === undefined) return posting.post(message, this.#context.replyTo());
    if (state.members.has(message.user)) posting.passOver(message);
    this.#context.fail(refusal);
  }

  #history({ state }: Open, message: ReadRoomHistory): void {
    const replyTo = withoutHidden(this.#context, state, message.user, this.#context.replyTo());
    const read = (): void => readHistory(this.#context, state, message, replyTo);
    if (message.user === undefined) read();
    else this.#allow('look', state, message.user, read);
  }

  #join({ state, membership }: Open, { user }: JoinRoom): void {
    const refusal = state.kind === 'direct' ? this.#refusal('look', state, user.id) : undefined;
    if (refusal !== undefined) this.#context.fail(refusal);
    else membership.add(user, 'join', user.id, this.#context.replyTo());
  }

  #invite({ state, membership }: Open, { by, user }: Invite): void {
    this.#allow('invite', state, by, () => membership.add(user, 'enter', by, this.#context.replyTo()));
  }

  #leave({ state, membership }: Open, { user }: LeaveRoom): void {
    this.#allow('leave', state, user, () => membership.leave(user, this.#context.replyTo()));
  }

  #members({ state }: Open, { user, role, cursor }: ListMembers): void {
    this.#allow('look', state, user, () => {
      const page = membersPage(state, cursor, role, user);
      if (page === undefined) this.#context.fail(fault('invalid', 'the cursor is not known any more; start again'));
      else this.#context.reply(page);
    });
  }

  /** Does it if this member may, else refuses the message at hand. */
  #allow(action: RoomAction, state: RoomState, user: string, then: (member: Member) => void): void {
    const member = state.members.get(user);
    const refusal = this.#refusal(action, state, user);
    if (member === undefined || refusal !== undefined) this.#context.fail(refusal ?? ABSENT);
    else then(member);
  }

  #refusal(action: RoomAction, state: RoomState, user: string): Fault | undefined {
    return refusalOf(action, state, state.members.get(user), this.#context.wallMs());
  }

  // ── helpers ──────────────────────────────────────────────────────────────────────────────────────────────────────

  #welcome(users: Iterable<string>): void {
    for (const user of users) this.#open?.announcer.welcome(user);
  }

  /**
   * Membership changes one at a time, so that an incarnation which did not live to tell of a change leaves one untold: the
   * last. Who joined with it is told again. Members from the beginning are, as long as nobody has used the room.
   */
  #welcomeLast({ record: { version }, members, head }: StoredRoom): void {
    if (version === 1 && head.seq > 0) return;
    this.#welcome(members.filter((member) => member.joinedVersion === version).map((member) => member.user));
  }

  #askBarrier(): void {
    const barrier = { type: 'barrier', room: this.#context.self.id } as const;
    this.#context.ask(this.#home.log, barrier, LOAD_DEADLINE_MS, (reply) => {
      if (isAway(reply)) this.#tryLater();
      else this.#loadBehind(reply.value);
    });
  }

  #loadBehind(position: LogPosition, pollMs: number = BARRIER_POLL_MS[0]): void {
    if (position <= this.#home.watermark.position) this.#load();
    else {
      const nextMs = Math.min(BARRIER_POLL_MS[1], pollMs * 2);
      if (nextMs === pollMs) this.#refuseMeanwhile();
      this.#context.after(pollMs, () => this.#loadBehind(position, nextMs));
    }
  }

  #load(): void {
    const onLoaded = (found: StoredRoom | null): void => {
      this.#away = false;
      if (found !== null) {
        this.#enter(found);
        this.#welcomeLast(found);
      }
      this.#context.resume();
    };
    loadRoom(this.#context, onLoaded, () => this.#tryLater());
  }

  /** No failure of the room: its back ends tell of themselves, and a thousand rooms would only repeat it. */
  #tryLater(): void {
    this.#refuseMeanwhile();
    const pauseMs = this.#retryMs * (0.5 + 0.5 * this.#context.random());
    this.#retryMs = Math.min(LOAD_RETRY_MS[1], this.#retryMs * 2);
    this.#context.after(pauseMs, () => this.#askBarrier());
  }

  #refuseMeanwhile(): void {
    this.#away = true;
    this.#context.resume();
  }

  #enter(found: StoredRoom): void {
    this.#open = openRoom(this.#context, this.#options, this.#home, found);
  }

  #makeDirect(user: Person, other: Person): void {
    const replyTo = this.#context.replyTo();
    this.#context.suspend();
    wishesBetween(this.#context, user.id, other.id, (wishes) => {
      this.#context.resume();
      if ('code' in wishes) replyTo?.settle(undefined, wishes);
      else this.#make({ kind: 'direct', title: '', people: [user, other], viewer: user.id, wishes }, replyTo);
    });
  }

  #make(room: NewRoom, replyTo: ReplyTo | undefined): void {
    this.#context.suspend();
    storeRoom(this.#context, room, (made) => {
      this.#context.resume();
      if (made === undefined) {
        replyTo?.settle(undefined, fault('unavailable', 'the room could not be made; try again', 500));
        // The outcome is unknown, or the room came to be behind this actor's back: what the records say counts.
        this.#context.suspend();
        this.#load();
        return;
      }
      this.#enter(made);
      const { state } = this.#open as Open;
      state.wishes.learnReceipts(this.#context, [...state.members.keys()]);
      this.#welcome(state.members.keys());
      replyTo?.settle(viewOf(state, state.members.get(room.viewer) as Member), undefined);
    });
  }

  #stopWhenIdle(): void {
    if (this.#idle()) {
      this.#options.ledger.delete(this.#context.self.id);
      this.#context.stop();
    } else this.#context.after(STOP_POLL_MS, () => this.#stopWhenIdle());
  }

  /** Nothing is on its way that would be lost or left unanswered. */
  #idle(): boolean {
    return this.#nothingInFlight() && (this.#open?.reads.idle ?? true);
  }

  #nothingInFlight(): boolean {
    return this.#open === undefined || this.#open.posting.inFlight + this.#open.changes.inFlight === 0;
  }
}
