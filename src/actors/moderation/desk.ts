/**
 * The moderation desk: what administrators do to users and reports, and where people report. One a thread.
 *
 * Owns nothing. Talks to the moderation port, which writes each action together with its entry in the log, to the records,
 * to rooms and to user actors, who own tokens. Nothing to survive.
 */
import { fault } from '../../protocol/faults.ts';
import type { Context } from '../../runtime/context.ts';
import type { Actor, Behaviour } from '../../runtime/kind.ts';
import type { ReplyTo } from '../../runtime/reply.ts';
import { FOREVER, OPERATOR } from '../../storage/ports/moderation.ts';
import { roomKind } from '../room/messages.ts';
import { askModeration } from '../storage/moderation.ts';
import { Acting, refuse } from './acting.ts';
import { type BotSecrets, makeBot, renewBot } from './bots.ts';
import { fileReport } from './filing.ts';
import { actOnHooks, type HookingMessage, isHooking } from './hooking.ts';
import {
  type AdminMessage,
  type DeskMessage,
  HOOKS,
  type LiftSuspension,
  type LookAtUser,
  type RecallMessage,
  type ResolveReport,
  type SetAdmin,
  type SuspendUser,
} from './messages.ts';

export interface DeskOptions {
  readonly secrets: BotSecrets;
  readonly botTokenTtlMs: number;
}

export function moderationDesk(options: DeskOptions): Behaviour<DeskMessage> {
  return (context) => new ModerationDesk(context, options);
}

const ROOM_DEADLINE_MS = 8_000;
const NO_ADMIN = fault('forbidden', 'only administrators of the server may do this');
const IS_ADMIN = fault('conflict', 'an administrator cannot be suspended; take the right away first');
const NOT_SUSPENDED = fault('conflict', 'the user is not suspended');
const NOT_OPEN = fault('not_found', 'there is no open report of this number');

class ModerationDesk implements Actor<DeskMessage> {
  readonly #context: Context<DeskMessage>;
  readonly #options: DeskOptions;

  constructor(context: Context<DeskMessage>, options: DeskOptions) {
    this.#context = context;
    this.#options = options;
  }

  receive(message: DeskMessage): void {
    const replyTo = this.#context.replyTo();
    if (message.type === 'file-report') return fileReport(this.#context, message, replyTo);
    const acting = new Acting(this.#context, message.by, replyTo);
    this.#asAdmin(message.by, replyTo, () =>
      isHooking(message) ? actOnHooks(this.#context, message, acting) : this.#do(message, acting),
    );
  }

  /** The one place where it is decided who may do what an administrator does. */
  #asAdmin(by: string, replyTo: ReplyTo | undefined, then: () => void): void {
    if (by === OPERATOR || by === HOOKS) return then();
    askModeration(this.#context, 'standing', [by], (reply) => {
      if (!reply.ok) refuse(replyTo, reply.fault);
      else if (reply.value.admin) then();
      else refuse(replyTo, NO_ADMIN);
    });
  }

  #do(message: Exclude<AdminMessage, HookingMessage>, acting: Acting): void {
    switch (message.type) {
      case 'look-at-user':
        return this.#lookAtUser(message, acting);
      case 'set-admin':
        return this.#setAdmin(message, acting);
      case 'suspend-user':
        return this.#suspend(message, acting);
      case 'lift-suspension':
        return this.#lift(message, acting);
      case 'make-bot':
        return makeBot(this.#context, acting, message, this.#options);
      case 'renew-bot':
        return renewBot(this.#context, acting, message, this.#options);
      case 'list-reports':
        return acting.pass('reports', [message.state, message.before, message.limit]);
      case 'resolve-report':
        return this.#resolve(message, acting);
      case 'read-audit':
        return acting.pass('audit', [message.before, message.limit]);
      case 'recall-message':
        return this.#recall(message, acting);
    }
  }

  #lookAtUser({ user }: LookAtUser, acting: Acting): void {
    acting.person(user, (person) => acting.standing(user, (standing) => acting.settle({ user: person, standing })));
  }

  #setAdmin({ user, admin }: SetAdmin, acting: Acting): void {
    acting.person(user, () => {
      const audit = acting.audit(admin ? 'user.grant-admin' : 'user.revoke-admin', user);
      acting.ask('setAdmin', [user, admin, audit], () => acting.done());
    });
  }

  #suspend({ user, until, reason }: SuspendUser, acting: Acting): void {
    if (until <= this.#context.wallMs()) return acting.refuse(fault('invalid', 'until: a time to come'));
    acting.person(user, () =>
      acting.standing(user, (standing) => {
        if (standing.admin) return acting.refuse(IS_ADMIN);
        const audit = acting.audit('user.suspend', user, { reason, ...(until === FOREVER ? {} : { until }) });
        acting.ask('suspend', [user, until, reason, audit], (hashes) => {
          acting.endTokens(user, hashes);
          acting.done();
        });
      }),
    );
  }

  #lift({ user }: LiftSuspension, acting: Acting): void {
    acting.person(user, () =>
      acting.ask('lift', [user, acting.audit('user.lift-suspension', user)], (lifted) =>
        lifted ? acting.done() : acting.refuse(NOT_SUSPENDED),
      ),
    );
  }

  #resolve({ id, note }: ResolveReport, acting: Acting): void {
    const audit = acting.audit('report.resolve', String(id), { note });
    acting.ask('resolve', [id, note, audit], (resolved) => (resolved ? acting.done() : acting.refuse(NOT_OPEN)));
  }

  /** The entry is there before it is done: nothing is recalled without one. What the room refused is said in a second one. */
  #recall({ by, room, seq, reason }: RecallMessage, acting: Acting): void {
    const target = `${room}/${seq}`;
    acting.ask('log', [acting.audit('message.recall', target, { reason })], () => {
      const order = { type: 'recall-officially', by, seq, nonce: this.#context.newId() } as const;
      this.#context.ask(this.#context.ref(roomKind, room), order, ROOM_DEADLINE_MS, (reply) => {
        if (reply.ok) return acting.settle(reply.value);
        const { code, message } = reply.fault;
        const audit = acting.audit('message.recall-failed', target, { code, message });
        acting.ask('log', [audit], () => acting.refuse(reply.fault));
      });
    });
  }
}
