/** Posting: nonce, seq, log, and only then fan-out and answer. Many posts are in flight; their outcomes come in order. */

import { type Fault, fault } from '../../protocol/faults.ts';
import { encodeMessage } from '../../protocol/frames/message.ts';
import { LIMITS } from '../../protocol/limits.ts';
import type { Context } from '../../runtime/context.ts';
import type { Ref } from '../../runtime/ref.ts';
import { LATE, type Reply, type ReplyTo } from '../../runtime/reply.ts';
import { encodeLogRecord } from '../../storage/ports/log-record.ts';
import type { PostedNonce } from '../../storage/ports/message-store.ts';
import { type LogWriterMessage, REFUSED } from '../storage/log-writer-messages.ts';
import { messageReaderKind } from '../storage/message-reader.ts';
import type { Delivery } from './delivery.ts';
import type { RoomHome } from './home.ts';
import type { Post, RoomMessage } from './messages.ts';
import { NonceWindow } from './nonces.ts';
import { Pace } from './pace.ts';
import type { ReadPositions } from './read-positions.ts';
import { SenderOrder } from './sender-order.ts';
import type { RoomState } from './state.ts';

/** Longest wait for the log's answer to one append. Past it only the writer can tell what has become of it. */
const APPEND_DEADLINE_MS = 60_000;
/** For the writer's word that it has nothing more of the room, and the pause before it is asked again. */
const BARRIER_DEADLINE_MS = 5_000;
const BARRIER_PAUSE_MS = 5_000;
const NONCES_DEADLINE_MS = 5_000;
/** Posts of one room that may be on their way to the log. */
const MAX_IN_FLIGHT = 1_024;
/** Posts of one sender that may wait while their nonces are loaded. */
const MAX_STASHED = 64;
/** Nobody waits longer for an answer to a post: while the log is away, those who have given up must not pile up. */
const LONGEST_WAIT_MS = 30_000;
/** Senders whose nonces are kept; the one that posted longest ago goes first. */
const MAX_SENDERS = 1_024;

const BROKEN_RUN = fault('unavailable', 'an earlier post of this session was refused; repeat in order', 50);
const FULL = fault('overloaded', 'too many posts of this room are on their way', 200);
const NOT_WRITTEN = fault('unavailable', 'the message log did not take the post; repeat the nonce', 500);
const ASKED_AGAIN = fault('unavailable', 'the post was sent again meanwhile; repeat the nonce', 500);

/** Who asked for the post, or repeated it, and when by the monotonic clock. */
interface Waiter {
  readonly replyTo: ReplyTo;
  readonly sinceMs: number;
}

interface InFlight {
  readonly post: Post;
  readonly seq: number;
  readonly at: number;
  readonly frame: Uint8Array;
  readonly waiters: Waiter[];
  /** It was given up, and its seq is given to another post: the answer to its append counts no more. */
  dropped: boolean;
}

interface Sender {
  /** Undefined while it is loaded. */
  window: NonceWindow | undefined;
  readonly stashed: { readonly post: Post; readonly replyTo: ReplyTo | undefined }[];
}

/** The parts of the room that posting works on. */
interface PostingRoom {
  readonly state: RoomState;
  readonly delivery: Delivery;
  readonly reads: ReadPositions;
}

export class Posting {
  readonly #context: Context<RoomMessage>;
  readonly #state: RoomState;
  readonly #delivery: Delivery;
  readonly #reads: ReadPositions;
  readonly #home: RoomHome;
  readonly #log: Ref<LogWriterMessage>;
  readonly #order = new SenderOrder();
  readonly #pace: Pace;
  readonly #senders = new Map<string, Sender>();
  /** Nobody had posted when the room was activated: nonces need no loading. */
  readonly #virgin: boolean;
  #inFlight: InFlight[] = [];
  #nextSeq: number;
  #first = true;
  /** Answers are missing, and the writer is asked whether it has the appends still. */
  #unheard = false;

  constructor(context: Context<RoomMessage>, { state, delivery, reads }: PostingRoom, home: RoomHome) {
    this.#context = context;
    this.#state = state;
    this.#delivery = delivery;
    this.#reads = reads;
    this.#home = home;
    this.#log = home.log;
    this.#pace = new Pace(state, () => context.wallMs());
    this.#virgin = state.seq === 0;
    this.#nextSeq = state.seq + 1;
  }

  get idle(): boolean {
    return this.#inFlight.length === 0;
  }

  get inFlight(): number {
    return this.#inFlight.length;
  }

  post(post: Post, replyTo: ReplyTo | undefined): void {
    if (!this.#order.accepts(post.session, post.run, post.place)) {
      replyTo?.settle(undefined, BROKEN_RUN);
      return;
    }
    const sender = this.#sender(post.user);
    if (sender.window !== undefined) this.#take(sender.window, post, replyTo);
    else if (sender.stashed.length < MAX_STASHED) sender.stashed.push({ post, replyTo });
    else this.#refuse(post, replyTo, FULL);
  }

  /** The post is refused for good: those behind it in its run need not wait for it. */
  passOver({ session, run, place }: Post): void {
    this.#order.accepts(session, run, place);
  }

  #take(window: NonceWindow, post: Post, replyTo: ReplyTo | undefined): void {
    const known = window.find(post.nonce);
    if (known?.state === 'posted') {
      replyTo?.settle(known.posted, undefined);
      return;
    }
    if (known?.state === 'pending') {
      const same = this.#inFlight.find(({ post: { user, nonce } }) => user === post.user && nonce === post.nonce);
      if (same !== undefined && replyTo !== undefined) this.#join(same, replyTo);
      return;
    }
    if (this.#inFlight.length >= MAX_IN_FLIGHT) {
      this.#refuse(post, replyTo, FULL);
      return;
    }
    const waitMs = this.#pace.waitMs(post.user, window.newestAt);
    if (waitMs > 0) {
      this.#refuse(post, replyTo, fault('rate_limited', 'slow mode: the next post has to wait', waitMs));
      return;
    }
    window.pending(post.nonce);
    this.#append(post, replyTo);
  }

  #join({ waiters }: InFlight, replyTo: ReplyTo): void {
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

  #append(post: Post, replyTo: ReplyTo | undefined): void {
    const seq = this.#nextSeq++;
    const at = this.#context.wallMs();
    this.#pace.posting(post.user, at);
    const room = this.#state.id;
    const frame = encodeMessage({
      room,
      seq,
      from: post.user,
      at,
      nonce: post.nonce,
      body: post.body,
      ...(post.replyTo === undefined ? {} : { replyTo: post.replyTo }),
      ...(post.mentions === undefined ? {} : { mentions: post.mentions }),
      ...(post.mentionAll === true ? { mentionAll: true } : {}),
      ...(post.files === undefined ? {} : { files: post.files }),
    });
    const record = encodeLogRecord({
      stream: 'messages',
      slot: this.#home.slot,
      epoch: this.#home.epoch,
      room,
      seq,
      sender: post.user,
      nonce: post.nonce,
      at,
      frame,
    });
    const first = this.#first;
    this.#first = false;
    const waiters = replyTo === undefined ? [] : [{ replyTo, sinceMs: this.#context.monotonicMs() }];
    const entry: InFlight = { post, seq, at, frame, waiters, dropped: false };
    this.#inFlight.push(entry);
    this.#context.ask(this.#log, { type: 'append', room, seq, first, record }, APPEND_DEADLINE_MS, (reply) =>
      this.#written(entry, reply),
    );
  }

  #written(entry: InFlight, reply: Reply<number>): void {
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
    const barrier = { type: 'barrier', room: this.#state.id } as const;
    this.#context.ask(this.#log, barrier, BARRIER_DEADLINE_MS, (reply) => {
      if (reply.ok) throw new Error('the outcome of appends is unknown: their answers came too late, or not at all');
      this.#context.after(BARRIER_PAUSE_MS, () => {
        this.#unheard = false;
        this.#askAfter();
      });
    });
  }

  #durable(entry: InFlight, position: number): void {
    const { post, seq, at, frame, waiters } = entry;
    if (this.#inFlight.shift() !== entry) throw new Error('the log answered out of order');
    this.#state.seq = seq;
    this.#state.entry.seq = seq;
    this.#state.tail.push(
      { seq, sender: post.user, nonce: post.nonce, at, frame, position },
      this.#home.watermark.position,
    );
    const { mentions, tail } = this.#state;
    mentions.posted(seq, post.mentions, post.mentionAll === true, tail.firstSeq - 1);
    this.#senders.get(post.user)?.window?.posted(post.nonce, { seq, at });
    const member = this.#state.members.get(post.user);
    if (member !== undefined) this.#reads.markOwn(member, seq);
    const { id, version } = this.#state;
    this.#delivery.send({ type: 'deliver', room: id, seq, version, frame });
    for (const waiter of waiters) waiter.replyTo.settle({ seq, at }, undefined);
  }

  /** The log refused: nothing in flight is in it, unless the answer to an earlier append was lost on the way. */
  #refused(entry: InFlight): void {
    if (this.#inFlight[0] !== entry) throw new Error('the log answered out of order');
    this.#giveUpFrom(entry);
  }

  /**
   * The entry is not in the log, so those after it are not either, and those before it are still on their way. Seqs are
   * given back; where nothing is on its way, the log starts anew with the next append.
   */
  #giveUpFrom(entry: InFlight): void {
    const refused = this.#inFlight.splice(this.#inFlight.indexOf(entry));
    if (this.#inFlight.length === 0) this.#first = true;
    this.#nextSeq = entry.seq;
    for (const each of refused) each.dropped = true;
    for (const { post, waiters } of refused) {
      this.#senders.get(post.user)?.window?.forget(post.nonce);
      this.#pace.givenUp(post.user);
      this.#order.break(post.session);
      for (const waiter of waiters) waiter.replyTo.settle(undefined, NOT_WRITTEN);
    }
  }

  #refuse(post: Post, replyTo: ReplyTo | undefined, reason: Fault): void {
    this.#order.break(post.session);
    replyTo?.settle(undefined, reason);
  }

  #sender(user: string): Sender {
    const known = this.#senders.get(user);
    if (known !== undefined) return known;
    const sender: Sender = { window: this.#virgin ? new NonceWindow([]) : undefined, stashed: [] };
    this.#senders.set(user, sender);
    if (sender.window === undefined) this.#loadNonces(user, sender);
    if (this.#senders.size > MAX_SENDERS) this.#forgetOneSender();
    return sender;
  }

  #loadNonces(user: string, sender: Sender): void {
    const query = { type: 'nonces', room: this.#state.id, sender: user, limit: LIMITS.nonceWindowPosts } as const;
    this.#context.ask(this.#context.ref(messageReaderKind, 'all'), query, NONCES_DEADLINE_MS, (reply) => {
      if (reply.ok) this.#loaded(user, sender, reply.value);
      else this.#notLoaded(user, sender, fault('unavailable', 'earlier posts cannot be read now', 500));
    });
  }

  #loaded(user: string, sender: Sender, stored: readonly PostedNonce[]): void {
    const newest = stored.at(-1)?.seq ?? 0;
    const unstored = this.#state.tail.postsOf(user).filter((entry) => entry.seq > newest);
    const window = new NonceWindow([...stored, ...unstored]);
    sender.window = window;
    for (const { post, replyTo } of sender.stashed.splice(0)) this.#take(window, post, replyTo);
  }

  #notLoaded(user: string, sender: Sender, reason: Fault): void {
    this.#senders.delete(user);
    for (const { post, replyTo } of sender.stashed) this.#refuse(post, replyTo, reason);
  }

  /** Only one with nothing in flight; what the store lacks of it is in the tail, so that loading finds all again. */
  #forgetOneSender(): void {
    for (const [user, sender] of this.#senders) {
      if (sender.window === undefined || this.#inFlight.some(({ post }) => post.user === user)) continue;
      this.#senders.delete(user);
      return;
    }
  }
}
