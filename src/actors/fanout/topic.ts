/** A topic: one room as one thread serves it. */
import type { ReplyTo } from '../../runtime/reply.ts';
import type { RoomView } from '../room/messages.ts';
import type { SocketId } from '../sockets.ts';
import { RecentFrames } from './recent-frames.ts';

/** One session's part in a topic. */
export interface Subscriber {
  readonly session: SocketId;
  readonly user: string;
  /** Subscribed natively: published frames reach it. Before that it is being replayed to. */
  live: boolean;
  /** Whether the session has told its client of the room. */
  started: boolean;
  /** The user has hidden messages: the room says what they are shown. */
  hides: boolean;
  /** Lowest seq that the user may see: nothing before is replayed. */
  readonly from: number;
  /** Bytes that were replayed to it so far. */
  replayedBytes: number;
}

export function subscriberOf(session: SocketId, { hidden, extras }: RoomView, user: string): Subscriber {
  const hides = hidden !== undefined;
  return { session, user, live: false, started: false, hides, from: extras?.from ?? 1, replayedBytes: 0 };
}

interface Joining {
  readonly session: SocketId;
  readonly user: string;
  readonly replyTo: ReplyTo | undefined;
}

export class Topic {
  readonly room: string;
  readonly subscribers = new Map<SocketId, Subscriber>();
  /** Newest seq that was published on this thread; -1 until the room has said where it stands. */
  seq = -1;
  /** Newest change that was published on this thread. Its message was published before it. */
  change = 0;
  /** Newest change that is known to exist. */
  knownChange = 0;
  version = 0;
  joining: Joining[] = [];
  attaching = false;
  /** Frames of this slice, or of a busy room's gathering, to be published in one go. */
  pending: Uint8Array[] = [];
  /** Monotonic milliseconds of the last publish. */
  publishedMs = Number.NEGATIVE_INFINITY;
  /** A hole was found and is being filled; what comes meanwhile is dropped, the filling brings it. */
  filling = false;
  readonly #recentMessages = new RecentFrames();
  readonly #recentChanges = new RecentFrames();

  constructor(room: string) {
    this.room = room;
  }

  get unused(): boolean {
    return this.subscribers.size === 0 && this.joining.length === 0 && !this.attaching;
  }

  /** Takes the next message's frame. */
  advance(frame: Uint8Array): void {
    this.seq += 1;
    this.pending.push(frame);
    this.#recentMessages.push(frame);
  }

  /** Takes the next change's frame, which is published by whoever knows who may see it. With `erases`, what a message was must not be shown any more. */
  advanceChange(frame: Uint8Array, erases: boolean): void {
    this.change += 1;
    this.knownChange = Math.max(this.knownChange, this.change);
    if (erases) {
      this.#recentMessages.clear();
      this.#recentChanges.clear();
    }
    this.#recentChanges.push(frame);
  }

  /** Messages after `after` up to the newest, as they were posted, if all of them are kept. */
  recentAfter(after: number): readonly Uint8Array[] | undefined {
    return this.#recentMessages.last(this.seq - after);
  }

  /** The same of changes. */
  recentChangesAfter(after: number): readonly Uint8Array[] | undefined {
    return this.#recentChanges.last(this.change - after);
  }
}
