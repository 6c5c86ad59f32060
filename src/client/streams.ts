import { LIMITS } from '../protocol/limits.ts';
import { backoffDelay, repeatBackoff } from './backoff.ts';
import type { ClientClock } from './clock.ts';
import type { MailroomError } from './errors.ts';
import { RoomStream } from './room-stream.ts';
import type { Gap, Message, ResultOf, ResumePosition } from './wire.ts';

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

interface Tracked {
  readonly stream: RoomStream;
  change: number;
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
      latest.map(([room, { stream, change, log }]) => [
        room,
        log === undefined ? stream.seq : [stream.seq, change, log],
      ]),
    );
  }

  /** Where every room stands. */
  positions(): Record<string, Position> {
    const known = [...this.#tracked].filter(([, tracked]) => tracked.log !== undefined);
    return Object.fromEntries(
      known.map(([room, { stream, change, log }]) => [room, { seq: stream.seq, change, log: log ?? '' }]),
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
      if (!resumed.has(room.id)) this.#tracked.get(room.id)?.stream.catchUp(room.seq);
    }
    // A tail that the server failed to push would go unnoticed until the next message, so it is looked after once.
    const late = rooms.filter((room) => resumed.has(room.id));
    const cancelEarlier = this.#cancelGrace;
    const cancel = this.#options.clock.after(resumeGraceMs, () => {
      for (const { id, seq, log } of late) {
        const tracked = this.#tracked.get(id);
        if (tracked?.log === log) tracked.stream.catchUp(seq);
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

  gap(gap: Gap): void {
    if (gap.stream !== 'messages') return;
    const tracked = this.#tracked.get(gap.room) ?? this.#add(gap.room, gap.from - 1, 0, undefined);
    tracked.stream.catchUp(gap.to);
  }

  forget(room: string): void {
    const tracked = this.#tracked.get(room);
    tracked?.cancelRetry?.();
    tracked?.stream.interrupt();
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
    }
  }

  #add(room: string, seq: number, change: number, log: string | undefined): Tracked {
    const stream = new RoomStream(
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
    const tracked: Tracked = { stream, change, log, failures: 0, touched: this.#touches, cancelRetry: undefined };
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
    tracked.cancelRetry = clock.after(delayMs, () => tracked.stream.resume());
  }
}
