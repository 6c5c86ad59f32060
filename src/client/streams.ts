import { LIMITS } from '../protocol/limits.ts';
import { backoffDelay, repeatBackoff } from './backoff.ts';
import type { ClientClock } from './clock.ts';
import type { MailroomError } from './errors.ts';
import { RoomStream } from './room-stream.ts';
import type { Changed, Gap, Message, ResultOf, ResumePosition } from './wire.ts';

/** What the client has of a room: enough to go on from there, in this process or in a later one. */
export interface Position {
  /** The last delivered `seq`. */
  readonly seq: number;
  readonly change: number;
  /** The room's incarnation; where it differs, `seq` counts something else. */
  readonly log: string;
}

/** What the streams need from the client. */
export interface StreamsHooks {
  deliver(message: Message): void;
  fetch(room: string, after: number): Promise<ResultOf<'messages.history'>>;
  skipped(room: string, from: number, to: number): void;
  changed(changed: Changed): void;
  fetchChanges(room: string, after: number): Promise<ResultOf<'messages.changes'>>;
  /** The room was rewound: what the application holds of it is void. */
  reloaded(room: string): void;
  /** History is closed to the user now. */
  lost(room: string): void;
}

/** Where the streams get time and chance from, and how much they fetch. */
export interface StreamsOptions {
  readonly clock: ClientClock;
  readonly random: () => number;
  readonly maxFill: number;
}

/** A change as a stream counts it. */
interface NumberedChange {
  readonly seq: number;
  readonly changed: Changed;
}

interface Tracked {
  readonly stream: RoomStream<Message>;
  readonly changes: RoomStream<NumberedChange>;
  /** Undefined while nothing but messages has been seen of the room. */
  log: string | undefined;
  failures: number;
  /** Orders rooms by their last message. */
  touched: number;
  cancelRetry: (() => void) | undefined;
}

/** How long a resumed room may take to come up to the `seq` of the greeting before history is asked. */
const resumeGraceMs = 10_000;

/** Every room's stream, and what is told to the server to resume them. */
export class Streams {
  readonly #hooks: StreamsHooks;
  readonly #options: StreamsOptions;
  readonly #tracked = new Map<string, Tracked>();
  #touches = 0;
  #cancelGrace: (() => void) | undefined;

  constructor(hooks: StreamsHooks, options: StreamsOptions, positions: Readonly<Record<string, Position>>) {
    this.#hooks = hooks;
    this.#options = options;
    for (const [room, { seq, change, log }] of Object.entries(positions)) this.#add(room, seq, change, log);
  }

  /** The positions to resume from: of the rooms that moved last, as many as a greeting may name. */
  resume(): Record<string, ResumePosition> {
    const latest = [...this.#tracked].sort(([, a], [, b]) => b.touched - a.touched).slice(0, LIMITS.maxResumeRooms);
    return Object.fromEntries(
      latest.map(([room, { stream, changes, log }]) => [
        room,
        log === undefined ? stream.seq : [stream.seq, changes.seq, log],
      ]),
    );
  }

  /** Where every room stands. */
  positions(): Record<string, Position> {
    const known = [...this.#tracked].filter(([, tracked]) => tracked.log !== undefined);
    return Object.fromEntries(
      known.map(([room, { stream, changes, log }]) => [room, { seq: stream.seq, change: changes.seq, log: log ?? '' }]),
    );
  }

  rooms(): Iterable<string> {
    return this.#tracked.keys();
  }

  /** Follows a room from its newest message on, unless it is followed already. */
  follow(room: string, position: Position): void {
    const tracked = this.#tracked.get(room);
    if (tracked === undefined) {
      this.#add(room, position.seq, position.change, position.log);
    } else if (tracked.log !== undefined && tracked.log !== position.log) {
      this.forget(room);
      this.#add(room, position.seq, position.change, position.log);
      this.#hooks.reloaded(room);
    } else {
      tracked.log = position.log;
    }
  }

  /**
   * Takes what a greeting, or a list after it, says of rooms. Those that were `resumed` get their messages pushed; the
   * others fetch them.
   */
  announced(
    rooms: readonly (Position & { readonly id: string; readonly from?: number })[],
    resumed: ReadonlySet<string>,
  ): void {
    for (const room of rooms) {
      this.follow(room.id, room);
      if (room.from !== undefined) this.#tracked.get(room.id)?.stream.beginAt(room.from);
      if (!resumed.has(room.id)) this.#catchUp(this.#tracked.get(room.id), room);
    }
    // A tail that the server failed to push would go unnoticed until the next message, so it is looked after once.
    const late = rooms.filter((room) => resumed.has(room.id));
    const cancelEarlier = this.#cancelGrace;
    const cancel = this.#options.clock.after(resumeGraceMs, () => {
      for (const room of late) {
        const tracked = this.#tracked.get(room.id);
        if (tracked?.log === room.log) this.#catchUp(tracked, room);
      }
    });
    this.#cancelGrace = () => {
      cancelEarlier?.();
      cancel();
    };
  }

  message(message: Message): void {
    // A room that was not announced yet begins with the first message that is seen of it.
    const tracked = this.#tracked.get(message.room) ?? this.#add(message.room, message.seq - 1, 0, undefined);
    tracked.touched = ++this.#touches;
    tracked.stream.push(message);
  }

  changed(changed: Changed): void {
    this.#tracked.get(changed.room)?.changes.push({ seq: changed.change, changed });
  }

  gap(gap: Gap): void {
    if (gap.stream === 'changes') {
      this.#tracked.get(gap.room)?.changes.catchUp(gap.to);
      return;
    }
    const tracked = this.#tracked.get(gap.room) ?? this.#add(gap.room, gap.from - 1, 0, undefined);
    tracked.stream.catchUp(gap.to);
  }

  forget(room: string): void {
    const tracked = this.#tracked.get(room);
    tracked?.cancelRetry?.();
    tracked?.stream.interrupt();
    tracked?.changes.interrupt();
    this.#tracked.delete(room);
  }

  /** The connection ended. */
  interrupt(): void {
    this.#cancelGrace?.();
    this.#cancelGrace = undefined;
    for (const tracked of this.#tracked.values()) {
      tracked.cancelRetry?.();
      tracked.cancelRetry = undefined;
      tracked.stream.interrupt();
      tracked.changes.interrupt();
    }
  }

  #catchUp(tracked: Tracked | undefined, { seq, change }: Position): void {
    tracked?.stream.catchUp(seq);
    tracked?.changes.catchUp(change);
  }

  #add(room: string, seq: number, change: number, log: string | undefined): Tracked {
    const stream = new RoomStream<Message>(
      {
        deliver: (message) => {
          tracked.failures = 0;
          this.#hooks.deliver(message);
        },
        fetch: (after) => this.#hooks.fetch(room, after),
        skipped: (from, to) => this.#hooks.skipped(room, from, to),
        stalled: (error) => this.#stalled(room, tracked, error),
      },
      seq,
      this.#options.maxFill,
    );
    const changes = new RoomStream<NumberedChange>(
      {
        deliver: ({ changed }) => this.#hooks.changed(changed),
        fetch: async (after) => {
          const page = await this.#hooks.fetchChanges(room, after);
          return { messages: page.changes.map((changed) => ({ seq: changed.change, changed })), more: page.more };
        },
        // The state of messages is what history tells; it has all that is left out here.
        skipped: () => undefined,
        stalled: (error) => this.#stalled(room, tracked, error),
      },
      change,
      this.#options.maxFill,
    );
    const tracked: Tracked = { stream, changes, log, failures: 0, touched: this.#touches, cancelRetry: undefined };
    this.#tracked.set(room, tracked);
    return tracked;
  }

  #stalled(room: string, tracked: Tracked, error: MailroomError): void {
    if (error.code === 'forbidden' || error.code === 'not_found') {
      this.forget(room);
      this.#hooks.lost(room);
      return;
    }
    const { clock, random } = this.#options;
    const delayMs = backoffDelay(tracked.failures++, repeatBackoff, random, error.retryAfter);
    tracked.cancelRetry?.();
    tracked.cancelRetry = clock.after(delayMs, () => {
      tracked.stream.resume();
      tracked.changes.resume();
    });
  }
}
