/**
 * The instant uploads of one user: challenges that wait for their proof.
 *
 * Owns the challenges, so that each is answered once and by its user alone, and how often there may be one. Talks to nobody.
 * Nothing survives a restart: who was asked just uploads.
 */
import type { Context } from '../../runtime/context.ts';
import { type Actor, type Behaviour, defineKind } from '../../runtime/kind.ts';
import type { Request } from '../../runtime/reply.ts';
import { RateLimit } from '../session/rate-limit.ts';
import type { ChallengedRange } from './possession.ts';

/** What a challenge is about, with what it asks for. */
export interface Challenge {
  readonly id: string;
  readonly nonce: Uint8Array;
  readonly ranges: readonly ChallengedRange[];
  readonly name: string;
  readonly size: number;
  readonly hash: string;
}

/** Keeps a challenge; answers with the milliseconds until there may be one, or 0. */
export interface KeepChallenge extends Request<number> {
  readonly type: 'keep';
  readonly challenge: Challenge;
}

/** Takes it away for good; null where there is none, or no more. */
export interface TakeChallenge extends Request<Challenge | null> {
  readonly type: 'take';
  readonly challenge: string;
}

export type InstantMessage = KeepChallenge | TakeChallenge;

export interface InstantOptions {
  /** Undefined: none. */
  readonly rate: { readonly perMinute: number; readonly burst: number } | undefined;
}

export const CHALLENGE_MS = 60_000;
/** The oldest goes first. */
const MAX_CHALLENGES = 64;

export const instantKind = defineKind<InstantMessage>({
  name: 'instant',
  mailbox: { capacity: 256, overflow: 'refuse' },
  supervision: { onFailure: 'stop' },
  passivateAfterMs: 2 * CHALLENGE_MS,
});

export function instant(options: InstantOptions): Behaviour<InstantMessage> {
  return (context) => new Instant(context, options);
}

interface Kept {
  readonly challenge: Challenge;
  readonly untilMs: number;
}

class Instant implements Actor<InstantMessage> {
  readonly #context: Context<InstantMessage>;
  readonly #rate: RateLimit | undefined;
  readonly #kept = new Map<string, Kept>();

  constructor(context: Context<InstantMessage>, { rate }: InstantOptions) {
    this.#context = context;
    if (rate !== undefined) this.#rate = new RateLimit(rate.perMinute / 60, rate.burst, context.monotonicMs());
  }

  receive(message: InstantMessage): void {
    switch (message.type) {
      case 'keep':
        return this.#context.reply(this.#keep(message.challenge));
      case 'take':
        return this.#context.reply(this.#take(message.challenge));
    }
  }

  #keep(challenge: Challenge): number {
    const waitMs = this.#rate?.take(1, this.#context.monotonicMs()) ?? 0;
    if (waitMs > 0) return waitMs;
    this.#kept.set(challenge.id, { challenge, untilMs: this.#context.monotonicMs() + CHALLENGE_MS });
    const oldest = this.#kept.keys().next().value;
    if (this.#kept.size > MAX_CHALLENGES && oldest !== undefined) this.#kept.delete(oldest);
    return 0;
  }

  #take(id: string): Challenge | null {
    const kept = this.#kept.get(id);
    this.#kept.delete(id);
    return kept === undefined || kept.untilMs <= this.#context.monotonicMs() ? null : kept.challenge;
  }
}
