import { encodeBody } from '../protocol/frames/body.ts';
import { LIMITS } from '../protocol/limits.ts';
import type { ConnectionState } from './connection.ts';
import type { Room } from './directory.ts';
import { Engine } from './engine.ts';
import { MailroomError } from './errors.ts';
import type { ClientEvents } from './events.ts';
import { Governing } from './governing.ts';
import type { ClientOptions } from './options.ts';
import type { Post } from './outbox.ts';
import { PeopleRequests } from './people.ts';
import type { RequestOptions } from './requests.ts';
import type { Position } from './streams.ts';
import type {
  Body,
  ChangeResult,
  Device,
  HistoryPage,
  Method,
  ParamsOf,
  PostResult,
  ResultOf,
  RoomMember,
  User,
} from './wire.ts';

/** What may stand beside the body of a post. */
export interface PostOptions {
  /** The `seq` of the message that this one answers. */
  readonly replyTo?: number;
  /** Ids of users who are spoken to. */
  readonly mentions?: readonly string[];
  /** Everybody in the room is spoken to: for owner and admins, and in direct rooms. */
  readonly mentionAll?: boolean;
  /** Ids of files that the room's members may read from now on. */
  readonly files?: readonly string[];
}

/** Which messages to search, and how many to answer with. */
export type SearchOptions = Omit<ParamsOf<'messages.search'>, 'query'>;
/** The newest first; `cursor` where there may be more. */
export type SearchPage = ResultOf<'messages.search'>;

/** Which part of a room's history. Without `before` and `after`: the newest messages. */
export interface HistoryRange {
  readonly before?: number;
  readonly after?: number;
  /** The messages about this one; alone. */
  readonly around?: number;
  /** 1 to 200; the server's default is 50. */
  readonly limit?: number;
}

/**
 * One user's live connection to a Mailroom server: rooms, messages in order, posts that survive disconnects.
 *
 * *Details.* `connect` starts it, and it reconnects by itself until `close`, or until the server says that the token is
 * dead: then `state` is `stopped`. A room's messages come as `message` events, once each and in order, from the moment the
 * client first hears of the room or from the `positions` it was given. Older ones come with `history`.
 *
 * Requests reject with a `MailroomError`. Made while there is no connection, they wait for one until their deadline of
 * 15 s. Those that may safely happen twice are repeated after a reconnect; of the others `unavailable` means that the
 * outcome is unknown.
 */
export class MailroomClient {
  readonly #engine: Engine;
  /** What owner and admins do. */
  readonly governing = new Governing((method, params, options) => this.request(method, params, options));
  /** The own profile and settings, contacts, blocks, presence and typing. */
  readonly people = new PeopleRequests((method, params, options) => this.request(method, params, options));

  constructor(options: ClientOptions) {
    this.#engine = new Engine(options);
  }

  /** Connects, unless that is under way or done. Throws what the WebSocket throws where the address is none. */
  connect(): void {
    if (this.state.kind !== 'idle' && this.state.kind !== 'stopped') return;
    this.#engine.connection.start();
    void this.#engine.outbox.load();
  }

  /**
   * Ends the connection. Posts that are not acknowledged are left to the outbox store, where there is one, and their `done`
   * rejects with `unavailable`. The client may `connect` again.
   */
  close(): void {
    const message = 'the client is closed';
    this.#engine.connection.stop({ code: 'closed', message });
    this.#engine.outbox.release(new MailroomError('unavailable', message));
  }

  /** Says that the network or the screen is back: a waiting client connects at once, an open connection is probed. */
  wake(): void {
    this.#engine.connection.wake();
  }

  /** Resolves once the client is connected, at once if it is. Rejects when it has stopped. */
  ready(): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (state: ConnectionState): boolean => {
        if (state.kind === 'ready') resolve();
        else if (state.kind === 'stopped') reject(new MailroomError(state.reason.code, state.reason.message));
        return state.kind === 'ready' || state.kind === 'stopped';
      };
      if (settle(this.state)) return;
      const off = this.on('state', (state) => {
        if (settle(state)) off();
      });
    });
  }

  get state(): ConnectionState {
    return this.#engine.connection.state;
  }

  /** Whose token it is; undefined before the first greeting. */
  get user(): User | undefined {
    return this.#engine.user;
  }

  /** The user's rooms by id. The values are replaced when they change, never changed. */
  get rooms(): ReadonlyMap<string, Room> {
    return this.#engine.directory.rooms;
  }

  /** Calls `handler` on every `name` event; the answer takes it off again. */
  on<Name extends keyof ClientEvents>(name: Name, handler: (event: ClientEvents[Name]) => void): () => void {
    return this.#engine.events.on(name, handler);
  }

  /** Where each room's stream stands: kept by the application, and given to a later client, it goes on from there. */
  positions(): Record<string, Position> {
    return this.#engine.streams.positions();
  }

  /**
   * Posts a message; never waits for the network. The post is repeated until the server has it, in order with the room's other
   * posts. Throws `too_large` where the body is over 64 KiB, and `overloaded` where 500 posts to the room are waiting already.
   */
  post(room: string, body: Body | Uint8Array, options: PostOptions = {}): Post {
    const { clock, newNonce } = this.#engine.around;
    const encoded = body instanceof Uint8Array ? body : encodeBody(body);
    if (encoded.length > LIMITS.maxBodyBytes) {
      throw new MailroomError('too_large', `a body holds at most ${LIMITS.maxBodyBytes} bytes`);
    }
    return this.#engine.outbox.add({ room, nonce: newNonce(), body: encoded, queuedAt: clock.now(), ...options });
  }

  /** Posts a text message. */
  postText(room: string, text: string, options: PostOptions = {}): Post {
    return this.post(room, { type: 'text', text }, options);
  }

  /** The posts that have no final answer yet, in order. */
  pendingPosts(room?: string): readonly Post[] {
    return this.#engine.outbox.pending(room);
  }

  /** Rejects every unsent post and removes it from the store: before the user logs out. */
  discardPosts(): void {
    this.#engine.outbox.clear(new MailroomError('unavailable', 'the post was discarded'));
  }

  /** Replaces the body of one's own message. Repeated over reconnects with one nonce, so that it happens once. */
  edit(room: string, seq: number, body: Body | Uint8Array, mentions?: readonly string[]): Promise<ChangeResult> {
    const encoded = body instanceof Uint8Array ? body : encodeBody(body);
    const content = { body: encoded, ...(mentions === undefined ? {} : { mentions }) };
    return this.request('messages.edit', { ...this.#target(room, seq), ...content }, { repeat: true });
  }

  /** Takes a message back. */
  recall(room: string, seq: number): Promise<ChangeResult> {
    return this.request('messages.recall', this.#target(room, seq), { repeat: true });
  }

  /** Reacts to a message, or takes the reaction back. */
  react(room: string, seq: number, reaction: string, remove = false): Promise<ChangeResult> {
    return this.request('messages.react', { ...this.#target(room, seq), reaction, remove }, { repeat: true });
  }

  /** Pins a message, or takes the pin off. */
  pin(room: string, seq: number, pinned = true): Promise<ChangeResult> {
    return this.request('messages.pin', { ...this.#target(room, seq), pinned }, { repeat: true });
  }

  /** Posts a copy of a message to a room. */
  forward(from: { readonly room: string; readonly seq: number }, room: string): Promise<PostResult> {
    const nonce = this.#engine.around.newNonce();
    return this.request('messages.forward', { from, room, nonce }, { repeat: true });
  }

  /** A part of a room's history, ascending by `seq`. */
  history(room: string, range: HistoryRange = {}): Promise<HistoryPage> {
    return this.request('messages.history', { room, ...range }, { repeat: true });
  }

  /** Finds messages by their words; the next page with the `cursor` of the one before. */
  search(query: string, options: SearchOptions = {}): Promise<SearchPage> {
    return this.request('messages.search', { query, ...options }, { repeat: true });
  }

  /** Who has read up to a message, the user left out; in a large room only how many. */
  readers(room: string, seq: number, cursor?: string): Promise<ResultOf<'messages.readers'>> {
    const page = cursor === undefined ? { room, seq } : { room, seq, cursor };
    return this.request('messages.readers', page, { repeat: true });
  }

  /** Takes messages out of what the user is shown, for good and on all devices; at most 100 at once. */
  async hide(room: string, seqs: readonly number[]): Promise<void> {
    await this.request('messages.hide', { room, seqs }, { repeat: true });
  }

  /** All that the user has hidden in a room, ascending. */
  async hidden(room: string): Promise<readonly number[]> {
    return (await this.request('messages.hidden', { room }, { repeat: true })).seqs;
  }

  /** Marks a room as unread, or takes the mark off. */
  async markUnread(room: string, unread: boolean): Promise<void> {
    await this.request('rooms.mark', { room, unread }, { repeat: true });
  }

  /** Raises the user's read position, here at once and on the server as soon as possible. */
  markRead(room: string, seq: number): void {
    this.#engine.directory.read({ room, seq });
    this.#engine.readMarks.raise(room, seq);
  }

  /** Makes a group room, or a channel, where only owner and admins post; `members` are user ids. */
  async createRoom(title: string, members: readonly string[] = [], kind: 'group' | 'channel' = 'group'): Promise<Room> {
    return this.#enter(await this.request('rooms.create', { title, members, kind }));
  }

  /** Opens the one room between the user and another. */
  async directRoom(user: string): Promise<Room> {
    return this.#enter(await this.request('rooms.direct', { user }, { repeat: true }));
  }

  /** Joins a group room. */
  async joinRoom(room: string): Promise<Room> {
    return this.#enter(await this.request('rooms.join', { room }, { repeat: true }));
  }

  /** Comes into a room by a link's token. */
  async joinByLink(token: string): Promise<Room> {
    return this.#enter(await this.request('rooms.link-join', { token }, { repeat: true }));
  }

  /** Leaves a group room. */
  async leaveRoom(room: string): Promise<void> {
    await this.request('rooms.leave', { room }, { repeat: true });
    this.#engine.left(room);
  }

  /** Makes another user a member of a group room. */
  async invite(room: string, user: string): Promise<void> {
    await this.request('rooms.invite', { room, user }, { repeat: true });
  }

  /** Everyone in a room, in the order of joining. */
  async members(room: string): Promise<readonly RoomMember[]> {
    const members: RoomMember[] = [];
    let cursor: string | undefined;
    do {
      const page = await this.request('rooms.members', cursor === undefined ? { room } : { room, cursor }, {
        repeat: true,
      });
      members.push(...page.members);
      cursor = page.cursor;
    } while (cursor !== undefined);
    return members;
  }

  /** The user of this name; rejects with `not_found`. */
  async findUser(username: string): Promise<User> {
    return (await this.request('users.find', { username }, { repeat: true })).user;
  }

  /** The users of these ids, at most 100; unknown ones are left out. */
  async getUsers(users: readonly string[]): Promise<readonly User[]> {
    return (await this.request('users.get', { users }, { repeat: true })).users;
  }

  /** The devices that the user is logged in on, the latest login first. */
  async devices(): Promise<readonly Device[]> {
    return (await this.request('devices.list', {}, { repeat: true })).devices;
  }

  /** Logs a device out; rejects with `not_found` where nobody is logged in on it. */
  async revokeDevice(device: string): Promise<void> {
    await this.request('devices.revoke', { device });
  }

  /** Any method of the wire. What the methods above keep current, such as `rooms`, this leaves to notifications. */
  request<M extends Method>(method: M, params: ParamsOf<M>, options: RequestOptions = {}): Promise<ResultOf<M>> {
    if (this.state.kind === 'idle' || this.state.kind === 'stopped') {
      return Promise.reject(new MailroomError('unavailable', 'the client is not connected'));
    }
    return this.#engine.requests.request(method, params, options);
  }

  #target(room: string, seq: number): { readonly room: string; readonly seq: number; readonly nonce: string } {
    return { room, seq, nonce: this.#engine.around.newNonce() };
  }

  #enter(entry: ResultOf<'rooms.join'>): Room {
    this.#engine.entered(entry);
    const room = this.#engine.directory.rooms.get(entry.room);
    if (room === undefined) throw new MailroomError('internal', 'a room that was entered is not in the directory');
    return room;
  }
}
