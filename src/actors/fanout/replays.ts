/**
 * Replays: one session is brought up to where its topic is, and only then subscribed, so that numbers ascend without hole or
 * repeat. Messages go before the changes that were made to them.
 */
import { encodeNotification, packed } from '../../protocol/frames/rpc.ts';
import { LIMITS } from '../../protocol/limits.ts';
import type { Context } from '../../runtime/context.ts';
import type { Sockets } from '../sockets.ts';
import { fetchChanges, fetchMessages } from './fetching.ts';
import type { FanoutMessage } from './messages.ts';
import type { Subscriber, Topic } from './topic.ts';

const RETRY_MS = 250;
/** Past this much a resuming client is told of a gap for the rest, which it fetches at its own pace. */
const MAX_REPLAY_BYTES = 1024 * 1024;

interface ReplayOptions {
  readonly sockets: Sockets;
  /** Most messages, and most changes, that are pushed to a resuming client; more is a `gap`. */
  readonly maxReplay: number;
}

/** What replaying needs of the fan-out. */
interface ReplayHooks {
  /** Whatever waits to be published is published before somebody joins. */
  publish(topic: Topic): void;
}

/** What the session's client has. */
interface Position {
  readonly seq: number;
  /** Undefined: nobody knows. Its messages come with all changes in them, and from there on it gets changes. */
  readonly change: number | undefined;
}

export class Replays {
  readonly #context: Context<FanoutMessage>;
  readonly #options: ReplayOptions;
  readonly #hooks: ReplayHooks;

  constructor(context: Context<FanoutMessage>, options: ReplayOptions, hooks: ReplayHooks) {
    this.#context = context;
    this.#options = options;
    this.#hooks = hooks;
  }

  replay(topic: Topic, subscriber: Subscriber, { seq, change }: Position): void {
    if (topic.subscribers.get(subscriber.session) !== subscriber) return;
    this.#hooks.publish(topic);
    if (seq < topic.seq) {
      // What is kept is what was posted, for those who get the changes, too, and have hidden nothing.
      const recent = change === undefined || subscriber.hides ? undefined : topic.recentAfter(seq);
      if (recent !== undefined) this.#send(subscriber, recent);
      else if (this.#isTooMuch(subscriber, topic.seq - seq))
        this.#tellGap(topic, subscriber, 'messages', seq, topic.seq);
      else return this.#fetchMessages(topic, subscriber, { seq, change });
    }
    // Every change up to the topic's is one of a message up to the topic's, which the client has now.
    const known = change ?? topic.change;
    if (known < topic.change) {
      const recent = subscriber.from > 1 ? undefined : topic.recentChangesAfter(known);
      if (recent !== undefined) this.#send(subscriber, recent);
      else if (this.#isTooMuch(subscriber, topic.change - known)) {
        this.#tellGap(topic, subscriber, 'changes', known, topic.change);
      } else return this.#fetchChanges(topic, subscriber, { seq: topic.seq, change: known });
    }
    subscriber.live = true;
    this.#options.sockets.subscribe(subscriber.session, topic.room);
  }

  #fetchMessages(topic: Topic, subscriber: Subscriber, position: Position): void {
    const missing = { after: position.seq, user: subscriber.user };
    fetchMessages(this.#context, topic.room, missing, (reply) => {
      if (topic.subscribers.get(subscriber.session) !== subscriber) return;
      if (!reply.ok) return this.#tryLater(topic, subscriber, position);
      const frames = reply.value.frames.slice(0, Math.max(0, topic.seq - position.seq));
      this.#send(subscriber, frames);
      const change = position.change ?? Math.min(reply.value.change, topic.change);
      this.replay(topic, subscriber, { seq: position.seq + frames.length, change });
    });
  }

  #fetchChanges(topic: Topic, subscriber: Subscriber, position: Position & { readonly change: number }): void {
    const upTo = topic.change;
    const missing = { after: position.change, user: subscriber.user };
    fetchChanges(this.#context, topic.room, missing, (reply) => {
      if (topic.subscribers.get(subscriber.session) !== subscriber) return;
      if (!reply.ok) return this.#tryLater(topic, subscriber, position);
      // What the room has come to since may be of messages that the client does not have yet.
      const frames = reply.value.frames.slice(0, upTo - position.change);
      this.#send(subscriber, frames);
      this.replay(topic, subscriber, { seq: position.seq, change: position.change + frames.length });
    });
  }

  #tryLater(topic: Topic, subscriber: Subscriber, position: Position): void {
    this.#context.after(RETRY_MS, () => this.replay(topic, subscriber, position));
  }

  #isTooMuch({ replayedBytes }: Subscriber, count: number): boolean {
    return count > this.#options.maxReplay || replayedBytes > MAX_REPLAY_BYTES;
  }

  #tellGap({ room }: Topic, { session }: Subscriber, stream: 'messages' | 'changes', after: number, to: number): void {
    this.#options.sockets.send(session, encodeNotification('gap', { room, stream, from: after + 1, to }));
  }

  #send(subscriber: Subscriber, frames: readonly Uint8Array[]): void {
    for (const frame of frames) subscriber.replayedBytes += frame.length;
    for (const message of packed(frames, LIMITS.maxPackedBytes))
      this.#options.sockets.send(subscriber.session, message);
  }
}
