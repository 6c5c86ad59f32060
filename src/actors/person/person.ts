/**
 * A person: whether they are there, who may see it, and how they stand to others.
 *
 * Owns what is shown of a user's presence. Talks to the people port, to the threads that watch, to the other person's actor,
 * and to the direct room that a block concerns. Settings, contacts and blocks survive in the records; sessions and watchers
 * survive a failure in the shard's book.
 */
import { fault } from '../../protocol/faults.ts';
import type { Context } from '../../runtime/context.ts';
import type { Actor, Behaviour } from '../../runtime/kind.ts';
import type { ReplyTo } from '../../runtime/reply.ts';
import { PersonEntry, type PresenceBook } from '../presence/book.ts';
import { askPeople } from '../storage/people.ts';
import { Contacts } from './contacts.ts';
import type { ChangeSettings, PersonMessage, Watch } from './messages.ts';
import { PresenceOfPerson } from './presence-of-person.ts';
import { tellRoomOfBlock, tellRoomsOfReceipts } from './rooms-of-person.ts';

export function person(book: PresenceBook): Behaviour<PersonMessage> {
  return (context) => new Person(context, book);
}

const LOAD_RETRY_MS = [250, 5_000] as const;
const NO_SUCH_USER = fault('not_found', 'there is no such user');
const NOT_NOW = fault('unavailable', 'the presence is not known now', 1_000);

class Person implements Actor<PersonMessage> {
  readonly #context: Context<PersonMessage>;
  readonly #book: PresenceBook;
  readonly #entry: PersonEntry;
  readonly #presence: PresenceOfPerson;
  readonly #contacts: Contacts;
  /** Watches that came before it was known who may see the person. */
  #watching: { readonly watch: Watch; readonly replyTo: ReplyTo | undefined }[] = [];
  /** Called once it is known anew who may see the person, or that this cannot be known now. */
  #afterLoad: (() => void)[] = [];
  #loading = false;
  /** Something has changed since the load that is under way began. */
  #stale = false;
  #away = false;
  #retryMs: number = LOAD_RETRY_MS[0];
  /** Changes that are not answered yet. */
  #changing = 0;

  constructor(context: Context<PersonMessage>, book: PresenceBook) {
    this.#context = context;
    this.#book = book;
    this.#entry = book.get(context.self.id) ?? new PersonEntry(Math.floor(context.monotonicMs()));
    book.set(context.self.id, this.#entry);
    this.#presence = new PresenceOfPerson(context, this.#entry);
    this.#contacts = new Contacts(context);
  }

  started(): void {
    this.#presence.settle();
    this.#load();
  }

  mayPassivate(): boolean {
    return this.#changing === 0 && this.#contacts.idle && this.#presence.idle;
  }

  stopping(): undefined {
    this.#presence.leave();
    this.#book.delete(this.#context.self.id);
  }

  summary(): Readonly<Record<string, unknown>> {
    const { shown, sessions, threads } = this.#entry;
    return { shown, sessions: sessions.size, watchingThreads: threads.size };
  }

  receive(message: PersonMessage): void {
    switch (message.type) {
      case 'here':
        return this.#presence.here(message);
      case 'gone':
        return this.#presence.gone(message.session);
      case 'watch':
        return this.#watch(message);
      case 'unwatch':
        return this.#presence.unwatch(message.thread, message.watchers);
      case 'change-settings':
        return this.#changeSettings(message);
      case 'change-contact':
        return this.#contacts.change(message, this.#context.replyTo(), () => this.#load());
      case 'set-block':
        return this.#setBlock(message.other, message.on);
      case 'contacts-changed':
        return this.#load();
    }
  }

  #watch(watch: Watch): void {
    if (this.#presence.known) this.#context.reply(this.#presence.watch(watch));
    else if (this.#away) this.#context.fail(NOT_NOW);
    else this.#watching.push({ watch, replyTo: this.#context.replyTo() });
  }

  #changeSettings({ change }: ChangeSettings): void {
    const replyTo = this.#context.replyTo();
    const user = this.#context.self.id;
    this.#changing += 1;
    askPeople(this.#context, 'changeSettings', [user, change], (reply) => {
      this.#load(() => {
        this.#changing -= 1;
        if (!reply.ok) replyTo?.settle(undefined, reply.fault);
        else if (reply.value === null) replyTo?.settle(undefined, NO_SUCH_USER);
        else replyTo?.settle(reply.value, undefined);
      });
      if (change.receipts !== undefined) tellRoomsOfReceipts(this.#context);
    });
  }

  #setBlock(other: string, on: boolean): void {
    const replyTo = this.#context.replyTo();
    this.#changing += 1;
    this.#contacts.setBlock(other, on, (refusal) => {
      this.#load(() => {
        if (refusal === undefined) return this.#tellRoom(other, replyTo);
        this.#changing -= 1;
        replyTo?.settle(undefined, refusal);
      });
    });
  }

  #tellRoom(other: string, replyTo: ReplyTo | undefined): void {
    tellRoomOfBlock(this.#context, other, () => {
      this.#changing -= 1;
      replyTo?.settle({}, undefined);
    });
  }

  // ── who may see ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** Reads who may see the person; until it is known nobody does. While storage is away it is tried again, with pauses. */
  #load(then?: () => void): void {
    if (then !== undefined) this.#afterLoad.push(then);
    if (this.#loading) {
      this.#stale = true;
      return;
    }
    this.#loading = true;
    this.#stale = false;
    askPeople(this.#context, 'visibility', [this.#context.self.id], (reply) => {
      this.#loading = false;
      if (!reply.ok) return this.#tryLater();
      this.#away = false;
      this.#retryMs = LOAD_RETRY_MS[0];
      if (this.#stale) return this.#load();
      this.#presence.ruled(reply.value);
      for (const done of this.#afterLoad.splice(0)) done();
      for (const { watch, replyTo } of this.#watching.splice(0)) {
        replyTo?.settle(this.#presence.watch(watch), undefined);
      }
    });
  }

  #tryLater(): void {
    this.#away = true;
    for (const done of this.#afterLoad.splice(0)) done();
    for (const { replyTo } of this.#watching.splice(0)) replyTo?.settle(undefined, NOT_NOW);
    const pauseMs = this.#retryMs * (0.5 + 0.5 * this.#context.random());
    this.#retryMs = Math.min(LOAD_RETRY_MS[1], this.#retryMs * 2);
    this.#context.after(pauseMs, () => this.#load());
  }
}
