/** A cell: one active actor with its mailbox, its signals and its life. */
import { CellFamily } from './cell-family.ts';
import {
  AWAITS_CHILDREN,
  BACKING_OFF,
  type CellSummary,
  CLOSED,
  HALTED,
  HELD,
  LINGERING,
  messageType,
  PASSIVATING,
  QUEUED,
  type Signal,
  STOPPED,
  STOPPING,
  SUSPENDED,
  summaryOf,
  takesMessages,
} from './cell-state.ts';
import type { Context } from './context.ts';
import { keepFailure } from './kin.ts';
import type { Actor, Behaviour } from './kind.ts';
import type { KindEntry } from './kind-entry.ts';
import { Mailbox } from './mailbox.ts';
import type { Ref } from './ref.ts';
import { FAILED, type Fault, GONE, type ReplyTo } from './reply.ts';
import type { Shard } from './shard.ts';
import { nextBackoff } from './supervision.ts';

export class Cell<M> extends CellFamily implements Context<M> {
  readonly entry: KindEntry;
  readonly self: Ref<M>;
  /** When the mailbox was last worked on, by the shard's coarse clock. */
  activeMs: number;
  readonly #behaviour: Behaviour<M>;
  #actor: Actor<M> | null = null;
  #mailbox: Mailbox<M> | null;
  #signals: Signal[] | null = null;
  #flags = 0;
  #replyTo: ReplyTo | undefined;

  /** `mailbox` is what an activation that was passivated left to this one. */
  constructor(shard: Shard, entry: KindEntry, self: Ref<M>, behaviour: Behaviour<M>, mailbox: Mailbox<M> | null) {
    super(shard);
    this.entry = entry;
    this.self = self;
    this.#behaviour = behaviour;
    this.#mailbox = mailbox;
    this.activeMs = shard.coarseMs;
  }

  // ── what the shard does with a cell ──────────────────────────────────────────────────────────────────────────────

  override get address(): string {
    return this.self.address;
  }

  get stopped(): boolean {
    return (this.#flags & STOPPED) !== 0;
  }

  get depth(): number {
    return this.#mailbox === null ? 0 : this.#mailbox.size;
  }

  /** Has the first incarnation made, in a turn of its own: whoever sent the first message is not held up by it. */
  start(): void {
    this.#queue();
  }

  /** Takes a message if nothing speaks against it. False: nothing was done, `enqueue` decides. */
  offer(message: M, replyTo: ReplyTo | undefined): boolean {
    const mailbox = this.#mailbox;
    const flags = this.#flags;
    if ((flags & CLOSED) !== 0 || mailbox === null || !mailbox.push(message, replyTo)) return false;
    if ((flags & (QUEUED | HELD)) === 0) this.#queue();
    return true;
  }

  /** Takes a message, or says why not: false if refused. An asker is answered here when it is. */
  enqueue(message: M, replyTo: ReplyTo | undefined): boolean {
    if (!takesMessages(this.#flags)) return this.#refuse(replyTo);
    this.#mailbox ??= new Mailbox<M>(this.self.kind.mailbox.capacity);
    const mailbox = this.#mailbox;
    if (!mailbox.push(message, replyTo)) {
      this.entry.stats.overflows += 1;
      if (!mailbox.overflow(message, replyTo, this.self.kind.mailbox.overflow)) return false;
    }
    if ((this.#flags & (QUEUED | HELD)) === 0) this.#queue();
    return true;
  }

  override signal(signal: Signal): void {
    if ((this.#flags & STOPPED) !== 0) return;
    if (this.#signals === null) this.#signals = [signal];
    else this.#signals.push(signal);
    if ((this.#flags & QUEUED) === 0) this.#queue();
  }

  /** Runs signals, then messages, at most `limit` of both. Returns how many were run. */
  run(limit: number): number {
    this.#flags &= ~QUEUED;
    this.activeMs = this.shard.coarseMs;
    if (this.#actor === null && (this.#flags & HALTED) === 0) this.#incarnate();
    let done = 0;
    if (this.#signals !== null && this.#signals.length > 0) done = this.#runSignals(limit);
    const mailbox = this.#mailbox;
    if (done < limit && mailbox !== null && mailbox.size > 0) done += this.#runMessages(mailbox, limit - done);
    if ((this.#flags & (STOPPING | LINGERING | STOPPED)) === STOPPING) this.#tryStop();
    if ((this.#flags & QUEUED) === 0 && this.#hasWork()) this.#queue();
    return done;
  }

  /** Gives back memory of an idle actor and, if it should be passivated and agrees, ends it. True if it ends. */
  sweep(passivate: boolean): boolean {
    if (this.#flags !== 0 || this.depth > 0) return false;
    this.#mailbox = null;
    this.#signals = null;
    if (!passivate || this.hasChildren || !this.#mayPassivate()) return false;
    this.entry.stats.passivations += 1;
    this.#flags = STOPPING | PASSIVATING;
    this.#tryStop();
    return true;
  }

  summary(): CellSummary {
    return summaryOf(this.#flags, this.depth, this.kin?.lastFailures ?? [], this.#actor);
  }

  /** A signal from outside: stop in good order. */
  requestStop(): void {
    this.signal({ deliver: () => this.#beginStop() });
  }

  // ── Context ──────────────────────────────────────────────────────────────────────────────────────────────────────

  reply(value: unknown): void {
    this.#replyTo?.settle(value, undefined);
  }

  fail(fault: Fault): void {
    this.#replyTo?.settle(undefined, fault);
  }

  replyTo(): ReplyTo | undefined {
    return this.#replyTo;
  }

  suspend(): void {
    this.#flags |= SUSPENDED;
  }

  resume(): void {
    this.#flags &= ~SUSPENDED;
    if (this.depth > 0 && (this.#flags & (QUEUED | HELD)) === 0) this.#queue();
  }

  stop(): void {
    if ((this.#flags & LINGERING) !== 0) this.#end();
    else this.#beginStop();
  }

  // ── turns ────────────────────────────────────────────────────────────────────────────────────────────────────────

  #queue(): void {
    this.#flags |= QUEUED;
    this.shard.ready(this as unknown as Cell<never>);
  }

  #hasWork(): boolean {
    if (this.#signals !== null && this.#signals.length > 0) return true;
    return (this.#flags & HELD) === 0 && this.#mailbox !== null && this.#mailbox.size > 0;
  }

  #runMessages(mailbox: Mailbox<M>, limit: number): number {
    const { stats } = this.entry;
    // A mailbox only grows between turns, so that its depth here is its highest since the last one.
    if (mailbox.size > stats.mailboxHighWater) stats.mailboxHighWater = mailbox.size;
    let done = 0;
    while (done < limit && mailbox.size > 0 && (this.#flags & HELD) === 0) {
      const replyTo = mailbox.headReplyTo();
      const message = mailbox.shift();
      this.#replyTo = replyTo;
      done += 1;
      try {
        (this.#actor as Actor<M>).receive(message);
      } catch (error) {
        replyTo?.settle(undefined, FAILED);
        this.#failed(error, message);
      }
      if (this.#signals !== null && this.#signals.length > 0) this.#runSignals(limit);
    }
    this.#replyTo = undefined;
    stats.messages += done;
    return done;
  }

  /** Those that come while these run wait for the next round, so that no actor keeps its turn by signalling itself. */
  #runSignals(limit: number): number {
    const signals = this.#signals as Signal[];
    const count = Math.min(signals.length, limit);
    for (let index = 0; index < count; index++) this.deliverSafely(signals[index] as Signal);
    if (count === signals.length) signals.length = 0;
    else signals.splice(0, count);
    return count;
  }

  protected override deliverSafely(signal: Signal): void {
    if ((this.#flags & STOPPED) !== 0) return;
    const replyTo = this.#replyTo;
    this.#replyTo = undefined;
    try {
      signal.deliver();
    } catch (error) {
      this.#failed(error, undefined);
    }
    this.#replyTo = replyTo;
  }

  #refuse(replyTo: ReplyTo | undefined): boolean {
    replyTo?.settle(undefined, GONE);
    this.shard.deadLetter(this.entry, this.address, 'the actor is stopping', 1);
    return false;
  }

  // ── life ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  protected override get open(): boolean {
    return (this.#flags & (STOPPING | STOPPED)) === 0;
  }

  protected override childless(): void {
    if ((this.#flags & AWAITS_CHILDREN) !== 0) this.signal({ deliver: () => this.#comeBack() });
    else if ((this.#flags & (STOPPING | LINGERING | QUEUED)) === STOPPING) this.#queue();
  }

  protected override terminated(address: string): void {
    this.#actor?.terminated?.(address);
  }

  /** A failed start leaves no incarnation behind: nothing may be told to half an actor. */
  #incarnate(): void {
    try {
      this.#actor = this.#behaviour(this);
      this.#actor.started?.();
    } catch (error) {
      this.#actor = null;
      this.#failed(error, undefined);
    }
  }

  #failed(error: unknown, message: M | undefined): void {
    const { supervision } = this.self.kind;
    const kin = this.family();
    this.entry.stats.failures += 1;
    keepFailure(kin, error);
    const { onFailure } = supervision;
    const received = messageType(message);
    this.shard.log.error('an actor failed', { actor: this.address, received, strategy: onFailure, error });
    // Whatever was to end the actor later may be what failed: it would linger for ever.
    if ((this.#flags & LINGERING) !== 0) this.#end();
    else if (onFailure === 'stop') this.#beginStop();
    else if (onFailure === 'restart' || (onFailure === 'resume' && this.#actor === null)) this.#restart();
    else if (onFailure === 'escalate') {
      kin.parent?.signal({ deliver: () => kin.parent?.escalated(this.address, error) });
      this.#beginStop();
    }
  }

  #restart(): void {
    if ((this.#flags & (STOPPING | BACKING_OFF)) !== 0) return;
    const { host } = this.shard;
    const { restarts } = this.family();
    const backoffMs = nextBackoff(this.self.kind.supervision, restarts, host.monotonicMs(), () => host.random());
    if (backoffMs < 0) {
      this.#beginStop();
      return;
    }
    this.#actor = null;
    this.entry.stats.restarts += 1;
    this.incarnation += 1;
    this.unwatchAll();
    this.stopChildren();
    this.#flags = (this.#flags | BACKING_OFF) & ~SUSPENDED;
    this.shard.timers.set(backoffMs, () => this.signal({ deliver: () => this.#comeBack() }));
  }

  #comeBack(): void {
    if ((this.#flags & (STOPPING | STOPPED)) !== 0) return;
    // The new incarnation may start children of the same names.
    if (this.hasChildren) {
      this.#flags |= AWAITS_CHILDREN;
      return;
    }
    this.#flags &= ~(BACKING_OFF | AWAITS_CHILDREN);
    this.#incarnate();
  }

  #beginStop(): void {
    if ((this.#flags & (STOPPING | STOPPED)) !== 0) return;
    this.#flags |= STOPPING;
    this.stopChildren();
    if ((this.#flags & QUEUED) === 0) this.#queue();
  }

  #mayPassivate(): boolean {
    try {
      return this.#actor?.mayPassivate?.() !== false;
    } catch (error) {
      this.#failed(error, undefined);
      return false;
    }
  }

  #tryStop(): void {
    if (this.hasChildren) return;
    this.#flags |= LINGERING;
    try {
      if (this.#actor?.stopping?.() === false) return;
    } catch (error) {
      this.shard.log.error('an actor failed while stopping', { actor: this.address, error });
    }
    this.#end();
  }

  #end(): void {
    if ((this.#flags & STOPPED) !== 0) return;
    this.#flags |= STOPPED;
    this.incarnation += 1;
    this.#actor = null;
    this.#signals = null;
    this.unwatchAll();
    this.self.cell = null;
    this.shard.forget(this as unknown as Cell<never>);
    const mailbox = this.#mailbox;
    this.#mailbox = null;
    if (mailbox !== null && mailbox.size > 0) this.#handOver(mailbox);
    this.tellWatchers();
  }

  /** Messages that came while the actor was passivated go to its next activation; others are answered and counted. */
  #handOver(mailbox: Mailbox<M>): void {
    const passivated = (this.#flags & PASSIVATING) !== 0;
    if (passivated && this.shard.succeed(this.entry, this.self, this.#behaviour, mailbox)) return;
    this.shard.deadLetter(this.entry, this.address, 'the actor stopped', mailbox.size);
    mailbox.empty(GONE);
  }
}
