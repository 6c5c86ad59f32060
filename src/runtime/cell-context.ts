/** The part of an actor's context that only passes on to its shard. */
import type { Cell } from './cell.ts';
import type { Signal } from './cell-state.ts';
import type { Context } from './context.ts';
import type { CancelTimer } from './host.ts';
import type { Kind } from './kind.ts';
import type { Ref } from './ref.ts';
import type { AnswerOf, Reply } from './reply.ts';
import type { Shard } from './shard.ts';

type Delegated =
  | 'thread'
  | 'wallMs'
  | 'monotonicMs'
  | 'random'
  | 'newId'
  | 'ref'
  | 'tell'
  | 'ask'
  | 'after'
  | 'endOfSlice'
  | 'pipe';

export abstract class CellContext implements Pick<Context<unknown>, Delegated> {
  readonly shard: Shard;
  /** Raised by every restart and by the end: callbacks of an older incarnation are dropped. */
  incarnation = 1;

  constructor(shard: Shard) {
    this.shard = shard;
  }

  /** Takes a signal; signals are never refused. */
  abstract signal(signal: Signal): void;
  /** Delivers in the actor's name now; what it throws fails the actor. */
  protected abstract deliverSafely(signal: Signal): void;

  get thread(): number {
    return this.shard.thread;
  }

  wallMs(): number {
    return this.shard.host.wallMs();
  }

  monotonicMs(): number {
    return this.shard.host.monotonicMs();
  }

  random(): number {
    return this.shard.host.random();
  }

  newId(): string {
    return this.shard.host.newId();
  }

  ref<T>(kind: Kind<T>, id: string): Ref<T> {
    return this.shard.ref(kind, id);
  }

  tell<T>(to: Ref<T>, message: NoInfer<T>): boolean {
    return this.shard.deliver(to, message, undefined);
  }

  ask<T, const Q extends T>(
    to: Ref<T>,
    message: Q,
    deadlineMs: number,
    onReply: (reply: Reply<AnswerOf<T, Q>>) => void,
  ): void {
    this.shard.askFrom(
      this as unknown as Cell<never>,
      to,
      message,
      deadlineMs,
      onReply as (reply: Reply<never>) => void,
    );
  }

  after(delayMs: number, callback: () => void): CancelTimer {
    const signal = this.#inThisIncarnation(callback);
    return this.shard.timers.set(delayMs, () => this.signal(signal));
  }

  endOfSlice(callback: () => void): void {
    const signal = this.#inThisIncarnation(callback);
    this.shard.endOfSlice(() => this.deliverSafely(signal));
  }

  pipe<T>(
    promise: Promise<T>,
    onOutcome: (outcome: { readonly value: T } | { readonly error: unknown }) => void,
  ): void {
    const { incarnation } = this;
    const settle = (outcome: { readonly value: T } | { readonly error: unknown }): void =>
      this.signal({ deliver: () => (this.incarnation === incarnation ? onOutcome(outcome) : undefined) });
    promise.then(
      (value) => settle({ value }),
      (error: unknown) => settle({ error }),
    );
  }

  #inThisIncarnation(callback: () => void): Signal {
    const { incarnation } = this;
    return { deliver: () => (this.incarnation === incarnation ? callback() : undefined) };
  }
}
