/** When the persons of a shard were last there, stored many at a time; and the mirror of how they are, where there is one. */
import type { Context } from '../../runtime/context.ts';
import type { MirroredPresence } from '../../storage/ports/presence-mirror.ts';
import { askPeople } from '../storage/people.ts';
import { askPresenceMirror } from '../storage/presence-mirror.ts';
import type { PresenceBook } from './book.ts';
import type { NoteSeen, PresenceMessage } from './messages.ts';

const STORE_EVERY_MS = 2_000;
const MIRROR_EVERY_MS = 1_000;
/** Entries of the mirror live three times as long. */
const REFRESH_EVERY_MS = 60_000;
const AT_ONCE = 500;
/** While storage is away, who was seen longest ago is forgotten first. */
const MAX_WAITING = 50_000;
/** The end of the node waits no longer. */
const FINISH_MS = 2_000;

export class SeenLog {
  readonly #context: Context<PresenceMessage>;
  readonly #book: PresenceBook;
  readonly #mirrored: boolean;
  readonly #seen = new Map<string, number>();
  readonly #changed = new Map<string, MirroredPresence>();
  #storing = false;
  #mirroring = false;
  #refreshing = false;
  #finished: (() => void) | undefined;

  constructor(context: Context<PresenceMessage>, options: { readonly book: PresenceBook; readonly mirrored: boolean }) {
    this.#context = context;
    this.#book = options.book;
    this.#mirrored = options.mirrored;
  }

  note({ user, at, state }: NoteSeen): void {
    if (this.#mirrored) {
      this.#changed.set(user, { user, state, since: at });
      this.#mirrorLater();
      this.#refreshLater();
    }
    // Who is away has not come or gone.
    if (state === 'away') return;
    this.#seen.delete(user);
    this.#seen.set(user, at);
    if (this.#seen.size > MAX_WAITING) this.#seen.delete(this.#seen.keys().next().value ?? '');
    this.#storeLater(STORE_EVERY_MS);
  }

  /** Stores what is left. True if that is done; else `finished` is called, no later than after a bound. */
  finish(finished: () => void): boolean {
    if (this.#seen.size === 0 && this.#changed.size === 0) return true;
    if (this.#finished !== undefined) return false;
    this.#finished = finished;
    this.#context.after(FINISH_MS, finished);
    this.#store();
    this.#mirror();
    return false;
  }

  #storeLater(delayMs: number): void {
    if (this.#storing) return;
    this.#storing = true;
    this.#context.after(delayMs, () => this.#store());
  }

  #store(): void {
    const batch = [...this.#seen].slice(0, AT_ONCE).map(([user, at]) => ({ user, at }));
    this.#storing = batch.length > 0;
    if (batch.length === 0) return this.#lookFinished();
    askPeople(this.#context, 'saveSeen', [batch], (reply) => {
      this.#storing = false;
      if (reply.ok) for (const { user, at } of batch) if (this.#seen.get(user) === at) this.#seen.delete(user);
      if (this.#seen.size > 0) this.#storeLater(reply.ok ? 0 : STORE_EVERY_MS);
      this.#lookFinished();
    });
  }

  #lookFinished(): void {
    if (this.#seen.size === 0 && this.#changed.size === 0) this.#finished?.();
  }

  #mirrorLater(): void {
    if (this.#mirroring) return;
    this.#mirroring = true;
    this.#context.after(MIRROR_EVERY_MS, () => this.#mirror());
  }

  /** What cannot be mirrored now is mirrored with the next refresh, if it is still true. */
  #mirror(): void {
    this.#mirroring = false;
    const entries = [...this.#changed.values()].slice(0, AT_ONCE);
    if (entries.length === 0) return;
    for (const { user } of entries) this.#changed.delete(user);
    askPresenceMirror(this.#context, 'publish', [entries], () => {
      if (this.#changed.size > 0) this.#mirrorLater();
      this.#lookFinished();
    });
  }

  #refreshLater(): void {
    if (this.#refreshing) return;
    this.#refreshing = true;
    this.#context.after(REFRESH_EVERY_MS, () => {
      this.#refreshing = false;
      for (const [user, { shown: state, since }] of this.#book) {
        if (state !== 'offline') this.#changed.set(user, { user, state, since });
      }
      if (this.#changed.size === 0) return;
      this.#mirrorLater();
      this.#refreshLater();
    });
  }
}
