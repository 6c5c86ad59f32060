/** The moderation desk of this thread, asked as the user that a request's token names. */
import { type DeskMessage, deskKind } from '../actors/moderation/messages.ts';
import { pinnedId } from '../runtime/placement.ts';
import type { AnswerOf, Reply } from '../runtime/reply.ts';
import { Bearers, type BearersOptions } from './bearers.ts';
import { problem } from './problem.ts';

const DEADLINE_MS = 15_000;

export class AskedDesk {
  readonly #options: BearersOptions;
  readonly #bearers: Bearers;

  constructor(options: BearersOptions) {
    this.#options = options;
    this.#bearers = new Bearers(options);
  }

  ask<const Q extends DeskMessage>(
    request: Request,
    questionOf: (by: string) => Q,
    answer: (value: AnswerOf<DeskMessage, Q>) => Response,
  ): Promise<Response> {
    return this.#bearers.withToken(request, async ({ identity }) => {
      const { shard } = this.#options;
      const desk = shard.ref(deskKind, pinnedId(shard.thread, 0));
      const reply = (await shard.ask(desk, questionOf(identity.user.id), DEADLINE_MS)) as Reply<
        AnswerOf<DeskMessage, Q>
      >;
      return reply.ok ? answer(reply.value) : problem(reply.fault);
    });
  }
}
