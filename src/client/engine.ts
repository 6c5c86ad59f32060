import { Connection, type ConnectionState } from './connection.ts';
import { Directory } from './directory.ts';
import { Emitter } from './emitter.ts';
import { asMailroomError } from './errors.ts';
import type { ClientEvents } from './events.ts';
import { type ClientOptions, resolveOptions, type Surroundings } from './options.ts';
import { Outbox } from './outbox.ts';
import type { StoredPost } from './outbox-store.ts';
import { ReadMarks } from './read-marks.ts';
import { Requests } from './requests.ts';
import { Streams } from './streams.ts';
import type { HelloParams, HelloResult, Message, Notification, ParamsOf, RoomChange, RoomEntry, User } from './wire.ts';

const historyPage = 200;

/** Joins the parts of the client: what the server says goes to the part that it concerns, in the order it was said. */
export class Engine {
  readonly around: Surroundings;
  readonly events: Emitter<ClientEvents>;
  readonly requests: Requests;
  readonly connection: Connection;
  readonly outbox: Outbox;
  readonly streams: Streams;
  readonly directory: Directory;
  readonly readMarks: ReadMarks;
  user: User | undefined;
  readonly #client: string | undefined;
  /** Rooms that the last greeting asked to resume. */
  #resumed: ReadonlySet<string> = new Set();
  /** Counts greetings, so that a page of the room list that an earlier one asked for is not taken for a later list's. */
  #greetings = 0;
  /** Rooms listed or entered since the greeting: when the list is complete, the user is in no others. */
  #seen = new Set<string>();
  /** The highest `version` of each room's changes since the greeting; an older one is out of date. */
  readonly #versions = new Map<string, number>();

  constructor(options: ClientOptions) {
    const around = resolveOptions(options);
    const { clock, random, connect, socketUrl: url } = around;
    this.around = around;
    this.#client = options.client;
    this.events = new Emitter(options.onHandlerError ?? rethrowLater);
    this.requests = new Requests(clock);
    this.directory = new Directory((room) => this.events.emit('rooms', { room }));
    this.readMarks = new ReadMarks(
      { send: (room, seq) => this.requests.request('messages.read', { room, seq }, { repeat: true }) },
      clock,
      random,
    );
    this.outbox = this.#makeOutbox(options);
    this.streams = this.#makeStreams(options);
    this.connection = new Connection(
      {
        hello: () => this.#hello(),
        greeted: (result) => this.#greeted(result),
        notified: (notification) => this.#notified(notification),
        lost: () => this.streams.interrupt(),
        changed: (state) => this.#stateChanged(state),
      },
      { url, connect, clock, random, requests: this.requests },
    );
  }

  /** Takes a room as creating, opening or joining it answers, or as a notification tells of it. */
  entered(entry: RoomEntry): void {
    this.#seen.add(entry.room);
    this.directory.enter(entry);
    this.streams.follow(entry.room, entry);
    this.#findPeer(entry.room);
  }

  /** The user is no longer in the room. */
  left(room: string): void {
    this.#seen.delete(room);
    this.streams.forget(room);
    this.readMarks.forget(room);
    this.directory.remove(room);
  }

  #makeOutbox(options: ClientOptions): Outbox {
    const { clock, random } = this.around;
    return new Outbox(
      {
        send: (post) => this.requests.request('messages.post', postParams(post)),
        ready: () => this.connection.state.kind === 'ready',
        changed: (event) => this.events.emit('outbox', event),
        storeFailed: (error) => this.events.emit('storeFailed', { error }),
      },
      { clock, random, store: options.outboxStore, postsInFlight: options.postsInFlight ?? 1 },
    );
  }

  #makeStreams(options: ClientOptions): Streams {
    const { clock, random } = this.around;
    return new Streams(
      {
        deliver: (message) => this.#deliver(message),
        fetch: (room, after) => this.requests.request('messages.history', { room, after, limit: historyPage }),
        changed: (changed) => this.events.emit('changed', changed),
        fetchChanges: (room, after) => this.requests.request('messages.changes', { room, after, limit: historyPage }),
        skipped: (room, from, to) => this.events.emit('gap', { room, from, to }),
        reloaded: (room) => this.events.emit('reload', { room }),
        lost: (room) => this.left(room),
      },
      { clock, random, maxFill: options.maxFillMessages ?? Number.POSITIVE_INFINITY },
      options.positions ?? {},
    );
  }

  #hello(): HelloParams {
    const resume = this.streams.resume();
    this.#resumed = new Set(Object.keys(resume));
    return {
      token: this.around.token(),
      ...(this.#client === undefined ? {} : { client: this.#client }),
      ...(this.#resumed.size === 0 ? {} : { resume }),
    };
  }

  #greeted(result: HelloResult): void {
    this.#greetings++;
    this.#seen = new Set();
    this.#versions.clear();
    this.user = result.user;
    this.#listed(result);
  }

  #listed(page: Pick<HelloResult, 'rooms' | 'cursor'>): void {
    for (const summary of page.rooms) {
      this.#seen.add(summary.id);
      this.directory.list(summary);
      this.#findPeer(summary.id);
    }
    this.streams.announced(page.rooms, this.#resumed);
    if (page.cursor !== undefined) this.#list(page.cursor);
    else this.#dropUnlisted();
  }

  #list(cursor: string): void {
    const greeting = this.#greetings;
    this.requests.request('rooms.list', { cursor }).then(
      (page) => {
        if (greeting === this.#greetings) this.#listed(page);
      },
      (error: unknown) => {
        // A connection that ended lists afresh with the next greeting; any other failure is mended by asking again.
        if (greeting !== this.#greetings || this.connection.state.kind !== 'ready') return;
        this.around.clock.after(asMailroomError(error).retryAfter ?? 1_000, () => {
          if (greeting === this.#greetings && this.connection.state.kind === 'ready') this.#list(cursor);
        });
      },
    );
  }

  #dropUnlisted(): void {
    const known = new Set([...this.directory.rooms.keys(), ...this.streams.rooms()]);
    for (const room of known) if (!this.#seen.has(room)) this.left(room);
  }

  #notified(notification: Notification): void {
    switch (notification.method) {
      case 'message':
        return this.streams.message(notification.params);
      case 'changed':
        return this.streams.changed(notification.params);
      case 'gap':
        return this.streams.gap(notification.params);
      case 'room':
        return this.#roomChanged(notification.params);
      case 'read':
        if (notification.params.user === this.user?.id) this.directory.read(notification.params);
        return this.events.emit('read', notification.params);
      case 'contact':
        return this.events.emit('contact', notification.params);
      case 'presence':
        return this.events.emit('presence', notification.params);
      case 'typing':
        return this.events.emit('typing', notification.params);
      case 'file':
        return this.events.emit('file', notification.params);
      case 'download':
        return this.events.emit('download', notification.params);
      case 'marked':
        return this.directory.mark(notification.params.room, notification.params.unread);
      case 'hidden':
        this.directory.hide(notification.params.room, notification.params.hidden);
        return this.events.emit('hidden', notification.params);
      case 'kicked':
        return this.events.emit('kicked', notification.params);
      default:
        // A server of a later version may tell of more: what is not known here concerns nobody here.
        return;
    }
  }

  #roomChanged(change: RoomChange): void {
    // What is asked of owner and admins is no change of the room, and has no version of its own.
    if (change.event === 'requested' || change.event === 'declined') return this.events.emit('room', change);
    if (change.version <= (this.#versions.get(change.room) ?? -1)) return;
    this.#versions.set(change.room, change.version);
    const own = change.user !== undefined && change.user === this.user?.id;
    if (change.event === 'joined' && own) {
      const entry = entryOf(change);
      if (entry !== undefined) this.entered(entry);
    } else if ((change.event === 'left' && own) || change.event === 'deleted') {
      this.left(change.room);
    } else if (change.event === 'updated' || (own && (change.event === 'role' || change.event === 'muted'))) {
      this.directory.change(change);
    }
    this.events.emit('room', change);
  }

  #deliver(message: Message): void {
    const self = this.user?.id ?? '';
    if (message.from === self) {
      this.outbox.observe(message.room, message.nonce, { seq: message.seq, at: message.at });
    }
    this.directory.arrived(message, self);
    this.events.emit('message', message);
  }

  /** Only lists name the other user of a direct room; for one that was entered just now the members say it. */
  #findPeer(id: string): void {
    const room = this.directory.rooms.get(id);
    if (room === undefined || room.kind !== 'direct' || room.peer !== undefined) return;
    this.requests.request('rooms.members', { room: id }, { repeat: true }).then(
      ({ members }) => {
        const other = members.find((member) => member.user !== this.user?.id);
        if (other !== undefined) this.directory.name(id, { id: other.user, username: other.username });
      },
      // The room stays without a name until the next greeting lists it.
      () => undefined,
    );
  }

  #stateChanged(state: ConnectionState): void {
    this.events.emit('state', state);
    if (state.kind === 'ready') this.outbox.flush();
  }
}

function postParams(post: StoredPost): ParamsOf<'messages.post'> {
  const { room, nonce, body, replyTo, mentions, mentionAll, files } = post;
  return {
    room,
    nonce,
    body,
    ...(replyTo === undefined ? {} : { replyTo }),
    ...(mentions === undefined ? {} : { mentions }),
    ...(mentionAll === undefined ? {} : { mentionAll }),
    ...(files === undefined ? {} : { files }),
  };
}

function entryOf(change: RoomChange): RoomEntry | undefined {
  const { room, kind, title = '', seq, change: number = 0, log, read = 0, role, until } = change;
  if (kind === undefined || seq === undefined || log === undefined || role === undefined) return undefined;
  const { topic, avatar, announcement, slowMode, joinPolicy, past, from } = change;
  const standing = { topic, avatar, announcement, slowMode, joinPolicy, past, from, muted: until };
  const given = Object.fromEntries(Object.entries(standing).filter(([, value]) => value !== undefined));
  return { room, kind, title, seq, change: number, log, read, role, ...given };
}

function rethrowLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
