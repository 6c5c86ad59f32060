import type { MailroomClient } from '../../src/client/client.ts';
import { asMailroomError, type MailroomError } from '../../src/client/errors.ts';
import type { OutboxEvent, Post } from '../../src/client/outbox.ts';
import type { Changed, HistoryPage, Message } from '../../src/client/wire.ts';
import { hiddenMessage, withChange } from './message-changes.ts';
import { Observable } from './observable.ts';

const pageSize = 50;

/** What a timeline needs from the client. */
export type TimelineClient = Pick<MailroomClient, 'history' | 'pendingPosts' | 'post'>;

/** A post that the server refused for good. */
export interface FailedPost {
  readonly post: Post;
  readonly error: MailroomError;
}

/**
 * One room's messages as far as they are loaded, without a hole, and the user's posts that are not among them yet.
 *
 * It ends at the newest message, or, where an older one was looked for, somewhere before it: then `newer` says so.
 */
export class Timeline extends Observable {
  readonly room: string;
  messages: readonly Message[] = [];
  pending: readonly Post[] = [];
  failed: readonly FailedPost[] = [];
  /** Whether there are older messages than the first one here. */
  more = true;
  /** Whether there are newer messages than the last one here. */
  newer = false;
  loading = false;
  loaded = false;
  error: MailroomError | undefined;
  /** The message to show next; the view takes it away. */
  focus: number | undefined;
  readonly #client: TimelineClient;
  readonly #self: string;
  /** Counts loads from the start; the page of an earlier one is dropped. */
  #epoch = 0;
  /** The newest message that is known to exist. */
  #head = 0;
  /** The newest change that the messages have in them. */
  #change: number | undefined;
  /** Changes that came while a page was under way: it may have been read before them. */
  #meanwhile: Changed[] = [];
  #loadingNewer = false;

  constructor(client: TimelineClient, room: string, self: string) {
    super();
    this.#client = client;
    this.#self = self;
    this.room = room;
    this.pending = client.pendingPosts(room);
  }

  /** Loads the newest messages in place of whatever is here. */
  reload(): Promise<void> {
    this.#reset();
    return this.loadOlder();
  }

  /** Shows a message: one that is here, or else the part of the history around it is loaded in place of what is here. */
  async show(seq: number): Promise<void> {
    this.focus = seq;
    if (this.loaded && this.find(seq) !== undefined) return this.changed();
    this.#reset();
    await this.#load({ around: seq, limit: pageSize }, (page) => {
      const first = page.messages[0]?.seq ?? 0;
      this.messages = page.messages;
      this.more = first > 1;
      this.#endsWith(page.more);
    });
  }

  /** Loads the page before the first message, or the newest one. */
  async loadOlder(): Promise<void> {
    if (this.loading || !this.more) return;
    const before = this.loaded ? this.messages[0]?.seq : undefined;
    const range = before === undefined ? { limit: pageSize } : { before, limit: pageSize };
    await this.#load(range, (page) => this.#prepend(page));
  }

  /** Loads the page after the last message. */
  async loadNewer(): Promise<void> {
    const last = this.messages.at(-1)?.seq;
    if (this.#loadingNewer || this.loading || !this.newer || last === undefined) return;
    this.#loadingNewer = true;
    await this.#load({ after: last, limit: pageSize }, (page) => {
      this.messages = [...this.messages, ...page.messages.filter((message) => message.seq > last)];
      this.#endsWith(page.more && page.messages.length > 0);
    });
    this.#loadingNewer = false;
  }

  /** The message of this number, if it is here. */
  find(seq: number): Message | undefined {
    const first = this.messages[0]?.seq ?? 0;
    const found = this.messages[seq - first];
    return found?.seq === seq ? found : this.messages.find((message) => message.seq === seq);
  }

  /** Takes the room's next live message. */
  append(message: Message): void {
    this.#head = Math.max(this.#head, message.seq);
    this.pending = this.#client.pendingPosts(this.room);
    if (this.newer) return this.changed();
    if (message.seq <= (this.messages.at(-1)?.seq ?? 0)) return;
    this.messages = [...this.messages, message];
    this.changed();
  }

  /** Takes the room's next change. One that does not follow the last shows that some were skipped: history has them. */
  change(changed: Changed): void {
    const expected = this.#change === undefined ? undefined : this.#change + 1;
    if (expected !== undefined && changed.change > expected) return void this.reload();
    if (expected === changed.change) this.#change = changed.change;
    if (this.loading) this.#meanwhile.push(changed);
    if (this.#apply(changed)) this.changed();
  }

  /** Takes messages out of what is shown. */
  hide(seqs: readonly number[]): void {
    const gone = new Set(seqs);
    this.messages = this.messages.map((message) => (gone.has(message.seq) ? hiddenMessage(message) : message));
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
    if (retry) this.#client.post(this.room, failed.post.body, failed.post.options);
    this.changed();
  }

  #reset(): void {
    this.#epoch++;
    this.loading = false;
    this.loaded = false;
    this.messages = [];
    this.more = true;
    this.newer = false;
    this.#change = undefined;
    this.#meanwhile = [];
    this.#loadingNewer = false;
  }

  async #load(range: Parameters<TimelineClient['history']>[1], place: (page: HistoryPage) => void): Promise<void> {
    const epoch = this.#epoch;
    this.loading = true;
    this.error = undefined;
    this.#meanwhile = [];
    this.changed();
    try {
      const page = await this.#client.history(this.room, range);
      if (epoch === this.#epoch) {
        place(page);
        this.loaded = true;
        this.#change ??= page.change;
        this.loading = false;
        for (const changed of this.#meanwhile.splice(0)) this.change(changed);
      }
    } catch (error) {
      if (epoch === this.#epoch) this.error = asMailroomError(error);
    }
    if (epoch !== this.#epoch) return;
    this.loading = false;
    this.changed();
  }

  #prepend(page: HistoryPage): void {
    // Live messages that arrived while the newest page was under way may be in it as well.
    const last = page.messages.at(-1)?.seq ?? 0;
    this.messages = [...page.messages, ...this.messages.filter((message) => message.seq > last)];
    this.more = page.more;
  }

  #endsWith(more: boolean): void {
    this.newer = more || (this.messages.at(-1)?.seq ?? 0) < this.#head;
  }

  #apply(changed: Changed): boolean {
    const message = this.find(changed.seq);
    if (message === undefined) return false;
    const next = withChange(message, changed, this.#self);
    if (next === message) return false;
    this.messages = this.messages.map((other) => (other === message ? next : other));
    return true;
  }
}
