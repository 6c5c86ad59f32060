/** The rooms of a session: entered one by one through the thread's fan-out, left all together. */
import type { Context } from '../../runtime/context.ts';
import { pinnedId } from '../../runtime/placement.ts';
import type { Ref } from '../../runtime/ref.ts';
import type { Reply } from '../../runtime/reply.ts';
import { type FanoutMessage, fanoutKind } from '../fanout/messages.ts';
import { type RoomMessage, type RoomView, roomKind } from '../room/messages.ts';
import type { SocketId } from '../sockets.ts';
import type { Identity } from '../user/messages.ts';
import type { SessionMessage } from './messages.ts';
import { PostLine } from './post-line.ts';
import { PostRun } from './post-runs.ts';
import { joinedFrame } from './room-shapes.ts';

const JOIN_DEADLINE_MS = 6_000;
const RETRY_MS = 1_000;
const START_RETRY_MS = 100;

interface EnteredRoom {
  readonly view: RoomView;
  readonly target: PostTarget;
}

/** Where posts to one room go, and in which order. */
export interface PostTarget {
  readonly ref: Ref<RoomMessage>;
  readonly run: PostRun;
  /** Changes have an order of their own. */
  readonly changes: PostRun;
  readonly line: PostLine;
}

/** What a client has of a room. Without `change` its messages come with all changes in them. */
export interface ClientPosition {
  readonly seq: number;
  readonly change?: number;
}

/** What the rooms need of their session. */
interface RoomsOwner {
  readonly context: Context<SessionMessage>;
  readonly socket: SocketId;
  readonly identity: Identity | undefined;
  send(frame: Uint8Array): void;
  flush(): void;
}

export class RoomsOfSession {
  readonly #session: RoomsOwner;
  readonly #fanout: Ref<FanoutMessage>;
  readonly #entered = new Map<string, EnteredRoom>();
  readonly #entering = new Map<string, ((reply: Reply<RoomView>) => void)[]>();
  /** Rooms that the user entered once more while an entry was on its way, whose answer may be of the time in between. */
  readonly #enteredAgain = new Set<string>();
  /** Rooms that the user entered before the hello was answered; undefined from then on. */
  #early: Set<string> | undefined = new Set();
  #runs = 0;

  constructor(session: RoomsOwner) {
    const { context } = session;
    this.#session = session;
    this.#fanout = context.ref(fanoutKind, pinnedId(context.thread, 0));
  }

  /** Views as they were on entering, ascending by id. */
  sorted(): RoomView[] {
    return [...this.#entered.values()].map(({ view }) => view).sort((a, b) => (a.room < b.room ? -1 : 1));
  }

  /** Enters all of them and calls back when each has its answer. What could not be entered now is tried again. */
  enterAll(rooms: readonly string[], done: () => void): void {
    let open = rooms.length;
    if (open === 0) return done();
    for (const room of rooms) {
      this.enter(room, (reply) => {
        if (!reply.ok) this.#tryLater(room, reply.fault.code);
        open -= 1;
        if (open === 0) done();
      });
    }
  }

  has(room: string): boolean {
    return this.#entered.has(room);
  }

  /** Calls back with the rooms as they are now; one that cannot be asked is as it was, one that was left is not there. */
  refresh(views: readonly RoomView[], done: (views: readonly RoomView[]) => void): void {
    const { socket: session, identity, context } = this.#session;
    const fresh = [...views];
    let open = views.length;
    if (open === 0) return done([]);
    for (const [index, { room }] of views.entries()) {
      const join = { type: 'join', session, user: identity?.user.id ?? '', room } as const;
      context.ask(this.#fanout, join, JOIN_DEADLINE_MS, (reply) => {
        if (reply.ok) fresh[index] = reply.value;
        open -= 1;
        if (open === 0) done(fresh.filter((view) => this.#entered.has(view.room)));
      });
    }
  }

  /** Asks the fan-out for the room's frames. They come after `start`. */
  enter(room: string, onReply: (reply: Reply<RoomView>) => void): void {
    const known = this.#entered.get(room);
    if (known !== undefined) return onReply({ ok: true, value: known.view });
    const waiting = this.#entering.get(room);
    if (waiting !== undefined) {
      waiting.push(onReply);
      return;
    }
    this.#entering.set(room, [onReply]);
    const { context, socket, identity } = this.#session;
    const join = { type: 'join', session: socket, user: identity?.user.id ?? '', room } as const;
    context.ask(this.#fanout, join, JOIN_DEADLINE_MS, (reply) => {
      const callbacks = this.#entering.get(room) ?? [];
      this.#entering.delete(room);
      if (reply.ok) this.#entered.set(room, { view: reply.value, target: this.#target(room) });
      for (const callback of callbacks) callback(reply);
      if (this.#enteredAgain.delete(room) && !reply.ok) this.entered(room);
    });
  }

  /** The client knows of the room now: what is after its position may come. Starting twice does nothing. */
  start(room: string, { seq: after, change }: ClientPosition): void {
    const { context, socket: session } = this.#session;
    const entered = this.#entered.get(room);
    const start = {
      type: 'start',
      session,
      room,
      after,
      ...(change === undefined ? {} : { afterChange: change }),
    } as const;
    // Who was cut off and has entered again since begins elsewhere.
    const begin = (): void => {
      if (entered === undefined || this.#entered.get(room) !== entered) return;
      context.ask(this.#fanout, start, JOIN_DEADLINE_MS, (reply) => {
        if (!reply.ok) context.after(START_RETRY_MS, begin);
      });
    };
    begin();
  }

  /** The user became a member elsewhere, or an entry that failed is tried again: the client learns it from us. */
  entered(room: string): void {
    const { identity } = this.#session;
    if (identity === undefined || this.#entered.has(room)) return;
    if (this.#entering.has(room)) {
      this.#enteredAgain.add(room);
      return;
    }
    if (this.#early !== undefined) {
      this.#early.add(room);
      return;
    }
    this.enter(room, (reply) => {
      if (!reply.ok) return this.#tryLater(room, reply.fault.code);
      this.#session.send(joinedFrame(reply.value, identity.user));
      this.#session.flush();
      this.start(room, reply.value);
    });
  }

  /** The hello is answered: the client may be told of what it did not list. */
  greeted(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const room of early) this.entered(room);
  }

  left(room: string): void {
    this.#entered.delete(room);
  }

  partAll(): void {
    const { context, socket } = this.#session;
    for (const room of [...this.#entered.keys(), ...this.#entering.keys()]) {
      context.tell(this.#fanout, { type: 'part', session: socket, room });
    }
  }

  /** Where to post. A room that the session is not in gets a run of its own for each post: the room decides. */
  target(room: string): PostTarget {
    return this.#entered.get(room)?.target ?? this.#target(room);
  }

  /** Posts were refused before they reached their run. */
  breakRuns(): void {
    for (const { target } of this.#entered.values()) {
      target.run.break();
      target.changes.break();
      target.line.break();
    }
  }

  #target(room: string): PostTarget {
    const ref = this.#session.context.ref(roomKind, room);
    const newRun = (): PostRun => new PostRun(() => ++this.#runs);
    return { ref, run: newRun(), changes: newRun(), line: new PostLine() };
  }

  #tryLater(room: string, code: string): void {
    if (code === 'not_found' || code === 'forbidden') return;
    this.#session.context.after(RETRY_MS, () => this.entered(room));
  }
}
