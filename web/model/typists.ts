import type { MailroomClient } from '../../src/client/client.ts';
import { Observable } from './observable.ts';

/** How long it holds that somebody is writing. */
const holdsMs = 6_000;
/** How often the server wants to hear of it at most. */
const everyMs = 3_000;

/** Who is writing in which room, and that the user is. */
export class Typists extends Observable {
  readonly #client: MailroomClient;
  /** By room, users with the timers that end it. */
  readonly #rooms = new Map<string, Map<string, ReturnType<typeof setTimeout>>>();
  #saidAt = 0;
  #saidIn = '';

  constructor(client: MailroomClient, self: string) {
    super();
    this.#client = client;
    client.on('typing', ({ room, user }) => {
      if (user !== self) this.#typing(room, user);
    });
    client.on('message', ({ room, from }) => this.#ended(room, from));
  }

  /** Who is writing in a room, the user left out. */
  in(room: string): readonly string[] {
    return [...(this.#rooms.get(room)?.keys() ?? [])];
  }

  /** The user wrote something. */
  wrote(room: string): void {
    const now = Date.now();
    if (this.#client.state.kind !== 'ready' || (room === this.#saidIn && now - this.#saidAt < everyMs)) return;
    this.#saidAt = now;
    this.#saidIn = room;
    // It is a courtesy and holds for seconds: one that is lost is not missed.
    this.#client.people.typing(room).catch(() => undefined);
  }

  /** The user sent what they wrote: the next word is told at once. */
  sent(): void {
    this.#saidIn = '';
  }

  #typing(room: string, user: string): void {
    const users = this.#rooms.get(room) ?? new Map<string, ReturnType<typeof setTimeout>>();
    this.#rooms.set(room, users);
    clearTimeout(users.get(user));
    users.set(
      user,
      setTimeout(() => this.#ended(room, user), holdsMs),
    );
    this.changed();
  }

  #ended(room: string, user: string): void {
    const users = this.#rooms.get(room);
    if (users === undefined || !users.has(user)) return;
    clearTimeout(users.get(user));
    users.delete(user);
    this.changed();
  }
}
