/** Answers: every ask gets exactly one, a value or a fault. */

/** Why there is no value. A domain adds codes of its own to those that the runtime makes. */
export interface Fault {
  /** `overloaded`, `unavailable`, `internal` from the runtime; any other from the actor that was asked. */
  readonly code: string;
  /** For people. Holds no secrets and no message bodies. */
  readonly message: string;
  /** Milliseconds after which a repetition has a chance. */
  readonly retryAfter?: number;
}

export type Reply<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly fault: Fault };

declare const ANSWER: unique symbol;

/** Marks a message as one that is answered with an `R`. The property exists in the type only. */
export interface Request<R> {
  readonly [ANSWER]?: R;
}

/** What the message `Q`, one of the messages `M`, is answered with: found by its `type` where `M` is a union. */
export type AnswerOf<M, Q> = Q extends { readonly type: infer T }
  ? AnswerOfVariant<M, Extract<M, { readonly type: T }>>
  : Answer<M>;

type AnswerOfVariant<M, V> = [V] extends [never] ? Answer<M> : Answer<V>;
type Answer<V> = V extends Request<infer R> ? R : never;

/**
 * The right to answer one ask. It may be kept and used in a later turn.
 *
 * *Details.* The first answer counts; later ones are ignored, as is an answer after the asker's deadline.
 */
export interface ReplyTo {
  settle(value: unknown, fault: Fault | undefined): void;
}

export const OVERLOADED: Fault = { code: 'overloaded', message: 'a queue on the way is full', retryAfter: 200 };
export const LATE: Fault = { code: 'unavailable', message: 'no answer within the deadline', retryAfter: 500 };
export const GONE: Fault = { code: 'unavailable', message: 'the actor stopped before it answered', retryAfter: 500 };
export const LOST: Fault = { code: 'unavailable', message: 'the answer found no way back', retryAfter: 500 };
export const FAILED: Fault = { code: 'internal', message: 'the request failed' };
