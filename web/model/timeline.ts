import type { MailroomClient } from '../../src/client/client.ts';
import { asMailroomError, type MailroomError } from '../../src/client/errors.ts';
import type { OutboxEvent, Post } from '../../src/client/outbox.ts';
import type { HistoryPage, Message } from '../../src/client/wire.ts';
import { Observable } from './observable.ts';

const pageSize = 50;

/** A post that the server refused for good. */
export interface FailedPost {
  readonly post: Post;
  readonly error: MailroomError;
}

/** One room's messages as far as they are loaded, without a hole, and the user's posts that are not among them yet. */
export class Timeline extends Observable {
  readonly room: string;
  messages: readonly Message[] = [];
  pending: readonly Post[] = [];
  failed: readonly FailedPost[] = [];
  /** Whether there are older messages than the first one here. */
  more = true;
  loading = false;
  loaded = false;
  error: MailroomError | undefined;
  readonly #client: MailroomClient;
  /** Counts loads from the start; the page of an earlier one is dropped. */
  #epoch = 0;

  constructor(client: MailroomClient, room: string) {
    super();
    this.#client = client;
    this.room = room;
    this.pending = client.pendingPosts(room);
  }

  /** Loads the newest messages in place of whatever is here. */
  reload(): Promise<void> {
    this.#epoch++;
    this.loading = false;
    this.loaded = false;
    this.messages = [];
    this.more = true;
    return this.loadOlder();
  }

  /** Loads the page before the first message, or the newest one. */
  async loadOlder(): Promise<void> {
    if (this.loading || !this.more) return;
    const epoch = this.#epoch;
    this.loading = true;
    this.error = undefined;
    this.changed();
    try {
      const before = this.loaded ? this.messages[0]?.seq : undefined;
      const range = before === undefined ? { limit: pageSize } : { before, limit: pageSize };
      const page = await this.#client.history(this.room, range);
      if (epoch === this.#epoch) this.#prepend(page);
    } catch (error) {
      if (epoch === this.#epoch) this.error = asMailroomError(error);
    }
    if (epoch !== this.#epoch) return;
    this.loading = false;
    this.changed();
  }

  /** Takes the room's next live message. */
  append(message: Message): void {
    if (message.seq <= (this.messages.at(-1)?.seq ?? 0)) return;
    this.messages = [...this.messages, message];
    this.pending = this.#client.pendingPosts(this.room);
    this.changed();
  }

  /** Takes what became of one of the user's posts. */
  posted(event: OutboxEvent): void {
    this.pending = this.#client.pendingPosts(this.room);
    if (event.state === 'rejected') this.failed = [...this.failed, { post: event.post, error: event.error }];
    this.changed();
  }

  /** Takes a failed post away: to try it again as a new one, or to forget it. */
  dismiss(failed: FailedPost, retry: boolean): void {
    this.failed = this.failed.filter((other) => other !== failed);
    if (retry) this.#client.post(this.room, failed.post.body);
    this.changed();
  }

  #prepend(page: HistoryPage): void {
    // Live messages that arrived while the newest page was under way may be in it as well.
    const last = page.messages.at(-1)?.seq ?? 0;
    this.messages = [...page.messages, ...this.messages.filter((message) => message.seq > last)];
    this.more = page.more;
    this.loaded = true;
  }
}
