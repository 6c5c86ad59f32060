/**
 * The fan-out of one thread: brings a room's frames, messages and changes, to the sockets of this thread.
 *
 * Owns the thread's topics and who is subscribed. Talks to rooms (attach, history), to the ledger of each shard (leases),
 * and to this thread's sessions. Nothing survives: everything here is soft and can be asked again.
 */

import { fault } from '../../protocol/faults.ts';
import { encodeNotification, packed } from '../../protocol/frames/rpc.ts';
import { LIMITS } from '../../protocol/limits.ts';
import type { Context } from '../../runtime/context.ts';
import type { Actor, Behaviour } from '../../runtime/kind.ts';
import { pinnedId } from '../../runtime/placement.ts';
import { withheldChange } from '../room/changes.ts';
import { ledgerKind } from '../room/ledger.ts';
import { type Attached, roomKind } from '../room/messages.ts';
import { sessionKind } from '../session/messages.ts';
import type { Sockets } from '../sockets.ts';
import { caughtUpFrame } from './caught-up.ts';
import { Fills, type TakenChange } from './fills.ts';
import type {
  Announce,
  Deliver,
  DeliverChange,
  FanoutMessage,
  JoinTopic,
  LeaseAnswer,
  PartTopic,
  Removed,
  StartTopic,
} from './messages.ts';
import { renewalsByOwner } from './renewals.ts';
import { Replays } from './replays.ts';
import { type Subscriber, subscriberOf, Topic } from './topic.ts';

export interface FanoutOptions {
  readonly sockets: Sockets;
  /** Most messages that are pushed to a resuming client; more is a `gap`. */
  readonly maxReplay: number;
}

export function fanout(options: FanoutOptions): Behaviour<FanoutMessage> {
  return (context) => new Fanout(context, options);
}

const RENEW_MS = 1_000;
const ASK_DEADLINE_MS = 5_000;
/**
 * A publish costs the thread some 6 µs a socket, whatever its size. So a large room that published a moment ago gathers
 * for about as long as one publish takes, and what several groups of the log bring leaves in one go. A room that was quiet,
 * or whose publish takes less than a millisecond, never waits.
 */
const GATHER_PER_SUBSCRIBER_MS = 0.008;
const MAX_GATHER_MS = 8;
/** A moment ago: within so many times the gathering. */
const BUSY_FACTOR = 7;
const NOT_SERVED = fault('unavailable', 'the room cannot be reached now', 500);
const FORBIDDEN = fault('forbidden', 'not a member of this room');

class Fanout implements Actor<FanoutMessage> {
  readonly #context: Context<FanoutMessage>;
  readonly #options: FanoutOptions;
  readonly #topics = new Map<string, Topic>();
  #dirty: Topic[] = [];
  readonly #fills: Fills;
  readonly #replays: Replays;

  constructor(context: Context<FanoutMessage>, options: FanoutOptions) {
    this.#context = context;
    this.#options = options;
    this.#fills = new Fills(context, {
      knowsMembers: (topic, version) => this.#knowsMembers(topic, version),
      markDirty: (topic) => this.#markDirty(topic),
      takeChange: (topic, change) => this.#takeChange(topic, change),
    });
    this.#replays = new Replays(context, options, { publish: (topic) => this.#publish(topic) });
  }

  started(): void {
    this.#context.after(RENEW_MS, () => this.#renew());
  }

  summary(): Readonly<Record<string, unknown>> {
    return { topics: this.#topics.size };
  }

  receive(message: FanoutMessage): void {
    switch (message.type) {
      case 'deliver':
        return this.#deliver(message);
      case 'deliver-change':
        return this.#deliverChange(message);
      case 'announce':
        return this.#announce(message);
      case 'removed':
        return this.#removed(message);
      case 'join':
        return this.#join(message);
      case 'start':
        return this.#start(message);
      case 'part':
        return this.#part(message);
      case 'lease-answer':
        return this.#leaseAnswer(message);
    }
  }

  // ── joining ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Joins of one slice share one question to the room. */
  #join({ session, user, room }: JoinTopic): void {
    let topic = this.#topics.get(room);
    if (topic === undefined) {
      topic = new Topic(room);
      this.#topics.set(room, topic);
    }
    topic.joining.push({ session, user, replyTo: this.#context.replyTo() });
    if (topic.joining.length === 1) {
      const joined = topic;
      this.#context.endOfSlice(() => this.#attach(joined));
    }
  }

  #attach(topic: Topic): void {
    if (topic.attaching) return;
    const joining = topic.joining;
    topic.joining = [];
    topic.attaching = true;
    const current = [...topic.subscribers.values()].map((subscriber) => subscriber.user);
    const users = [...new Set([...joining.map(({ user }) => user), ...current])];
    const attach = { type: 'attach', thread: this.#context.thread, users } as const;
    this.#context.ask(this.#context.ref(roomKind, topic.room), attach, ASK_DEADLINE_MS, (reply) => {
      topic.attaching = false;
      const fields = reply.ok ? this.#attached(topic, users, reply.value) : undefined;
      for (const { session, user, replyTo } of joining) {
        const view = fields?.get(user);
        if (!reply.ok) replyTo?.settle(undefined, reply.fault.code === 'not_found' ? reply.fault : NOT_SERVED);
        else if (view === undefined) replyTo?.settle(undefined, FORBIDDEN);
        else {
          if (!topic.subscribers.has(session)) topic.subscribers.set(session, subscriberOf(session, view, user));
          replyTo?.settle({ ...view, seq: topic.seq, change: topic.change }, undefined);
        }
      }
      if (topic.joining.length > 0) this.#attach(topic);
      else this.#dropIfUnused(topic);
    });
  }

  /** Takes over what the room says; users who are members no longer are cut off. The views by user. */
  #attached(topic: Topic, users: readonly string[], { views, seq, change, version }: Attached): ViewsByUser {
    const byUser: ViewsByUser = new Map();
    for (const [index, user] of users.entries()) {
      const view = views[index];
      if (view !== null && view !== undefined) byUser.set(user, view);
    }
    const hasMissed = topic.seq >= 0 && version > topic.version;
    for (const subscriber of topic.subscribers.values()) {
      const view = byUser.get(subscriber.user);
      if (view === undefined) this.#cutOffUntold(topic, subscriber, version);
      else if (hasMissed && subscriber.live) this.#options.sockets.send(subscriber.session, caughtUpFrame(view));
    }
    topic.version = Math.max(topic.version, version);
    if (topic.seq < 0) {
      topic.seq = seq;
      topic.change = change;
    } else this.#fills.catchUp(topic, seq, change);
    return byUser;
  }

  #start({ session, room, after, afterChange }: StartTopic): void {
    const topic = this.#topics.get(room);
    const subscriber = topic?.subscribers.get(session);
    if (topic !== undefined && subscriber !== undefined && !subscriber.started) {
      subscriber.started = true;
      this.#replays.replay(topic, subscriber, { seq: Math.max(after, subscriber.from - 1), change: afterChange });
    }
    this.#context.reply({});
  }

  #part({ session, room }: PartTopic): void {
    const topic = this.#topics.get(room);
    if (topic === undefined) return;
    const subscriber = topic.subscribers.get(session);
    if (subscriber?.live) {
      this.#publish(topic);
      this.#options.sockets.unsubscribe(session, room);
    }
    topic.subscribers.delete(session);
    this.#dropIfUnused(topic);
  }

  // ── frames ───────────────────────────────────────────────────────────────────────────────────────────────────────

  #deliver({ room, seq, version, frame }: Deliver): void {
    const topic = this.#topics.get(room);
    if (topic === undefined || topic.seq < 0 || seq <= topic.seq) return;
    if (!this.#knowsMembers(topic, version)) return;
    if (seq > topic.seq + 1) return this.#fills.fill(topic);
    this.#markDirty(topic);
    topic.advance(frame);
  }

  /** Behind its message always: one whose message has not come yet waits for that. */
  #deliverChange({ room, change, seq, recalls, version, frame }: DeliverChange): void {
    const topic = this.#topics.get(room);
    if (topic === undefined || topic.seq < 0 || change <= topic.change) return;
    topic.knownChange = Math.max(topic.knownChange, change);
    if (!this.#knowsMembers(topic, version)) return;
    if (change > topic.change + 1 || seq > topic.seq) return this.#fills.fill(topic);
    this.#takeChange(topic, { seq, frame, erases: recalls });
  }

  /** Who may not see the message may not see what became of it either: then each is sent what is for them. */
  #takeChange(topic: Topic, { seq, frame, erases }: TakenChange): void {
    const isForAll = ![...topic.subscribers.values()].some(({ live, from }) => live && from > seq);
    if (isForAll) {
      this.#markDirty(topic);
      topic.advanceChange(frame, erases);
      topic.pending.push(frame);
      return;
    }
    this.#publish(topic);
    topic.advanceChange(frame, erases);
    const withheld = withheldChange(topic.room, topic.change, seq);
    for (const { session, live, from } of topic.subscribers.values()) {
      if (live) this.#options.sockets.send(session, from > seq ? withheld : frame);
    }
  }

  #announce({ room, version, change, frame }: Announce): void {
    const topic = this.#topics.get(room);
    if (topic === undefined || !this.#knowsMembers(topic, change ? version - 1 : version)) return;
    topic.version = Math.max(topic.version, version);
    this.#markDirty(topic);
    topic.pending.push(frame);
  }

  #removed({ room, user, version, frame }: Removed): void {
    const topic = this.#topics.get(room);
    if (topic === undefined || version <= topic.version || !this.#knowsMembers(topic, version - 1)) return;
    topic.version = version;
    this.#markDirty(topic);
    topic.pending.push(frame);
    this.#publish(topic);
    for (const subscriber of topic.subscribers.values())
      if (user === null || subscriber.user === user) this.#cutOff(topic, subscriber, frame);
    this.#dropIfUnused(topic);
  }

  /**
   * Whether this thread has heard of every change up to the version. What a room sends comes in order, so one that is
   * missing was lost: the room is asked who its members are, and until then nothing more of it is published here.
   */
  #knowsMembers(topic: Topic, version: number): boolean {
    if (version <= topic.version) return true;
    this.#attach(topic);
    return false;
  }

  /** The removal was lost on its way to this thread, and the frame with it: the client is told now. */
  #cutOffUntold(topic: Topic, subscriber: Subscriber, version: number): void {
    const left = { room: topic.room, event: 'left', version, user: subscriber.user } as const;
    const frame = encodeNotification('room', left);
    if (subscriber.live) this.#options.sockets.send(subscriber.session, frame);
    this.#cutOff(topic, subscriber, frame);
  }

  /** One that is not live has not got the frame: its session tells it, behind what it told of the room before. */
  #cutOff({ room, subscribers }: Topic, { session, live }: Subscriber, frame: Uint8Array): void {
    subscribers.delete(session);
    if (live) this.#options.sockets.unsubscribe(session, room);
    const left = { type: 'room-left', room, ...(live ? {} : { frame }) } as const;
    this.#context.tell(this.#context.ref(sessionKind, pinnedId(this.#context.thread, session)), left);
  }

  #markDirty(topic: Topic): void {
    if (topic.pending.length > 0) return;
    if (this.#dirty.length === 0) this.#context.endOfSlice(() => this.#flush());
    this.#dirty.push(topic);
  }

  #flush(): void {
    const dirty = this.#dirty;
    this.#dirty = [];
    const now = this.#context.monotonicMs();
    for (const topic of dirty) {
      const gatherMs = Math.min(MAX_GATHER_MS, topic.subscribers.size * GATHER_PER_SUBSCRIBER_MS);
      if (gatherMs < 1 || now - topic.publishedMs > gatherMs * BUSY_FACTOR) this.#publish(topic);
      else this.#context.after(gatherMs, () => this.#publish(topic));
    }
  }

  #publish(topic: Topic): void {
    const { pending } = topic;
    if (pending.length === 0) return;
    topic.pending = [];
    topic.publishedMs = this.#context.monotonicMs();
    for (const message of packed(pending, LIMITS.maxPackedBytes)) this.#options.sockets.publish(topic.room, message);
  }

  // ── leases ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** One message to each owner says what this thread believes of all its rooms there. */
  #renew(): void {
    for (const [owner, topics] of renewalsByOwner(this.#context, this.#topics.values())) {
      const ledger = this.#context.ref(ledgerKind, pinnedId(owner, 0));
      this.#context.tell(ledger, { type: 'renew', thread: this.#context.thread, topics });
    }
    this.#context.after(RENEW_MS, () => this.#renew());
  }

  #leaseAnswer({ differing }: LeaseAnswer): void {
    for (const { room, unknown, seq, change, version } of differing) {
      const topic = this.#topics.get(room);
      if (topic === undefined) continue;
      if (unknown || version > topic.version) this.#attach(topic);
      else this.#fills.catchUp(topic, seq, change);
    }
  }

  #dropIfUnused(topic: Topic): void {
    if (!topic.unused) return;
    this.#publish(topic);
    this.#topics.delete(topic.room);
  }
}

type ViewsByUser = Map<string, NonNullable<Attached['views'][number]>>;
