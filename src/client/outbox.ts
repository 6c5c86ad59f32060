import { FAULTS, isFaultCode } from '../protocol/faults.ts';
import { backoffDelay, repeatBackoff } from './backoff.ts';
import type { ClientClock } from './clock.ts';
import { asMailroomError, MailroomError } from './errors.ts';
import type { OutboxStore, StoredPost } from './outbox-store.ts';
import type { PostResult } from './wire.ts';

/** A post on its way. */
export interface Post {
  readonly nonce: string;
  readonly room: string;
  /** The encoded body. */
  readonly body: Uint8Array;
  /** What stands beside the body. */
  readonly options: Pick<StoredPost, 'replyTo' | 'mentions' | 'mentionAll' | 'files'>;
  readonly queuedAt: number;
  /**
   * Resolves once the message is durable, rejects with a `MailroomError` when the server refuses it for good. It may be
   * left alone: a rejection nobody awaits is not reported as unhandled, as the `outbox` event tells of it too.
   */
  readonly done: Promise<PostResult>;
}

/** How a post fares: `queued` at first and after each refusal that a repetition may mend. */
export type OutboxEvent =
  | { readonly state: 'queued' | 'sent'; readonly post: Post }
  | { readonly state: 'acknowledged'; readonly post: Post; readonly result: PostResult }
  | { readonly state: 'rejected'; readonly post: Post; readonly error: MailroomError };

/** What the outbox needs from the client. */
export interface OutboxHooks {
  /** Sends one attempt; rejects with a `MailroomError`. */
  send(post: StoredPost): Promise<PostResult>;
  /** Whether there is a connection to send on. */
  ready(): boolean;
  changed(event: OutboxEvent): void;
  /** The store failed; the post goes on in memory. */
  storeFailed(error: unknown): void;
}

/** Where the outbox gets time, chance and memory from. */
export interface OutboxSurroundings {
  readonly clock: ClientClock;
  readonly random: () => number;
  readonly store: OutboxStore | undefined;
  /** Posts of one room on the wire at once; with 1 the order cannot but hold. */
  readonly postsInFlight: number;
}

interface Entry {
  readonly stored: StoredPost;
  readonly post: Post;
  readonly resolve: (result: PostResult) => void;
  readonly reject: (error: MailroomError) => void;
  sent: boolean;
}

/** One room's posts, in the order in which they were written. */
interface Lane {
  readonly entries: Entry[];
  inFlight: number;
  /** A post was refused: nothing new goes out until every answer is in, or later posts would overtake it. */
  refused: boolean;
  retryAfter: number;
  failures: number;
  cancelPause: (() => void) | undefined;
}

/** Well below the 1,000 nonces that the server remembers per user and room, so that any repeat is recognised. */
const maxPostsPerRoom = 500;

/**
 * Whether the same post, with the same nonce, has a chance. A token that has died says nothing about the post either: it
 * waits for the next login.
 */
function isRepeatable(code: string): boolean {
  return code === 'unauthenticated' || (isFaultCode(code) && FAULTS[code].retry !== 'never');
}

/**
 * Posts until the server has them: in order per room, repeated with the same nonce as long as the outcome is unknown.
 *
 * *Details.* A refused post is repeated with back-off, and nothing of its room goes out before every answer still on its way
 * is in. A refusal for good concerns its own post only.
 */
export class Outbox {
  readonly #hooks: OutboxHooks;
  readonly #around: OutboxSurroundings;
  readonly #lanes = new Map<string, Lane>();
  #loaded: boolean;

  constructor(hooks: OutboxHooks, around: OutboxSurroundings) {
    this.#hooks = hooks;
    this.#around = around;
    this.#loaded = around.store === undefined;
  }

  /** Takes up what the store kept. Nothing is sent before it is done, so that old posts stay ahead of new ones. */
  async load(): Promise<void> {
    if (this.#around.store === undefined) return;
    try {
      const posts = await this.#around.store.load();
      const known = new Set(this.pending().map((post) => post.nonce));
      const kept = posts.filter((post) => !known.has(post.nonce)).map((post) => this.#entry(post));
      for (const entry of kept.toReversed()) this.#lane(entry.stored.room).entries.unshift(entry);
      for (const entry of kept) this.#hooks.changed({ state: 'queued', post: entry.post });
    } catch (error) {
      this.#hooks.storeFailed(error);
    } finally {
      this.#loaded = true;
      this.flush();
    }
  }

  /** Queues a post. Throws `overloaded` when the room's queue is full. */
  add(stored: StoredPost): Post {
    const lane = this.#lane(stored.room);
    if (lane.entries.length >= maxPostsPerRoom) {
      throw new MailroomError('overloaded', `${maxPostsPerRoom} posts to this room are waiting already`);
    }
    const entry = this.#entry(stored);
    lane.entries.push(entry);
    this.#storing((store) => store.put(stored));
    this.#hooks.changed({ state: 'queued', post: entry.post });
    this.#flush(lane);
    return entry.post;
  }

  /** The posts without a final answer, in order; of one room or of all. */
  pending(room?: string): readonly Post[] {
    const lanes = room === undefined ? [...this.#lanes.values()] : [this.#lanes.get(room)];
    return lanes.flatMap((lane) => lane?.entries.map((entry) => entry.post) ?? []);
  }

  /** A connection is there: every pause ends. */
  flush(): void {
    for (const lane of this.#lanes.values()) {
      lane.cancelPause?.();
      lane.cancelPause = undefined;
      this.#flush(lane);
    }
  }

  /** The user's own message came back: that is as good as the answer, which may be lost. */
  observe(room: string, nonce: string, result: PostResult): void {
    const lane = this.#lanes.get(room);
    const entry = lane?.entries.find((candidate) => candidate.stored.nonce === nonce);
    if (lane === undefined || entry === undefined) return;
    this.#acknowledge(lane, entry, result);
    this.#flush(lane);
  }

  /** Rejects and forgets everything, in the store too: the user logs out. */
  clear(error: MailroomError): void {
    for (const lane of this.#lanes.values()) {
      lane.cancelPause?.();
      for (const entry of [...lane.entries]) this.#reject(lane, entry, error);
    }
    this.#lanes.clear();
  }

  /** Forgets everything in memory and leaves the store alone: the client closes and another may take up the rest. */
  release(error: MailroomError): void {
    for (const lane of this.#lanes.values()) {
      lane.cancelPause?.();
      // Answers still on their way find an empty lane.
      for (const entry of lane.entries.splice(0)) entry.reject(error);
    }
    this.#lanes.clear();
    this.#loaded = this.#around.store === undefined;
  }

  #flush(lane: Lane): void {
    if (!this.#loaded || lane.refused || lane.cancelPause !== undefined) return;
    // Sending tells listeners, who may change the lane: hence the copy.
    for (const entry of [...lane.entries]) {
      if (lane.inFlight >= this.#around.postsInFlight || !this.#hooks.ready()) return;
      if (!entry.sent) this.#send(lane, entry);
    }
  }

  #send(lane: Lane, entry: Entry): void {
    entry.sent = true;
    lane.inFlight++;
    this.#hooks.send(entry.stored).then(
      (result) => {
        lane.failures = 0;
        this.#acknowledge(lane, entry, result);
        this.#answered(lane);
      },
      (reason: unknown) => {
        this.#refuse(lane, entry, asMailroomError(reason));
        this.#answered(lane);
      },
    );
    this.#hooks.changed({ state: 'sent', post: entry.post });
  }

  #refuse(lane: Lane, entry: Entry, error: MailroomError): void {
    if (!lane.entries.includes(entry)) return;
    if (!isRepeatable(error.code)) return this.#reject(lane, entry, error);
    entry.sent = false;
    lane.refused = true;
    lane.retryAfter = Math.max(lane.retryAfter, error.retryAfter ?? 0);
    this.#hooks.changed({ state: 'queued', post: entry.post });
  }

  #answered(lane: Lane): void {
    lane.inFlight--;
    if (lane.inFlight === 0 && lane.refused) {
      const { clock, random } = this.#around;
      const delayMs = backoffDelay(lane.failures++, repeatBackoff, random, lane.retryAfter);
      lane.refused = false;
      lane.retryAfter = 0;
      lane.cancelPause = clock.after(delayMs, () => {
        lane.cancelPause = undefined;
        this.#flush(lane);
      });
    }
    this.#flush(lane);
  }

  #acknowledge(lane: Lane, entry: Entry, result: PostResult): void {
    if (!this.#take(lane, entry)) return;
    entry.resolve(result);
    this.#hooks.changed({ state: 'acknowledged', post: entry.post, result });
  }

  #reject(lane: Lane, entry: Entry, error: MailroomError): void {
    if (!this.#take(lane, entry)) return;
    entry.reject(error);
    this.#hooks.changed({ state: 'rejected', post: entry.post, error });
  }

  #take(lane: Lane, entry: Entry): boolean {
    const index = lane.entries.indexOf(entry);
    if (index < 0) return false;
    lane.entries.splice(index, 1);
    this.#storing((store) => store.remove(entry.stored.nonce));
    return true;
  }

  #lane(room: string): Lane {
    let lane = this.#lanes.get(room);
    if (lane === undefined) {
      lane = { entries: [], inFlight: 0, refused: false, retryAfter: 0, failures: 0, cancelPause: undefined };
      this.#lanes.set(room, lane);
    }
    return lane;
  }

  #entry(stored: StoredPost): Entry {
    const { promise, resolve, reject } = promiseWithHandles<PostResult>();
    // Who does not await the post learns of a rejection from the event.
    promise.catch(() => undefined);
    const { nonce, room, body, queuedAt, ...options } = stored;
    return { stored, post: { nonce, room, body, options, queuedAt, done: promise }, resolve, reject, sent: false };
  }

  #storing(action: (store: OutboxStore) => void): void {
    if (this.#around.store === undefined) return;
    try {
      action(this.#around.store);
    } catch (error) {
      this.#hooks.storeFailed(error);
    }
  }
}

// Node 20 has no `Promise.withResolvers`.
function promiseWithHandles<T>() {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: MailroomError) => void = () => undefined;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
