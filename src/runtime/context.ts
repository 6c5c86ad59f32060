/** What an actor may do. Handed to its behaviour; valid only inside the actor's own turns. */
import type { CancelTimer } from './host.ts';
import type { Behaviour, Kind } from './kind.ts';
import type { Ref } from './ref.ts';
import type { AnswerOf, Fault, Reply, ReplyTo } from './reply.ts';

export interface Context<M> {
  readonly self: Ref<M>;
  /** The thread that this actor runs on. */
  readonly thread: number;

  /** Milliseconds since the epoch, for facts that people see. */
  wallMs(): number;
  /** Milliseconds for measuring durations. */
  monotonicMs(): number;
  random(): number;
  newId(): string;

  /** The name of an actor. Costs nothing until it is told something. */
  ref<T>(kind: Kind<T>, id: string): Ref<T>;
  /**
   * Sends without waiting. At most once, in order per sender and receiver.
   * False if it surely was not taken: the mailbox refused it, or the lane to its thread is full.
   */
  tell<T>(to: Ref<T>, message: NoInfer<T>): boolean;
  /**
   * Sends and gets exactly one reply, in a turn of this actor: the answer, or a fault (`overloaded`, `unavailable` when
   * the target is gone or the deadline passed, `internal` when its handler threw). Replies overtake waiting messages.
   * A reply to an incarnation that has ended is dropped.
   */
  ask<T, const Q extends T>(
    to: Ref<T>,
    message: Q,
    deadlineMs: number,
    onReply: (reply: Reply<AnswerOf<T, Q>>) => void,
  ): void;

  /** Answers the message at hand. Ignored where it was told, not asked. */
  reply(value: unknown): void;
  /** Answers the message at hand with a fault. */
  fail(fault: Fault): void;
  /** Takes the right to answer the message at hand out of this turn. Undefined where it was told. */
  replyTo(): ReplyTo | undefined;

  /** Runs `callback` in a turn of this incarnation, no earlier than `delayMs` from now. */
  after(delayMs: number, callback: () => void): CancelTimer;
  /** Runs `callback` at the end of this slice: after the messages that are ready now, before I/O. */
  endOfSlice(callback: () => void): void;
  /** Runs `onOutcome` in a turn of this incarnation once the promise settles; a rejection arrives as the `error`. */
  pipe<T>(promise: Promise<T>, onOutcome: (outcome: { readonly value: T } | { readonly error: unknown }) => void): void;

  /** Holds back messages (not replies, timers and signals) until `resume`. */
  suspend(): void;
  resume(): void;
  /** Ends this actor after the turn. The next message to its address activates it anew. */
  stop(): void;

  /** Starts a child on this thread. It stops before its parent does; `escalate` fails the parent. */
  spawn<T>(kind: Kind<T>, name: string, behaviour: Behaviour<T>): Ref<T>;
  /** Asks to be told, by `terminated`, when the actor ends. At once if it is not active. */
  watch<T>(ref: Ref<T>): void;
  unwatch<T>(ref: Ref<T>): void;
}
