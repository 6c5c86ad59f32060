/** Whose request it is: from the `Authorization` header to the user whose actor knows the token. */
import { userIdOfToken } from '../actors/token.ts';
import { type Identity, type UserMessage, userKind } from '../actors/user/messages.ts';
import { fault } from '../protocol/faults.ts';
import type { AnswerOf, Reply } from '../runtime/reply.ts';
import type { Shard } from '../runtime/shard.ts';
import { problem } from './problem.ts';

export interface BearersOptions {
  readonly shard: Shard;
  readonly hashToken: (token: string) => string;
}

/** A request with a valid token. */
export interface Bearer {
  readonly token: string;
  readonly tokenHash: string;
  readonly identity: Identity;
}

const DEADLINE_MS = 15_000;
const UNAUTHENTICATED = fault('unauthenticated', 'a valid bearer token is needed');

export class Bearers {
  readonly #options: BearersOptions;

  constructor(options: BearersOptions) {
    this.#options = options;
  }

  /** Answers with what `then` says, or with the refusal where the token is absent, dead or cannot be checked now. */
  async withToken(request: Request, then: (bearer: Bearer) => Promise<Response>): Promise<Response> {
    const token = /^Bearer ([^\s]+)$/i.exec(request.headers.get('authorization') ?? '')?.[1];
    const user = token === undefined ? undefined : userIdOfToken(token);
    if (token === undefined || user === undefined) return problem(UNAUTHENTICATED);
    const tokenHash = this.#options.hashToken(token);
    const reply = await this.user(user, { type: 'authenticate', tokenHash });
    return reply.ok ? then({ token, tokenHash, identity: reply.value }) : problem(reply.fault);
  }

  /** Asks a user's actor. */
  user<const Q extends UserMessage>(id: string, message: Q): Promise<Reply<AnswerOf<UserMessage, Q>>> {
    const { shard } = this.#options;
    return shard.ask(shard.ref(userKind, id), message, DEADLINE_MS);
  }
}
