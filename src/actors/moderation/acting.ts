/** One action of an administrator: who acts, whom the answer goes to, and how the port is asked on the way. */
import { fault } from '../../protocol/faults.ts';
import type { Context } from '../../runtime/context.ts';
import type { Fault, Reply, ReplyTo } from '../../runtime/reply.ts';
import type { Moderation, NewAudit, Standing } from '../../storage/ports/moderation.ts';
import type { Person } from '../room/messages.ts';
import { askModeration } from '../storage/moderation.ts';
import { askRecords } from '../storage/records.ts';
import { userKind } from '../user/messages.ts';
import type { DeskMessage } from './messages.ts';

const NO_SUCH_USER = fault('not_found', 'there is no such user');

type Operation = Exclude<keyof Moderation, 'close'>;
type Answer<O extends Operation> = Awaited<ReturnType<Moderation[O]>>;

export class Acting {
  readonly #context: Context<DeskMessage>;
  readonly #by: string;
  readonly #replyTo: ReplyTo | undefined;

  constructor(context: Context<DeskMessage>, by: string, replyTo: ReplyTo | undefined) {
    this.#context = context;
    this.#by = by;
    this.#replyTo = replyTo;
  }

  audit(action: string, target: string, detail: Readonly<Record<string, unknown>> = {}): NewAudit {
    return { at: this.#context.wallMs(), actor: this.#by, action, target, detail: JSON.stringify(detail) };
  }

  /** Asks the port; a refusal of it is the answer. */
  ask<O extends Operation>(operation: O, args: Parameters<Moderation[O]>, then: (answer: Answer<O>) => void): void {
    askModeration(this.#context, operation, args as never, (reply) => {
      const answered = reply as Reply<Answer<O>>;
      if (answered.ok) then(answered.value);
      else this.refuse(answered.fault);
    });
  }

  /** Answers with what the port says. */
  pass<O extends Operation>(operation: O, args: Parameters<Moderation[O]>): void {
    this.ask(operation, args, (answer) => this.settle(answer));
  }

  person(user: string, then: (person: Person) => void): void {
    askRecords(this.#context, 'usersById', [[user]], (reply) => {
      const [person] = reply.ok ? reply.value : [];
      if (!reply.ok) this.refuse(reply.fault);
      else if (person === undefined) this.refuse(NO_SUCH_USER);
      else then(person);
    });
  }

  standing(user: string, then: (standing: Standing) => void): void {
    this.ask('standing', [user], then);
  }

  /** They are dead already: this closes their sockets at once, and the revocations would do so within a second. */
  endTokens(user: string, hashes: readonly string[]): void {
    this.#context.tell(this.#context.ref(userKind, user), { type: 'tokens-died', hashes });
  }

  settle(answer: unknown): void {
    this.#replyTo?.settle(answer, undefined);
  }

  done(): void {
    this.settle({});
  }

  refuse(reason: Fault): void {
    refuse(this.#replyTo, reason);
  }
}

export function refuse(replyTo: ReplyTo | undefined, reason: Fault): void {
  replyTo?.settle(undefined, reason);
}
