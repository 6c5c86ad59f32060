/** A shard: the actors of one thread, their dispatcher, their timers, and the lanes to the other threads. */
import { Arrivals } from './arrivals.ts';
import { Asks } from './asks.ts';
import { Cell } from './cell.ts';
import { DeadLetters } from './dead-letters.ts';
import { Dispatcher, type DispatcherOptions } from './dispatcher.ts';
import { hashOf } from './hash.ts';
import type { Host, RuntimeLog } from './host.ts';
import type { Behaviour, Kind } from './kind.ts';
import { type KindEntry, newKindEntry } from './kind-entry.ts';
import type { MessageCodec } from './lanes/codec.ts';
import type { IncomingLink, OutgoingLink } from './lanes/link.ts';
import { Neighbours } from './lanes/neighbours.ts';
import type { Mailbox } from './mailbox.ts';
import { type Placement, threadOf } from './placement.ts';
import { Ref } from './ref.ts';
import { type AnswerOf, type Fault, GONE, OVERLOADED, type Reply, type ReplyTo } from './reply.ts';
import { Sweeper } from './sweeper.ts';
import { Timers } from './timers.ts';
import { Watches } from './watches.ts';

export interface ShardOptions {
  /** Number of this thread, which no other has that lanes connect: an index, or `threadNumber` where there are many nodes. */
  readonly thread: number;
  readonly host: Host;
  readonly log: RuntimeLog;
  readonly placement: Placement;
  /** For the messages of kinds that bring no codec of their own. */
  readonly codec: MessageCodec<unknown>;
  readonly dispatcher?: Partial<DispatcherOptions>;
  /** Most bytes that wait for credit towards one thread; past it sends are refused. */
  readonly maxPendingBytes?: number;
}

const DEFAULT_DISPATCHER: DispatcherOptions = { messagesPerTurn: 64, sliceMs: 4, slowMs: 100 };
const DEFAULT_PENDING_BYTES = 8 * 1024 * 1024;

export class Shard {
  readonly thread: number;
  readonly host: Host;
  readonly log: RuntimeLog;
  readonly timers: Timers;
  readonly deadLetters: DeadLetters;
  /** Monotonic milliseconds at the start of the current slice. */
  coarseMs: number;
  readonly #placement: Placement;
  readonly #kinds = new Map<string, KindEntry>();
  readonly #asks: Asks;
  readonly #dispatcher: Dispatcher;
  readonly #watches: Watches;
  readonly #neighbours: Neighbours;
  readonly #arrivals: Arrivals;
  #endOfSlice: (() => void)[] = [];
  #scheduled = false;
  #running = false;
  #stopped = false;

  constructor(options: ShardOptions) {
    this.thread = options.thread;
    this.host = options.host;
    this.log = options.log;
    this.#placement = options.placement;
    this.coarseMs = options.host.monotonicMs();
    this.timers = new Timers(options.host);
    this.deadLetters = new DeadLetters(options.host, options.log);
    this.#asks = new Asks(this.timers, () => options.host.monotonicMs());
    this.#dispatcher = new Dispatcher(options.host, options.log, { ...DEFAULT_DISPATCHER, ...options.dispatcher });
    this.#watches = new Watches();
    this.#neighbours = new Neighbours(options.codec, options.maxPendingBytes ?? DEFAULT_PENDING_BYTES);
    this.#arrivals = new Arrivals(this, {
      kinds: this.#kinds,
      asks: this.#asks,
      watches: this.#watches,
      neighbours: this.#neighbours,
    });
    new Sweeper(options.host, this.timers, this.#kinds).start();
  }

  // ── set-up ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Says how actors of the kind behave on this shard. Every kind that the placement puts here must be registered. */
  register<M>(kind: Kind<M>, behaviour: Behaviour<M>): void {
    if (this.#kinds.has(kind.name)) throw new Error(`the kind ${kind.name} is registered already`);
    this.#kinds.set(kind.name, newKindEntry(kind, behaviour));
  }

  /** Joins the lanes to and from another thread; a thread of another node over a `BatchLink` both ways. */
  connect(thread: number, outgoing: OutgoingLink, incoming: IncomingLink): void {
    this.#neighbours.connect(thread, outgoing, incoming, this.#arrivals);
  }

  // ── sending ──────────────────────────────────────────────────────────────────────────────────────────────────────

  ref<M>(kind: Kind<M>, id: string): Ref<M> {
    const hash = hashOf(id);
    return new Ref(kind, id, threadOf(this.#placement, kind, id, hash), hash);
  }

  /** Tells from outside any actor. */
  tell<M>(to: Ref<M>, message: NoInfer<M>): boolean {
    return this.deliver(to, message, undefined);
  }

  /** Asks from outside any actor. The promise never rejects. */
  ask<M, const Q extends M>(to: Ref<M>, message: Q, deadlineMs: number): Promise<Reply<AnswerOf<M, Q>>> {
    return new Promise((resolve) =>
      this.askFrom(null, to, message, deadlineMs, resolve as (reply: Reply<never>) => void),
    );
  }

  askFrom<M>(
    asker: Cell<never> | null,
    to: Ref<M>,
    message: M,
    deadlineMs: number,
    onReply: (reply: Reply<never>) => void,
  ): void {
    if (this.#stopped) return this.#refuse(asker, GONE, onReply);
    const ask = this.#asks.add(asker, to.kind as unknown as Kind<never>, deadlineMs, onReply);
    if (ask === undefined) return this.#refuse(asker, OVERLOADED, onReply);
    try {
      if (to.thread === this.thread) this.deliver(to, message, ask);
      else if (!this.#neighbours.lane(to.thread).ask(to, message, ask.id)) ask.settle(undefined, OVERLOADED);
      else this.#wake();
    } catch (error) {
      // Nothing was sent: a message that cannot be encoded, or an address that no thread serves, is the sender's mistake.
      this.#asks.withdraw(ask);
      throw error;
    }
  }

  /** A ref knows its cell only where that is on this shard; the rest is for the first message and for what is rare. */
  deliver<M>(to: Ref<M>, message: M, replyTo: ReplyTo | undefined): boolean {
    return to.cell?.offer(message, replyTo) === true || this.#deliver(to, message, replyTo);
  }

  #deliver<M>(to: Ref<M>, message: M, replyTo: ReplyTo | undefined): boolean {
    if (to.thread !== this.thread) {
      const sent = this.#neighbours.lane(to.thread).tell(to, message);
      this.#wake();
      return sent;
    }
    let { cell } = to;
    if (cell === null || cell.stopped) {
      cell = this.#activate(to);
      if (cell === null) {
        replyTo?.settle(undefined, GONE);
        return false;
      }
    }
    return cell.enqueue(message, replyTo);
  }

  // ── what cells call ──────────────────────────────────────────────────────────────────────────────────────────────

  ready(cell: Cell<never>): void {
    this.#dispatcher.push(cell);
    this.#wake();
  }

  endOfSlice(callback: () => void): void {
    this.#endOfSlice.push(callback);
    this.#wake();
  }

  /** Something waits to leave over a lane: a slice will hand it over. */
  flushSoon(): void {
    this.#wake();
  }

  /** Counts messages that reached nobody; says so in the log, unless the kind was stopped on purpose. */
  deadLetter(entry: KindEntry, address: string, reason: string, count: number): void {
    entry.stats.deadLetters += count;
    if (entry.closed || this.#stopped) this.deadLetters.total += count;
    else this.deadLetters.add(address, reason, count);
  }

  spawn<M>(kind: Kind<M>, id: string, behaviour: Behaviour<M>, parent: Cell<never>): Cell<M> {
    let entry = this.#kinds.get(kind.name);
    if (entry === undefined) {
      entry = newKindEntry(kind, null);
      this.#kinds.set(kind.name, entry);
    }
    const cell = this.#start(entry, new Ref(kind, id, this.thread), behaviour, null);
    cell.adopt(parent);
    return cell;
  }

  /** Starts the next activation of an actor over the messages that came while it was passivated. False: not any more. */
  succeed<M>(entry: KindEntry, ref: Ref<M>, behaviour: Behaviour<M>, mailbox: Mailbox<M>): boolean {
    if (entry.closed || entry.behaviour === null || this.#stopped) return false;
    this.#start(entry, ref, behaviour, mailbox);
    return true;
  }

  forget(cell: Cell<never>): void {
    cell.entry.cells.delete(cell);
    cell.entry.stats.live -= 1;
  }

  watch<M>(ref: Ref<M>, watcher: (address: string) => void): void {
    if (ref.thread !== this.thread) this.#watches.remote(ref, watcher, this.#neighbours.lane(ref.thread));
    else {
      const cell = this.activeCell(ref);
      if (cell === undefined) watcher(ref.address);
      else cell.onEnd(watcher);
    }
    this.#wake();
  }

  unwatch<M>(ref: Ref<M>, watcher: (address: string) => void): void {
    if (ref.thread !== this.thread) this.#watches.forget(ref.address, watcher);
    else this.activeCell(ref)?.offEnd(watcher);
  }

  activeCell<M>(ref: Ref<M>): Cell<M> | undefined {
    if (ref.cell !== null && !ref.cell.stopped) return ref.cell;
    return this.#kinds.get(ref.kind.name)?.cells.get(ref.id, ref.hash) as unknown as Cell<M> | undefined;
  }

  // ── running ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Something arrived from another thread: look now. */
  readonly wake = (): void => {
    if (!this.#running && !this.#stopped) this.#slice();
  };

  /** Everything that the inspector shows of the kinds on this shard. */
  kinds(): IterableIterator<KindEntry> {
    return this.#kinds.values();
  }

  get pendingAsks(): number {
    return this.#asks.pending;
  }

  /** Messages refused because a lane was out of credit, over all lanes. */
  get refusedByLanes(): number {
    return this.#neighbours.refused;
  }

  get pendingLaneBytes(): number {
    return this.#neighbours.pendingBytes;
  }

  /**
   * Stops the actors of these kinds in good order, for good: from now on messages to them reach nobody. Resolves when all
   * are gone or `deadlineMs` is over, with the number of those that are left.
   */
  stopKinds(names: readonly string[], deadlineMs: number): Promise<number> {
    const entries = names.flatMap((name) => this.#kinds.get(name) ?? []);
    for (const entry of entries) {
      entry.closed = true;
      for (const cell of entry.cells.list()) cell.requestStop();
    }
    const live = (): number => entries.reduce((sum, entry) => sum + entry.cells.size, 0);
    return new Promise((resolve) => {
      const endMs = this.host.monotonicMs() + deadlineMs;
      const look = (): void => {
        if (live() === 0 || this.host.monotonicMs() >= endMs) resolve(live());
        else this.timers.set(5, look);
      };
      look();
    });
  }

  /** Ends the shard at once. Askers outside are answered; nothing runs afterwards. */
  shutdown(): void {
    this.#asks.failAll(GONE);
    this.#stopped = true;
    this.timers.clear();
  }

  // ── inside ───────────────────────────────────────────────────────────────────────────────────────────────────────

  #wake(): void {
    if (this.#scheduled || this.#running || this.#stopped) return;
    this.#scheduled = true;
    this.host.defer(() => {
      this.#scheduled = false;
      if (!this.#running && !this.#stopped) this.#slice();
    });
  }

  #slice(): void {
    this.#running = true;
    try {
      this.coarseMs = this.host.monotonicMs();
      this.#neighbours.drain();
      this.#dispatcher.run(this.coarseMs);
      this.#runEndOfSlice();
      this.#neighbours.flush();
    } finally {
      this.#running = false;
    }
    if (this.#dispatcher.ready > 0 || this.#endOfSlice.length > 0 || !this.#neighbours.sleep()) this.#wake();
  }

  #runEndOfSlice(): void {
    if (this.#endOfSlice.length === 0) return;
    const callbacks = this.#endOfSlice;
    this.#endOfSlice = [];
    for (const callback of callbacks) callback();
  }

  #activate<M>(ref: Ref<M>): Cell<M> | null {
    const entry = this.#kinds.get(ref.kind.name);
    if (entry === undefined) throw new Error(`the kind ${ref.kind.name} is not registered on thread ${this.thread}`);
    const active = entry.cells.get(ref.id, ref.hash) as unknown as Cell<M> | undefined;
    if (active !== undefined) {
      ref.cell = active;
      return active;
    }
    if (this.#stopped || entry.closed || entry.behaviour === null) {
      this.deadLetter(entry, ref.address, 'nobody of the kind is activated', 1);
      return null;
    }
    return this.#start(entry, ref, entry.behaviour as unknown as Behaviour<M>, null);
  }

  #start<M>(entry: KindEntry, ref: Ref<M>, behaviour: Behaviour<M>, mailbox: Mailbox<M> | null): Cell<M> {
    const cell = new Cell(this, entry, ref, behaviour, mailbox);
    ref.cell = cell;
    entry.cells.add(cell as unknown as Cell<never>);
    entry.stats.live += 1;
    entry.stats.activations += 1;
    cell.start();
    return cell;
  }

  #refuse(asker: Cell<never> | null, fault: Fault, onReply: (reply: Reply<never>) => void): void {
    const refusal: Reply<never> = { ok: false, fault };
    if (asker === null) onReply(refusal);
    else {
      const { incarnation } = asker;
      asker.signal({ deliver: () => (asker.incarnation === incarnation ? onReply(refusal) : undefined) });
    }
  }
}
