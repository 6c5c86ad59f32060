import { decodeCalls } from '../../protocol/envelope.ts';
import type { Fault } from '../../protocol/faults.ts';
import { encodeMessage } from '../../protocol/frames/message.ts';
import { concat, encodeFault, encodeNotification, encodeResult } from '../../protocol/frames/rpc.ts';
import type { Message, Method, ParamsOf, ResultOf, RoomSummary } from '../wire.ts';
import type { Acceptor, ServerSocket } from './fake-network.ts';

interface FakeRoom {
  readonly id: string;
  log: string;
  messages: Message[];
  readonly members: Set<string>;
  readonly read: Map<string, number>;
}

interface Session {
  readonly socket: ServerSocket;
  user: string | undefined;
}

/** What a test makes of a request: `pass` treats it as a server does; a fault is answered in its place. */
export interface Meddler {
  /** Before a request is looked at. */
  before?(method: Method, session: { readonly user: string | undefined }): Fault | undefined;
  /** After a post was stored: a fault hides that. */
  afterPost?(): Fault | undefined;
  /** How often a live message reaches a socket: once, never (lost) or twice. */
  copies?(): number;
  /** What a resumed room gets: its messages, a `gap` in their place, or wrongly neither. */
  onResume?(): 'push' | 'gap' | 'nothing';
}

/** A server of the wire in memory, as simple as can be: what it holds is what clients must come to see. A token is its user's id. */
export class FakeServer implements Acceptor {
  readonly rooms = new Map<string, FakeRoom>();
  readonly sessions = new Set<Session>();
  meddler: Meddler = {};
  heartbeatMs = 30_000;
  /** Rooms on a page of the list. */
  pageSize = 100;
  /** Every request in the order of arrival, for tests that look at the wire. */
  readonly seen: { readonly method: Method; readonly params: object; readonly batch: number }[] = [];
  batches = 0;
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  room(id: string, ...members: string[]): FakeRoom {
    const room = { id, log: 'log-1', messages: [], members: new Set(members), read: new Map() };
    this.rooms.set(id, room);
    return room;
  }

  /** Stores a message and fans it out; the same nonce gives the same message. */
  store(id: string, from: string, nonce: string, body: Uint8Array): Message {
    const room = this.#room(id);
    const earlier = room.messages.find((message) => message.from === from && message.nonce === nonce);
    if (earlier !== undefined) return earlier;
    const message = { room: id, seq: room.messages.length + 1, from, at: this.#now(), nonce, body };
    room.messages.push(message);
    const frame = encodeMessage(message);
    for (const session of this.sessions) {
      if (session.user === undefined || !room.members.has(session.user)) continue;
      const copies = this.meddler.copies?.() ?? 1;
      for (let copy = 0; copy < copies; copy++) session.socket.send(frame);
    }
    return message;
  }

  accepted(socket: ServerSocket) {
    const session: Session = { socket, user: undefined };
    this.sessions.add(session);
    return {
      received: (bytes: Uint8Array) => {
        this.batches++;
        const frames: Uint8Array[] = [];
        for (const call of decodeCalls(bytes)) {
          if (call.type !== 'request') continue;
          this.seen.push({ method: call.method as Method, params: call.params, batch: this.batches });
          frames.push(...this.#handle(session, call.id, call.method as Method, call.params));
        }
        if (frames.length > 0 && socket.isOpen()) socket.send(concat(frames));
      },
      closed: () => this.sessions.delete(session),
    };
  }

  #handle(session: Session, id: number, method: Method, params: object): Uint8Array[] {
    const refused = this.meddler.before?.(method, session);
    if (refused !== undefined) return [encodeFault(id, refused)];
    switch (method) {
      case 'hello':
        return this.#hello(session, id, params as ParamsOf<'hello'>);
      case 'ping':
        return [encodeResult<'ping'>(id, {})];
      case 'messages.post':
        return this.#post(session, id, params as ParamsOf<'messages.post'>);
      case 'messages.history':
        return [encodeResult<'messages.history'>(id, this.#history(params as ParamsOf<'messages.history'>))];
      case 'messages.read': {
        const { room, seq } = params as ParamsOf<'messages.read'>;
        this.#room(room).read.set(session.user ?? '', seq);
        return [encodeResult<'messages.read'>(id, {})];
      }
      case 'rooms.list': {
        const start = Number((params as ParamsOf<'rooms.list'>).cursor ?? 0);
        return [encodeResult<'rooms.list'>(id, this.#list(session.user ?? '', start))];
      }
      case 'rooms.leave': {
        const { room } = params as ParamsOf<'rooms.leave'>;
        this.#room(room).members.delete(session.user ?? '');
        return [encodeResult<'rooms.leave'>(id, { room, seq: this.#room(room).messages.length })];
      }
      default:
        return [encodeFault(id, { code: 'unsupported', message: method })];
    }
  }

  #hello(session: Session, id: number, params: ParamsOf<'hello'>): Uint8Array[] {
    if (params.token === 'bad') return [encodeFault(id, { code: 'unauthenticated', message: 'no such token' })];
    session.user = params.token;
    const result: ResultOf<'hello'> = {
      session: 'session',
      user: { id: params.token, username: params.token },
      heartbeatMs: this.heartbeatMs,
      ...this.#list(params.token, 0),
    };
    const frames = [encodeResult<'hello'>(id, result)];
    for (const [name, position] of Object.entries(params.resume ?? {})) {
      const room = this.rooms.get(name);
      const [seq, , log] = typeof position === 'number' ? [position] : position;
      if (room === undefined || !room.members.has(params.token) || (log !== undefined && log !== room.log)) continue;
      const missed = room.messages.slice(seq);
      const way = missed.length === 0 ? 'nothing' : (this.meddler.onResume?.() ?? 'push');
      if (way === 'push') frames.push(...missed.map(encodeMessage));
      if (way === 'gap') {
        frames.push(
          encodeNotification('gap', { room: name, stream: 'messages', from: seq + 1, to: room.messages.length }),
        );
      }
    }
    return frames;
  }

  #post(session: Session, id: number, params: ParamsOf<'messages.post'>): Uint8Array[] {
    const { seq, at } = this.store(params.room, session.user ?? '', params.nonce, params.body.slice());
    const hidden = this.meddler.afterPost?.();
    return [hidden === undefined ? encodeResult<'messages.post'>(id, { seq, at }) : encodeFault(id, hidden)];
  }

  #history({ room: id, before, after, limit = 50 }: ParamsOf<'messages.history'>): ResultOf<'messages.history'> {
    const all = this.#room(id).messages;
    if (after !== undefined) {
      return { messages: all.slice(after, after + limit), more: all.length > after + limit, change: 0 };
    }
    const end = before === undefined ? all.length : Math.min(before - 1, all.length);
    return { messages: all.slice(Math.max(0, end - limit), end), more: end > limit, change: 0 };
  }

  #list(user: string, start: number): ResultOf<'rooms.list'> {
    const mine = [...this.rooms.values()].filter((room) => room.members.has(user));
    const rooms = mine.slice(start, start + this.pageSize).map((room) => this.#summary(room, user));
    const next = start + this.pageSize;
    return next < mine.length ? { rooms, cursor: String(next) } : { rooms };
  }

  #summary(room: FakeRoom, user: string): RoomSummary {
    const { id, log, messages, read } = room;
    const seq = messages.length;
    return { id, kind: 'group', title: id, seq, change: 0, log, read: read.get(user) ?? 0, role: 'member' };
  }

  #room(id: string): FakeRoom {
    const room = this.rooms.get(id);
    if (room === undefined) throw new Error(`no room ${id}`);
    return room;
  }
}
