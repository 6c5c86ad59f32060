/** A simulated client: keeps a socket, posts until it is answered, resumes, fills gaps, and checks all that it sees. */
import { decodeReplies, type RpcNotification, type RpcResponse } from '../../../src/protocol/envelope.ts';
import { encodeRequest } from '../../../src/protocol/frames/rpc.ts';
import type { Gap, HelloResult, Message, Method, ParamsOf, ResultOf, RoomChange } from '../../../src/protocol/types.ts';
import type { SeededRandom } from '../../../src/testkit/simulation/random.ts';
import type { Schedule } from '../../../src/testkit/simulation/schedule.ts';
import type { Logins } from './logins.ts';
import { type Oracle, Violation } from './oracle.ts';
import { Outbox } from './outbox.ts';
import type { Connection, ConnectionEvents } from './sockets.ts';
import { SenderCheck, StreamCheck } from './stream-check.ts';

export interface ClientWorld {
  readonly schedule: Schedule;
  readonly oracle: Oracle;
  /** A new connection to some thread; undefined while nobody listens. */
  connect(name: string, events: ConnectionEvents): Connection | undefined;
  readonly logins: Pick<Logins, 'tokenOf' | 'closed'>;
}

interface Request {
  readonly method: Method;
  readonly answered: (response: RpcResponse) => void;
}

/** What a client knows of a room. It survives its sockets. */
export interface KnownRoom {
  member: boolean;
  log: string;
  /** Every seq up to this one was seen. */
  position: number;
  /** The newest seq that it has heard of. */
  head: number;
  readonly ahead: Set<number>;
  fetching: boolean;
}

const PING_MS = 20_000;
/** A request on a living socket is answered within its deadlines, and the longest stall on top. */
const ANSWER_MS = 40_000;
const HISTORY_LIMIT = 10;

export class SimulatedClient {
  readonly name: string;
  readonly user: string;
  readonly rooms = new Map<string, KnownRoom>();
  readonly outbox: Outbox;
  connection: Connection | undefined;
  /** Whether the greeting of the current socket was answered. */
  ready = false;
  readonly #world: ClientWorld;
  readonly #random: SeededRandom;
  /** What the current socket stands on. */
  token = '';
  #sockets = 0;
  #nextId = 1;
  #requests = new Map<number, Request>();
  #stream = new StreamCheck('');
  senders = new SenderCheck('');

  constructor(name: string, user: string, world: ClientWorld, random: SeededRandom) {
    this.name = name;
    this.user = user;
    this.#world = world;
    this.#random = random;
    this.outbox = new Outbox(this, world, random);
  }

  // ── the socket ───────────────────────────────────────────────────────────────────────────────────────────────────

  connect(): void {
    if (this.connection !== undefined) return;
    this.#sockets += 1;
    const name = `${this.name}.${this.#sockets}`;
    const current = (): boolean => this.connection === connection;
    const connection = this.#world.connect(name, {
      opened: () => current() && this.#hello(),
      received: (bytes) => current() && this.#received(bytes),
      closed: (code) => {
        if (!current()) return;
        this.#world.logins.closed(this.user, this.token, code);
        this.#lost();
      },
    });
    if (connection === undefined) return this.#later(this.#random.between(20, 300), () => this.connect());
    this.connection = connection;
    this.token = this.#world.logins.tokenOf(this.user);
    this.#stream = new StreamCheck(name);
    this.senders = new SenderCheck(name);
    this.#later(30_000, () => {
      if (current() && !this.ready) this.drop();
    });
  }

  /** Goes without a word and comes back later. */
  drop(): void {
    this.connection?.drop();
    if (this.connection !== undefined) this.#lost();
  }

  #lost(): void {
    this.connection = undefined;
    this.ready = false;
    this.#requests = new Map();
    for (const room of this.rooms.values()) room.fetching = false;
    this.outbox.interrupted();
    this.#later(this.#random.between(1, 400), () => this.connect());
  }

  // ── requests ─────────────────────────────────────────────────────────────────────────────────────────────────────

  request<M extends Method>(method: M, params: ParamsOf<M>, answered: (response: RpcResponse) => void): void {
    const { connection } = this;
    if (connection === undefined) return;
    const id = this.#nextId++;
    this.#requests.set(id, { method, answered });
    connection.send(encodeRequest(id, method, params));
    this.#later(ANSWER_MS, () => {
      if (this.connection !== connection || !this.#requests.has(id)) return;
      throw new Violation('SIM6', `${connection.name} waits in vain for the answer to ${method}`);
    });
  }

  join(room: string): void {
    if (!this.ready) return;
    const { oracle } = this.#world;
    oracle.mayEnter(this.user, room);
    this.request('rooms.join', { room }, (response) => {
      oracle.entryAnswered(this.user, room);
      this.#entered(response);
    });
  }

  leave(room: string): void {
    if (!this.ready) return;
    const { oracle } = this.#world;
    const entries = oracle.entriesOf(this.user, room);
    this.request('rooms.leave', { room }, ({ fault, result }) => {
      if (fault === null) oracle.left(this.user, room, (result as ResultOf<'rooms.leave'>).seq, entries);
    });
  }

  create(members: readonly string[]): void {
    if (!this.ready) return;
    this.request('rooms.create', { title: 'made here', members: [...members] }, (response) => this.#entered(response));
  }

  direct(user: string): void {
    if (this.ready) this.request('rooms.direct', { user }, (response) => this.#entered(response));
  }

  read(room: string): void {
    const seq = this.rooms.get(room)?.position ?? 0;
    if (this.ready) this.request('messages.read', { room, seq }, () => undefined);
  }

  /** Whether nothing is missing of what the client should know. */
  settled(): boolean {
    if (!this.ready || this.outbox.size > 0) return false;
    return [...this.rooms.values()].every((room) => !room.member || room.position >= room.head);
  }

  #hello(): void {
    const resume: Record<string, [number, number, string]> = {};
    for (const [room, { member, position, log }] of this.rooms) if (member) resume[room] = [position, 0, log];
    this.request('hello', { token: this.token, resume }, ({ fault, result }) => {
      if (fault !== null) return this.drop();
      this.#greeted(result as unknown as HelloResult);
    });
  }

  #greeted({ rooms }: HelloResult): void {
    this.ready = true;
    const listed = new Set(rooms.map(({ id }) => id));
    for (const [room, known] of this.rooms) if (!listed.has(room)) known.member = false;
    for (const { id, seq, log } of rooms) {
      const before = this.rooms.get(id);
      const resumed = before?.member === true && before.log === log;
      this.#stream.begins(id, resumed ? Math.min(before.position, seq) : seq);
      this.#know(id, log, seq, !resumed);
    }
    this.outbox.flush();
    this.#ping();
  }

  #ping(): void {
    const { connection } = this;
    this.#later(PING_MS, () => {
      if (this.connection !== connection || !this.ready) return;
      this.request('ping', {}, ({ fault }) => {
        if (fault !== null) this.drop();
      });
      this.#ping();
    });
  }

  #entered({ fault, result }: RpcResponse): void {
    if (fault !== null) return;
    const { room, seq, log } = result as unknown as ResultOf<'rooms.join'>;
    this.#stream.begins(room, seq);
    this.#know(room, log, seq, true);
  }

  // ── what comes ───────────────────────────────────────────────────────────────────────────────────────────────────

  #received(bytes: Uint8Array): void {
    const { connection } = this;
    for (const reply of decodeReplies(bytes)) {
      if (this.connection !== connection) return;
      if (reply.type === 'response') this.#responded(reply);
      else this.#notified(reply);
    }
  }

  #responded(response: RpcResponse): void {
    const request = this.#requests.get(response.id);
    if (request === undefined) throw new Violation('SIM6', `${this.name} gets an answer to nothing: ${response.id}`);
    this.#requests.delete(response.id);
    // The session was lost below its socket: only a new one helps.
    if (response.fault?.code === 'unauthenticated') return this.drop();
    request.answered(response);
  }

  #notified({ method, params }: RpcNotification): void {
    if (method === 'message') this.#message(params as unknown as Message);
    else if (method === 'gap') this.#gap(params as unknown as Gap);
    else if (method === 'room') this.#roomChanged(params as unknown as RoomChange);
  }

  #message(message: Message): void {
    const { room, seq } = message;
    this.#stream.message(room, seq);
    this.#world.oracle.pushed(this.user, room, seq);
    this.#saw(message);
    this.#heard(room, seq, false);
  }

  #gap({ room, from, to }: Gap): void {
    this.#stream.gap(room, from, to);
    this.#heard(room, to, true);
  }

  #roomChanged(change: RoomChange): void {
    const { room, event, user, seq, log } = change;
    if (user !== this.user) return;
    if (event === 'left') {
      this.#stream.ends(room);
      const known = this.rooms.get(room);
      if (known !== undefined) known.member = false;
    } else if (event === 'joined' && seq !== undefined && log !== undefined) {
      this.#stream.begins(room, seq);
      this.#know(room, log, seq, true);
    }
  }

  // ── what is known ────────────────────────────────────────────────────────────────────────────────────────────────

  #know(room: string, log: string, head: number, fetch: boolean): void {
    const known = this.rooms.get(room);
    if (known === undefined) {
      this.rooms.set(room, { member: true, log, position: 0, head, ahead: new Set(), fetching: false });
    } else {
      known.member = true;
      known.log = log;
    }
    this.#heard(room, head, fetch);
    this.outbox.flush();
  }

  #saw(message: Message): void {
    this.#world.oracle.seen(this.name, message);
    const known = this.rooms.get(message.room);
    if (known === undefined) return;
    known.ahead.add(message.seq);
    while (known.ahead.delete(known.position + 1)) known.position += 1;
  }

  /** `fetch`: what is missing will not be pushed. */
  #heard(room: string, seq: number, fetch: boolean): void {
    const known = this.rooms.get(room);
    if (known === undefined) return;
    known.head = Math.max(known.head, seq);
    if (fetch || known.ahead.size > 0) this.#fetch(room, known);
  }

  #fetch(room: string, known: KnownRoom): void {
    if (known.fetching || !known.member || known.position >= known.head || !this.ready) return;
    known.fetching = true;
    const params = { room, after: known.position, limit: HISTORY_LIMIT };
    this.request('messages.history', params, ({ fault, result }) => {
      known.fetching = false;
      if (fault === null) {
        for (const message of (result as unknown as ResultOf<'messages.history'>).messages) this.#saw(message);
        this.#fetch(room, known);
      } else if (fault.retryAfter !== undefined || fault.code === 'internal') {
        this.#later(fault.retryAfter ?? 200, () => this.#fetch(room, known));
      }
    });
  }

  #later(delayMs: number, run: () => void): void {
    this.#world.schedule.after(delayMs, run);
  }
}
