/** Governing: what owner and admins order, and what they look up. Each order is durable before it takes effect. */
import { type Fault, fault } from '../../protocol/faults.ts';
import { LIMITS } from '../../protocol/limits.ts';
import type { Context } from '../../runtime/context.ts';
import type { Reply, ReplyTo } from '../../runtime/reply.ts';
import { askGovernance } from '../storage/governance.ts';
import type { Announcer } from './announcer.ts';
import type { Govern, GoverningMessage, Order, RoomDetailsView } from './governing-messages.ts';
import type { Membership } from './membership.ts';
import type { RoomMessage } from './messages.ts';
import { type RoomAction, refusalOf, refusalOver } from './permissions.ts';
import { changedFields } from './reconciling.ts';
import { type RoomState, viewOf } from './state.ts';
import type { Turns } from './turns.ts';

const NO_STORAGE = fault('unavailable', 'the room cannot be looked up now', 1_000);
const NO_MEMBER = fault('not_found', 'not a member of this room');
const NOT_YOURSELF = fault('invalid', 'params.user: another user');
const TOO_MANY_MUTES = fault('conflict', 'too many users are muted in this room');
const TOO_MANY_LINKS = fault('conflict', 'the room has as many links as it may');
const NOT_BANNED = fault('not_found', 'not banned from this room');
const NO_REQUEST = fault('not_found', 'there is no such request');
const NO_LINK = fault('not_found', 'there is no such link');
/** Members of a deleted room that go in one transaction. */
const PURGE_AT_ONCE = 2_000;
const PURGE_PAUSE_MS = 50;
const PURGE_RETRY_MS = 5_000;

const ACTIONS: { readonly [D in Order['do']]: RoomAction } = {
  update: 'update',
  kick: 'kick',
  ban: 'ban',
  unban: 'ban',
  mute: 'mute',
  'set-role': 'set-role',
  transfer: 'transfer',
  approve: 'decide-requests',
  decline: 'decide-requests',
  'save-link': 'manage-links',
  'drop-link': 'manage-links',
  delete: 'delete',
};

/** The parts of the room that governing works on. */
interface GoverningRoom {
  readonly state: RoomState;
  readonly announcer: Announcer;
  readonly turns: Turns;
  readonly membership: Membership;
}

/** One order on its way: what carries it out takes the turn and ends it. */
interface Turn {
  readonly by: string;
  readonly replyTo: ReplyTo | undefined;
}

export class Governing {
  readonly #context: Context<RoomMessage>;
  readonly #state: RoomState;
  readonly #announcer: Announcer;
  readonly #turns: Turns;
  readonly #membership: Membership;

  constructor(context: Context<RoomMessage>, room: GoverningRoom) {
    this.#context = context;
    this.#state = room.state;
    this.#announcer = room.announcer;
    this.#turns = room.turns;
    this.#membership = room.membership;
  }

  receive(message: GoverningMessage): void {
    const replyTo = this.#context.replyTo();
    switch (message.type) {
      case 'govern':
        return this.#govern(message, replyTo);
      case 'details':
        return this.#details(message.user, replyTo);
      case 'bans':
        return this.#lookUp('ban', message.user, replyTo, (onReply) =>
          askGovernance(this.#context, 'bans', [this.#state.id, message.after, message.limit], onReply),
        );
      case 'requests':
        return this.#lookUp('decide-requests', message.user, replyTo, (onReply) =>
          askGovernance(this.#context, 'requests', [this.#state.id, message.after, message.limit], onReply),
        );
      case 'links':
        return this.#lookUp('manage-links', message.user, replyTo, (onReply) =>
          askGovernance(this.#context, 'links', [this.#state.id], onReply),
        );
      case 'join-by-link':
        return this.#membership.addByLink(message.user, message.hash, replyTo);
    }
  }

  /** A room that was deleted still has rows of members: they go bit by bit. */
  purge(): void {
    askGovernance(this.#context, 'purgeMembers', [this.#state.id, PURGE_AT_ONCE], (reply) => {
      if (!reply.ok) this.#context.after(PURGE_RETRY_MS, () => this.purge());
      else if (reply.value === PURGE_AT_ONCE) this.#context.after(PURGE_PAUSE_MS, () => this.purge());
    });
  }

  // ── orders ───────────────────────────────────────────────────────────────────────────────────────────────────────

  #govern({ by, order }: Govern, replyTo: ReplyTo | undefined): void {
    const refusal = this.#refusal(by, order);
    if (refusal !== undefined) {
      replyTo?.settle(undefined, refusal);
      return;
    }
    const turn = { by, replyTo };
    switch (order.do) {
      case 'kick':
        return this.#members([{ user: order.user, role: 'none' }], order, turn);
      case 'set-role':
        return this.#members([{ user: order.user, role: order.role }], order, turn);
      case 'transfer':
        return this.#members(
          [
            { user: order.user, role: 'owner' },
            { user: by, role: 'admin' },
          ],
          order,
          turn,
        );
      case 'approve':
        return this.#approve(order, turn);
      default:
        this.#turns.take(replyTo, () => {
          const late = this.#refusal(by, order);
          if (late === undefined) this.#carryOut(order, turn);
          else this.#end(turn, late);
        });
    }
  }

  #carryOut(order: Exclude<Order, { do: 'kick' | 'set-role' | 'transfer' | 'approve' }>, turn: Turn): void {
    switch (order.do) {
      case 'update':
        return this.#update(order, turn);
      case 'ban':
        return this.#ban(order, turn);
      case 'mute':
        return this.#mute(order, turn);
      case 'unban':
        return this.#drop(turn, NOT_BANNED, (onReply) =>
          askGovernance(this.#context, 'unban', [this.#state.id, order.user], onReply),
        );
      case 'decline':
        return this.#decline(order.user, turn);
      case 'save-link':
        return this.#saveLink(order, turn);
      case 'drop-link':
        return this.#drop(turn, NO_LINK, (onReply) =>
          askGovernance(this.#context, 'dropLink', [this.#state.id, order.link], onReply),
        );
      case 'delete':
        return this.#delete(turn);
    }
  }

  /** By the table, and by rank where it is done to another member. */
  #refusal(by: string, order: Order): Fault | undefined {
    const { members } = this.#state;
    const ruler = members.get(by);
    const refusal = refusalOf(ACTIONS[order.do], this.#state, ruler, this.#context.wallMs());
    if (refusal !== undefined || !('user' in order) || typeof order.user !== 'string') return refusal;
    if (order.do === 'unban' || order.do === 'decline') return undefined;
    if (order.user === by) return NOT_YOURSELF;
    const target = members.get(order.user);
    if (target === undefined && order.do !== 'ban' && !isUnmute(order)) return NO_MEMBER;
    return refusalOver(ruler, target);
  }

  #members(changes: Parameters<Membership['change']>[0], order: Order, { by, replyTo }: Turn): void {
    this.#membership.change(changes, { by, reason: 'kicked' }, () => this.#refusal(by, order), replyTo);
  }

  #update({ fields }: Extract<Order, { do: 'update' }>, turn: Turn): void {
    const changed = changedFields(this.#state.fields, fields);
    if (Object.keys(changed).length === 0) return this.#end(turn);
    const all = { ...this.#state.fields, ...changed };
    askGovernance(this.#context, 'updateRoom', [this.#state.id, all, this.#state.version + 1], (reply) =>
      this.#written(reply, turn, () => this.#announcer.updated(all, changed)),
    );
  }

  #ban({ user, until, reason }: Extract<Order, { do: 'ban' }>, turn: Turn): void {
    const ban = { user, by: turn.by, at: this.#context.wallMs(), until, reason };
    askGovernance(this.#context, 'ban', [this.#state.id, ban, this.#state.version + 1], (reply) =>
      this.#written(reply, turn, () => {
        const member = this.#state.members.get(user);
        if (member !== undefined) this.#announcer.removed(member, { by: turn.by, reason: 'banned' });
      }),
    );
  }

  #mute({ user, until }: Extract<Order, { do: 'mute' }>, turn: Turn): void {
    const { mutes, id, version } = this.#state;
    if (mutes.get(user) === until || (until === 0 && !mutes.has(user))) return this.#end(turn);
    if (until !== 0 && mutes.size >= LIMITS.maxMutesPerRoom && !mutes.has(user)) return this.#end(turn, TOO_MANY_MUTES);
    askGovernance(this.#context, 'mute', [id, user, until, version + 1], (reply) =>
      this.#written(reply, turn, () => this.#announcer.muted(user, until)),
    );
  }

  /** The membership comes first: what is lost in between is a request that nobody has to answer any more. */
  #approve({ user }: Extract<Order, { do: 'approve' }>, { by, replyTo }: Turn): void {
    const { id } = this.#state;
    askGovernance(this.#context, 'candidate', [id, user.id, this.#context.wallMs()], (reply) => {
      if (!reply.ok) return replyTo?.settle(undefined, NO_STORAGE);
      if (!reply.value.asked) return replyTo?.settle(undefined, NO_REQUEST);
      this.#membership.add(user, 'enter', by, replyTo, () => {
        askGovernance(this.#context, 'dropRequest', [id, user.id], () => undefined);
      });
    });
  }

  #decline(user: string, turn: Turn): void {
    askGovernance(this.#context, 'dropRequest', [this.#state.id, user], (reply) =>
      this.#judged(reply, turn, (found) => {
        if (found) this.#announcer.declined(user);
        return found ? undefined : NO_REQUEST;
      }),
    );
  }

  #saveLink({ link, hash }: Extract<Order, { do: 'save-link' }>, turn: Turn): void {
    const args = [this.#state.id, link, hash, LIMITS.maxLinksPerRoom] as const;
    askGovernance(this.#context, 'saveLink', [...args], (reply) =>
      this.#judged(reply, turn, (saved) => (saved ? undefined : TOO_MANY_LINKS)),
    );
  }

  #drop(turn: Turn, absent: Fault, ask: (onReply: (reply: Reply<boolean>) => void) => void): void {
    ask((reply) => this.#judged(reply, turn, (found) => (found ? undefined : absent)));
  }

  #delete(turn: Turn): void {
    const at = this.#context.wallMs();
    askGovernance(this.#context, 'deleteRoom', [this.#state.id, at, this.#state.version + 1], (reply) =>
      this.#written(reply, turn, () => {
        this.#announcer.deleted(at);
        this.purge();
      }),
    );
  }

  #written<T>(reply: Reply<T>, turn: Turn, apply: (value: T) => void): void {
    this.#judged(reply, turn, (value) => {
      apply(value);
      return undefined;
    });
  }

  /** Answers with the version, or with the refusal that `judge` gives. */
  #judged<T>(reply: Reply<T>, { replyTo }: Turn, judge: (value: T) => Fault | undefined): void {
    this.#membership.written(reply, replyTo, (value) => {
      const refusal = judge(value);
      if (refusal === undefined) replyTo?.settle({ version: this.#state.version }, undefined);
      else replyTo?.settle(undefined, refusal);
    });
  }

  #end({ replyTo }: Turn, refusal?: Fault): void {
    if (refusal === undefined) replyTo?.settle({ version: this.#state.version }, undefined);
    else replyTo?.settle(undefined, refusal);
    this.#turns.next();
  }

  // ── looking up ───────────────────────────────────────────────────────────────────────────────────────────────────

  #details(user: string, replyTo: ReplyTo | undefined): void {
    const member = this.#state.members.get(user);
    const refusal = refusalOf('look', this.#state, member, this.#context.wallMs());
    if (member === undefined || refusal !== undefined) {
      replyTo?.settle(undefined, refusal ?? NO_MEMBER);
      return;
    }
    const { fields, members, createdAt } = this.#state;
    const details: RoomDetailsView = { view: viewOf(this.#state, member), fields, members: members.size, createdAt };
    replyTo?.settle(details, undefined);
  }

  #lookUp<T>(
    action: RoomAction,
    user: string,
    replyTo: ReplyTo | undefined,
    ask: (onReply: (reply: Reply<T>) => void) => void,
  ): void {
    const refusal = refusalOf(action, this.#state, this.#state.members.get(user), this.#context.wallMs());
    if (refusal !== undefined) {
      replyTo?.settle(undefined, refusal);
      return;
    }
    ask((reply) => {
      if (reply.ok) replyTo?.settle(reply.value, undefined);
      else replyTo?.settle(undefined, NO_STORAGE);
    });
  }
}

/** Who is no member any more may be unmuted still. */
function isUnmute(order: Order): boolean {
  return order.do === 'mute' && order.until === 0;
}
