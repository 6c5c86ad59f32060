/**
 * An ordered stream of a room: nonce, number, log, and only then whatever follows. A room has two of them, its messages and
 * its changes. Many requests are in flight; their outcomes come in order.
 */
import { type Fault, fault } from '../../protocol/faults.ts';
import type { Context } from '../../runtime/context.ts';
import type { Ref } from '../../runtime/ref.ts';
import { LATE, type Reply, type ReplyTo } from '../../runtime/reply.ts';
import { encodeLogRecord, type LogRecord, type RecordStream } from '../../storage/ports/log-record.ts';
import type { LogPosition } from '../../storage/ports/message-log.ts';
import { type LogWriterMessage, REFUSED } from '../storage/log-writer-messages.ts';
import type { RoomHome } from './home.ts';
import type { RoomMessage } from './messages.ts';
import type { NonceWindow } from './nonces.ts';
import { SenderOrder } from './sender-order.ts';
import { type Sender, Senders } from './senders.ts';
import type { RoomState } from './state.ts';

/** Longest wait for the log's answer to one append. Past it only the writer can tell what has become of it. */
const APPEND_DEADLINE_MS = 60_000;
/** For the writer's word that it has nothing more of the room, and the pause before it is asked again. */
const BARRIER_DEADLINE_MS = 5_000;
const BARRIER_PAUSE_MS = 5_000;
/** Requests of one stream that may be on their way to the log. */
const MAX_IN_FLIGHT = 1_024;
/** Requests of one sender that may wait for what has to be loaded first. */
const MAX_STASHED = 64;
/** Nobody waits longer for an answer: while the log is away, those who have given up must not pile up. */
const LONGEST_WAIT_MS = 30_000;

const BROKEN_RUN = fault('unavailable', 'an earlier request of this session was refused; repeat in order', 50);
const FULL = fault('overloaded', 'too many requests of this room are on their way', 200);
const NOT_WRITTEN = fault('unavailable', 'the message log did not take it; repeat the nonce', 500);
const ASKED_AGAIN = fault('unavailable', 'the request was sent again meanwhile; repeat the nonce', 500);

/** What every request of a stream has. */
export interface Ordered {
  readonly user: string;
  /** Address of the sending session, with the run and place of this request in it: what keeps a sender's order. */
  readonly session: string;
  readonly run: number;
  readonly place: number;
  readonly nonce: string;
}

/** What becomes of a request once it has its number. */
export type Made = Pick<LogRecord, 'frame' | 'effect'>;

/** What one stream does in its own way. */
export interface StreamRules<Q extends Ordered, M extends Made> {
  readonly stream: RecordStream;
  /** Number of the newest durable entry when the room was activated. */
  readonly head: number;
  /** Senders' entries that the store may lack, ascending. */
  readonly unstored: (
    sender: string,
  ) => readonly { readonly nonce: string; readonly seq: number; readonly at: number }[];
  /**
   * Whether what it takes to decide is there, or the reason why it cannot be. If it is not there yet, `wake` is called in a
   * later turn: once it is, or with the reason.
   */
  readonly ready: (request: Q, wake: (reason?: Fault) => void) => boolean | Fault;
  /** Decides. A refusal without `retryAfter` concerns this request alone. */
  readonly make: (request: Q, seq: number, at: number, window: NonceWindow) => M | { readonly refusal: Fault };
  /** It is durable: everybody may learn of it. */
  readonly durable: (entry: InFlight<Q, M>, position: LogPosition) => void;
  /** The refused ones never happened; what is left in flight is what came before them. */
  readonly givenUp: (refused: readonly InFlight<Q, M>[], left: readonly InFlight<Q, M>[]) => void;
  readonly answer: (seq: number, at: number) => unknown;
}

/** Who asked, or repeated it, and when by the monotonic clock. */
interface Waiter {
  readonly replyTo: ReplyTo;
  readonly sinceMs: number;
}

export interface InFlight<Q extends Ordered, M extends Made> {
  readonly request: Q;
  readonly seq: number;
  readonly at: number;
  readonly made: M;
  readonly waiters: Waiter[];
  /** It was given up, and its number is given to another: the answer to its append counts no more. */
  dropped: boolean;
}

interface Stashed<Q> {
  readonly request: Q;
  readonly replyTo: ReplyTo | undefined;
}

export class OrderedStream<Q extends Ordered, M extends Made> {
  readonly #context: Context<RoomMessage>;
  readonly #rules: StreamRules<Q, M>;
  readonly #home: RoomHome;
  readonly #room: string;
  readonly #log: Ref<LogWriterMessage>;
  readonly #order = new SenderOrder();
  readonly #senders: Senders<Stashed<Q>>;
  #inFlight: InFlight<Q, M>[] = [];
  #next: number;
  #first = true;
  /** Answers are missing, and the writer is asked whether it has the appends still. */
  #unheard = false;

  constructor(context: Context<RoomMessage>, state: RoomState, home: RoomHome, rules: StreamRules<Q, M>) {
    this.#context = context;
    this.#rules = rules;
    this.#home = home;
    this.#room = state.id;
    this.#log = home.log;
    this.#next = rules.head + 1;
    this.#senders = new Senders(context, state.id, rules);
  }

  get inFlight(): number {
    return this.#inFlight.length;
  }

  take(request: Q, replyTo: ReplyTo | undefined): void {
    if (!this.#order.accepts(request.session, request.run, request.place)) {
      replyTo?.settle(undefined, BROKEN_RUN);
      return;
    }
    const sender = this.#senders.of(request.user, {
      loaded: (loaded) => this.#goOn(loaded),
      failed: (failed, reason) => this.#refuseFirst(failed, reason),
      isBusy: (user) => this.#inFlight.some((entry) => entry.request.user === user),
    });
    if (sender.stashed.length >= MAX_STASHED) return this.#refuse({ request, replyTo }, FULL);
    sender.stashed.push({ request, replyTo });
    this.#goOn(sender);
  }

  /** The request is refused for good: those behind it in its run need not wait for it. */
  passOver({ session, run, place }: Q): void {
    this.#order.accepts(session, run, place);
  }

  /** One after the other: what waits for something to be loaded holds up those behind it, and keeps their order. */
  #goOn(sender: Sender<Stashed<Q>>): void {
    while (!sender.waiting && sender.window !== undefined) {
      const [first] = sender.stashed;
      if (first === undefined) return;
      const known = sender.window.find(first.request.nonce);
      if (known !== undefined) {
        sender.stashed.shift();
        if (known.state === 'posted')
          first.replyTo?.settle(this.#rules.answer(known.posted.seq, known.posted.at), undefined);
        else this.#join(first);
        continue;
      }
      sender.waiting = true;
      const isReady = this.#rules.ready(first.request, (reason) => {
        sender.waiting = false;
        if (reason !== undefined && sender.stashed[0] === first) this.#refuseFirst(sender, reason);
        this.#goOn(sender);
      });
      if (isReady === false) return;
      sender.waiting = false;
      sender.stashed.shift();
      if (isReady === true) this.#append(sender.window, first);
      else this.#refuse(first, isReady);
    }
  }

  #join({ request, replyTo }: Stashed<Q>): void {
    const same = this.#inFlight.find(
      ({ request: { user, nonce } }) => user === request.user && nonce === request.nonce,
    );
    if (same === undefined || replyTo === undefined) return;
    const { waiters } = same;
    const sinceMs = this.#context.monotonicMs();
    for (
      let oldest = waiters[0];
      oldest !== undefined && sinceMs - oldest.sinceMs > LONGEST_WAIT_MS;
      oldest = waiters[0]
    ) {
      oldest.replyTo.settle(undefined, ASKED_AGAIN);
      waiters.shift();
    }
    waiters.push({ replyTo, sinceMs });
  }

  #append(window: NonceWindow, stashed: Stashed<Q>): void {
    if (this.#inFlight.length >= MAX_IN_FLIGHT) return this.#refuse(stashed, FULL);
    const { request, replyTo } = stashed;
    const at = this.#context.wallMs();
    const made = this.#rules.make(request, this.#next, at, window);
    if ('refusal' in made) return this.#refuse(stashed, made.refusal);
    const seq = this.#next++;
    window.pending(request.nonce);
    const { stream } = this.#rules;
    const { slot, epoch } = this.#home;
    const { user, nonce } = request;
    const base = { stream, slot, epoch, room: this.#room, seq, sender: user, nonce, at, frame: made.frame };
    const record = encodeLogRecord(made.effect === undefined ? base : { ...base, effect: made.effect });
    const first = this.#first;
    this.#first = false;
    const waiters = replyTo === undefined ? [] : [{ replyTo, sinceMs: this.#context.monotonicMs() }];
    const entry: InFlight<Q, M> = { request, seq, at, made, waiters, dropped: false };
    this.#inFlight.push(entry);
    const append = { type: 'append', room: this.#room, stream, seq, first, record } as const;
    this.#context.ask(this.#log, append, APPEND_DEADLINE_MS, (reply) => this.#written(entry, reply));
  }

  #written(entry: InFlight<Q, M>, reply: Reply<number>): void {
    if (entry.dropped) return;
    if (!reply.ok && reply.fault === LATE) return this.#askAfter();
    if (!reply.ok && reply.fault.code !== 'overloaded') {
      throw new Error(`the outcome of an append is unknown: ${reply.fault.message}`);
    }
    if (!reply.ok) this.#giveUpFrom(entry);
    else if (reply.value === REFUSED) this.#refused(entry);
    else this.#durable(entry, reply.value);
  }

  /**
   * The log is away, and the writer has the appends, or their answers were lost. The writer answers a barrier only once it
   * has nothing more of the room; then the outcomes are in the store, and a new incarnation finds them. Until then the room
   * goes on: a new one would have to wait for the log itself, and could not even be read meanwhile.
   */
  #askAfter(): void {
    if (this.#unheard) return;
    this.#unheard = true;
    const barrier = { type: 'barrier', room: this.#room } as const;
    this.#context.ask(this.#log, barrier, BARRIER_DEADLINE_MS, (reply) => {
      if (reply.ok) throw new Error('the outcome of appends is unknown: their answers came too late, or not at all');
      this.#context.after(BARRIER_PAUSE_MS, () => {
        this.#unheard = false;
        this.#askAfter();
      });
    });
  }

  #durable(entry: InFlight<Q, M>, position: LogPosition): void {
    const { request, seq, at, waiters } = entry;
    if (this.#inFlight.shift() !== entry) throw new Error('the log answered out of order');
    this.#rules.durable(entry, position);
    this.#senders.known(request.user)?.window?.posted(request.nonce, { seq, at });
    for (const waiter of waiters) waiter.replyTo.settle(this.#rules.answer(seq, at), undefined);
  }

  /** The log refused: nothing in flight is in it, unless the answer to an earlier append was lost on the way. */
  #refused(entry: InFlight<Q, M>): void {
    if (this.#inFlight[0] !== entry) throw new Error('the log answered out of order');
    this.#giveUpFrom(entry);
  }

  /**
   * The entry is not in the log, so those after it are not either, and those before it are still on their way. Numbers are
   * given back; where nothing is on its way, the log starts anew with the next append.
   */
  #giveUpFrom(entry: InFlight<Q, M>): void {
    const refused = this.#inFlight.splice(this.#inFlight.indexOf(entry));
    if (this.#inFlight.length === 0) this.#first = true;
    this.#next = entry.seq;
    for (const each of refused) each.dropped = true;
    this.#rules.givenUp(refused, this.#inFlight);
    for (const { request, waiters } of refused) {
      this.#senders.known(request.user)?.window?.forget(request.nonce);
      this.#break(request);
      for (const waiter of waiters) waiter.replyTo.settle(undefined, NOT_WRITTEN);
    }
  }

  /** What may be repeated is repeated in order: those behind it are refused too. */
  #refuse({ request, replyTo }: Stashed<Q>, reason: Fault): void {
    if (reason.retryAfter !== undefined) this.#break(request);
    replyTo?.settle(undefined, reason);
  }

  #refuseFirst(sender: Sender<Stashed<Q>>, reason: Fault): void {
    const first = sender.stashed.shift();
    if (first !== undefined) this.#refuse(first, reason);
  }

  #break({ session, user }: Q): void {
    this.#order.break(session);
    const sender = this.#senders.known(user);
    if (sender === undefined) return;
    const behind = sender.stashed.filter(({ request }) => request.session === session);
    if (behind.length === 0) return;
    const others = sender.stashed.filter(({ request }) => request.session !== session);
    sender.stashed.splice(0, sender.stashed.length, ...others);
    for (const { replyTo } of behind) replyTo?.settle(undefined, BROKEN_RUN);
  }
}
