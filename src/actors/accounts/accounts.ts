/**
 * The accounts desk: registers, logs in, changes passwords. One a thread.
 *
 * Owns the bound on hashing at once. Talks to the records and to user actors, who own tokens. Nothing to survive.
 */

import { fault } from '../../protocol/faults.ts';
import type { Context } from '../../runtime/context.ts';
import type { Actor, Behaviour } from '../../runtime/kind.ts';
import type { Fault, Reply, ReplyTo } from '../../runtime/reply.ts';
import { askModeration } from '../storage/moderation.ts';
import { askRecords } from '../storage/records.ts';
import { userKind } from '../user/messages.ts';
import { deleteAccount } from './deletion.ts';
import type { AccountsMessage, ChangePassword, DeleteAccount, Login, Register, ResetPassword } from './messages.ts';

/** Hashing and chance with a purpose; implemented off the shard's thread. */
export interface Secrets {
  hashPassword(password: string): Promise<string>;
  verifyPassword(password: string, hash: string): Promise<boolean>;
  /** A new token of the user: the user's id, a dot, 256 random bits. */
  newToken(userId: string): string;
  /** Hex SHA-256. */
  hashToken(token: string): string;
}

export interface AccountsOptions {
  readonly secrets: Secrets;
  readonly maxHashing: number;
}

export function accounts(options: AccountsOptions): Behaviour<AccountsMessage> {
  return (context) => new Accounts(context, options);
}

/** Hashings that may wait for their turn. */
const MAX_WAITING = 64;
const ASK_DEADLINE_MS = 5_000;
const WRONG = fault('unauthenticated', 'the username or the password is wrong');
const BUSY = fault('overloaded', 'too many people log in at once', 1_000);

class Accounts implements Actor<AccountsMessage> {
  readonly #context: Context<AccountsMessage>;
  readonly #options: AccountsOptions;
  readonly #waiting: (() => void)[] = [];
  #hashing = 0;
  /** Verified against where no user has the name, so that both answers take as long. */
  #decoy: string | undefined;

  constructor(context: Context<AccountsMessage>, options: AccountsOptions) {
    this.#context = context;
    this.#options = options;
  }

  receive(message: AccountsMessage): void {
    const replyTo = this.#context.replyTo();
    switch (message.type) {
      case 'register':
        return this.#register(message, replyTo);
      case 'login':
        return this.#login(message, replyTo);
      case 'change-password':
        return this.#changePassword(message, replyTo);
      case 'delete-account':
        return this.#deleteAccount(message, replyTo);
      case 'reset-password':
        return this.#resetPassword(message, replyTo);
    }
  }

  #register({ username, password }: Register, replyTo: ReplyTo | undefined): void {
    this.#hash(password, replyTo, (passwordHash) => {
      const id = this.#context.newId();
      const record = { id, username, passwordHash, createdAt: this.#context.wallMs() };
      askRecords(this.#context, 'createUser', [record], (reply) => {
        const taken = fault('conflict', 'the username is taken');
        if (!reply.ok) refuse(replyTo, reply.fault);
        else if (reply.value) replyTo?.settle({ id, username }, undefined);
        else refuse(replyTo, taken);
      });
    });
  }

  #login({ username, password, device }: Login, replyTo: ReplyTo | undefined): void {
    askRecords(this.#context, 'userByName', [username], (reply) => {
      if (!reply.ok) return refuse(replyTo, reply.fault);
      const user = reply.value;
      this.#verify(password, user?.passwordHash, replyTo, () => {
        if (user === null) refuse(replyTo, WRONG);
        else this.#admit({ id: user.id, username: user.username }, device ?? this.#context.newId(), replyTo);
      });
    });
  }

  /** Only who had the right password is told that the account is suspended. */
  #admit(user: { id: string; username: string }, device: string, replyTo: ReplyTo | undefined): void {
    askModeration(this.#context, 'standing', [user.id], (reply) => {
      if (!reply.ok) return refuse(replyTo, reply.fault);
      const { suspendedUntil, reason } = reply.value;
      if (suspendedUntil <= this.#context.wallMs()) return this.#issue(user, device, replyTo);
      const why = reason === '' ? '' : `: ${reason}`;
      refuse(replyTo, fault('forbidden', `the account is suspended${why}`));
    });
  }

  #issue(user: { id: string; username: string }, device: string, replyTo: ReplyTo | undefined): void {
    const token = this.#options.secrets.newToken(user.id);
    const tokenHash = this.#options.secrets.hashToken(token);
    const issue = { type: 'issue-token', tokenHash, device } as const;
    this.#context.ask(this.#context.ref(userKind, user.id), issue, ASK_DEADLINE_MS, (reply) => {
      if (reply.ok) replyTo?.settle({ token, expiresAt: reply.value.expiresAt, device, user }, undefined);
      else refuse(replyTo, reply.fault);
    });
  }

  #changePassword(message: ChangePassword, replyTo: ReplyTo | undefined): void {
    askRecords(this.#context, 'userById', [message.user], (reply) => {
      if (!reply.ok) return refuse(replyTo, reply.fault);
      this.#verify(message.old, reply.value?.passwordHash, replyTo, () =>
        this.#replace(message.user, message.new, message.tokenHash, replyTo, {}),
      );
    });
  }

  #deleteAccount({ user, password }: DeleteAccount, replyTo: ReplyTo | undefined): void {
    askRecords(this.#context, 'userById', [user], (reply) => {
      if (!reply.ok) return refuse(replyTo, reply.fault);
      this.#verify(password, reply.value?.passwordHash, replyTo, () => deleteAccount(this.#context, user, replyTo));
    });
  }

  #resetPassword({ username, new: password }: ResetPassword, replyTo: ReplyTo | undefined): void {
    askRecords(this.#context, 'userByName', [username], (reply) => {
      if (!reply.ok) return refuse(replyTo, reply.fault);
      if (reply.value === null) return refuse(replyTo, fault('not_found', 'there is no such user'));
      const { id } = reply.value;
      this.#replace(id, password, null, replyTo, { id, username });
    });
  }

  #replace(user: string, password: string, keep: string | null, replyTo: ReplyTo | undefined, answer: unknown): void {
    this.#hash(password, replyTo, (passwordHash) => {
      const replace = { type: 'replace-password', passwordHash, keep } as const;
      this.#context.ask(this.#context.ref(userKind, user), replace, ASK_DEADLINE_MS, (reply: Reply<unknown>) => {
        if (reply.ok) replyTo?.settle(answer, undefined);
        else refuse(replyTo, reply.fault);
      });
    });
  }

  #hash(password: string, replyTo: ReplyTo | undefined, then: (hash: string) => void): void {
    this.#inTurn(replyTo, (done) =>
      this.#context.pipe(this.#options.secrets.hashPassword(password), (outcome) => {
        done();
        if ('error' in outcome) throw failing(replyTo, outcome.error);
        then(outcome.value);
      }),
    );
  }

  /** Calls `then` where the password is right, and answers where it is not. */
  #verify(password: string, hash: string | undefined, replyTo: ReplyTo | undefined, then: () => void): void {
    this.#inTurn(replyTo, (done) =>
      this.#context.pipe(this.#matches(password, hash), (outcome) => {
        done();
        if ('error' in outcome) throw failing(replyTo, outcome.error);
        if (outcome.value) then();
        else refuse(replyTo, WRONG);
      }),
    );
  }

  async #matches(password: string, hash: string | undefined): Promise<boolean> {
    const { secrets } = this.#options;
    this.#decoy ??= await secrets.hashPassword('a password that nobody has');
    // A deleted user has no password, and no hash of one.
    const known = hash === undefined || hash === '' ? undefined : hash;
    const matches = await secrets.verifyPassword(password, known ?? this.#decoy);
    return matches && known !== undefined;
  }

  #inTurn(replyTo: ReplyTo | undefined, start: (done: () => void) => void): void {
    const run = (): void => {
      this.#hashing += 1;
      start(() => {
        this.#hashing -= 1;
        this.#waiting.shift()?.();
      });
    };
    if (this.#hashing < this.#options.maxHashing) run();
    else if (this.#waiting.length < MAX_WAITING) this.#waiting.push(run);
    else refuse(replyTo, BUSY);
  }
}

function refuse(replyTo: ReplyTo | undefined, reason: Fault): void {
  replyTo?.settle(undefined, reason);
}

function failing(replyTo: ReplyTo | undefined, error: unknown): unknown {
  refuse(replyTo, fault('internal', 'the request failed'));
  return error;
}
