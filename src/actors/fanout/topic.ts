/** A topic: one room as one thread serves it. */
import type { ReplyTo } from '../../runtime/reply.ts';
import type { RoomView } from '../room/messages.ts';
import type { SocketId } from '../sockets.ts';

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

/** Frames kept to bring a joining session up to date without asking the room. */
const RECENT_FRAMES = 32;
const RECENT_BYTES = 64 * 1024;

export class Topic {
  readonly room: string;
  readonly subscribers = new Map<SocketId, Subscriber>();
  /** Newest seq that was published on this thread; -1 until the room has said where it stands. */
  seq = -1;
  version = 0;
  joining: Joining[] = [];
  attaching = false;
  /** Frames of this slice, or of a busy room's gathering, to be published in one go. */
  pending: Uint8Array[] = [];
  /** Monotonic milliseconds of the last publish. */
  publishedMs = Number.NEGATIVE_INFINITY;
  /** A hole was found and is being filled; what comes meanwhile is dropped, the filling brings it. */
  filling = false;
  #recent: Uint8Array[] = [];
  #recentBytes = 0;

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
    this.#recent.push(frame);
    this.#recentBytes += frame.length;
    if (this.#recent.length > RECENT_FRAMES * 2 || this.#recentBytes > RECENT_BYTES * 2) this.#forgetOldest();
  }

  #forgetOldest(): void {
    let kept = this.#recent.slice(-RECENT_FRAMES);
    let bytes = kept.reduce((sum, frame) => sum + frame.length, 0);
    while (bytes > RECENT_BYTES && kept.length > 1) {
      bytes -= (kept[0] as Uint8Array).length;
      kept = kept.slice(1);
    }
    this.#recent = kept;
    this.#recentBytes = bytes;
  }

  /** Frames after `after` up to the newest, if all of them are kept. */
  recentAfter(after: number): readonly Uint8Array[] | undefined {
    const missing = this.seq - after;
    if (missing <= 0) return [];
    return missing <= this.#recent.length ? this.#recent.slice(-missing) : undefined;
  }
}
