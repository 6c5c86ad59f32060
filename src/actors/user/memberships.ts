/** Which rooms a user is in: loaded at first, told by the rooms, and looked up again now and then. */
import type { Context } from '../../runtime/context.ts';
import type { Reply } from '../../runtime/reply.ts';
import { askRecords } from '../storage/records.ts';
import type { UserMessage } from './messages.ts';

export class Memberships {
  readonly #context: Context<UserMessage>;
  readonly #onEntered: (room: string) => void;
  readonly #rooms = new Set<string>();
  /** When they were read last, by the monotonic clock. */
  #readMs = 0;
  /** Rooms that told of a change while they are read again; undefined while they are not. */
  #toldMeanwhile: Set<string> | undefined;

  /** `onEntered` is called for every room that was not known before, and for those that tell of themselves again. */
  constructor(context: Context<UserMessage>, onEntered: (room: string) => void) {
    this.#context = context;
    this.#onEntered = onEntered;
  }

  get size(): number {
    return this.#rooms.size;
  }

  list(): readonly string[] {
    return [...this.#rooms];
  }

  /** Calls back with what the records answered. */
  load(done: (reply: Reply<unknown>) => void): void {
    askRecords(this.#context, 'membershipsOf', [this.#context.self.id], (reply) => {
      if (!reply.ok) return done(reply);
      for (const { room } of reply.value) {
        this.#rooms.add(room);
        this.#onEntered(room);
      }
      this.#readMs = this.#context.monotonicMs();
      done(reply);
    });
  }

  entered(room: string): void {
    this.#toldMeanwhile?.add(room);
    this.#rooms.add(room);
    this.#onEntered(room);
  }

  left(room: string): void {
    this.#toldMeanwhile?.add(room);
    this.#rooms.delete(room);
  }

  /**
   * Reads them again unless they were read within `freshMs`. A room whose node died before it told of a membership never
   * will: what the records say is told in its place.
   */
  refresh(freshMs: number): void {
    const now = this.#context.monotonicMs();
    if (this.#toldMeanwhile !== undefined || now - this.#readMs < freshMs) return;
    const told = new Set<string>();
    this.#toldMeanwhile = told;
    askRecords(this.#context, 'membershipsOf', [this.#context.self.id], (reply) => {
      this.#toldMeanwhile = undefined;
      if (!reply.ok) return;
      this.#readMs = now;
      const stored = new Set(reply.value.map(({ room }) => room));
      for (const room of this.#rooms) if (!stored.has(room) && !told.has(room)) this.#rooms.delete(room);
      for (const room of stored) {
        if (this.#rooms.has(room) || told.has(room)) continue;
        this.#rooms.add(room);
        this.#onEntered(room);
      }
    });
  }
}
