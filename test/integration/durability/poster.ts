/**
 * A client under load that notes what it was promised: every acknowledged post with its seq, and every message that
 * it was sent. It repeats what was not acknowledged, in order, as soon as it is connected again.
 */
import type { RpcReply } from '../../../src/protocol/envelope.ts';
import type { Fault } from '../../../src/protocol/faults.ts';
import { encodeBody } from '../../../src/protocol/frames/body.ts';
import { encodeRequest } from '../../../src/protocol/frames/rpc.ts';
import type { Gap, Message } from '../../../src/protocol/types.ts';
import { LeanSocket } from './lean-socket.ts';

/** What came of a post, or of a message on its way to the members. */
export interface Fact {
  readonly room: string;
  readonly seq: number;
  readonly nonce: string;
}

interface Unacknowledged {
  readonly nonce: string;
  onTheWire: boolean;
}

/** The posts of this client to one room. */
interface Lane {
  readonly room: string;
  readonly pending: Unacknowledged[];
  made: number;
  inFlight: number;
  /** A post was refused: what follows it waits until every answer is in, so that the order holds. */
  refused: boolean;
  last: { readonly nonce: string; readonly seq: number } | undefined;
}

interface Asked {
  readonly lane: Lane;
  readonly post: Unacknowledged | undefined;
}

export interface PosterOptions {
  readonly name: string;
  readonly token: string;
  readonly rooms: readonly string[];
  /** Posts to one room that are on the wire at once. */
  readonly window: number;
  readonly acknowledged: (fact: Fact) => void;
  /** A promise was broken. */
  readonly broken: (what: string) => void;
}

/** The body that belongs to a nonce, of 30 to 229 bytes. */
export function bodyOf(nonce: string): Uint8Array {
  const number = Number(nonce.slice(nonce.lastIndexOf('.') + 1));
  return encodeBody({ type: 'text', text: `${nonce} ${'x'.repeat((number * 37) % 200)}` });
}

export class Poster {
  readonly #options: PosterOptions;
  readonly #lanes: readonly Lane[];
  /** The newest seq that came, by room. */
  readonly #seen: Map<string, number>;
  /** Messages as they came live or by resuming. */
  readonly delivered: Fact[] = [];
  repeated = 0;
  refusals = 0;
  gaps = 0;
  #socket: LeanSocket | undefined;
  #greeted: ((greeted: boolean) => void) | undefined;
  #ids = 0;
  readonly #asked = new Map<number, Asked>();
  #stopped = false;

  constructor(options: PosterOptions) {
    this.#options = options;
    const lane = (room: string): Lane => ({ room, pending: [], made: 0, inFlight: 0, refused: false, last: undefined });
    this.#lanes = options.rooms.map(lane);
    this.#seen = new Map(options.rooms.map((room) => [room, 0]));
  }

  /** Comes back where it was, repeats, and goes on. Resolves once it is greeted; false if the engine went before. */
  async connect(url: string): Promise<boolean> {
    try {
      const socket = await LeanSocket.open(url, (reply) => this.#received(reply));
      this.#socket = socket;
      this.#asked.clear();
      const greeted = new Promise<boolean>((resolve) => {
        this.#greeted = resolve;
      });
      const resume = Object.fromEntries(this.#seen);
      socket.send([encodeRequest(this.#nextId(), 'hello', { token: this.#options.token, resume })]);
      return await Promise.race([greeted, socket.closed.then(() => false)]);
    } catch {
      return false;
    }
  }

  /** Resolves when the socket is gone. */
  async gone(): Promise<void> {
    await this.#socket?.closed;
  }

  /** Makes no new posts; what is pending goes on. */
  finish(): void {
    this.#stopped = true;
  }

  get identity(): { readonly token: string; readonly rooms: readonly string[] } {
    return this.#options;
  }

  get pending(): number {
    return this.#lanes.reduce((sum, lane) => sum + lane.pending.length, 0);
  }

  /** What the socket knew is gone with it. The last acknowledged post is repeated too: it must get the same answer. */
  #restart(lane: Lane, socket: LeanSocket): void {
    lane.inFlight = 0;
    lane.refused = false;
    for (const post of lane.pending) {
      if (post.onTheWire) this.repeated += 1;
      post.onTheWire = false;
    }
    if (lane.last === undefined) return;
    lane.inFlight += 1;
    socket.send([this.#encode(lane, lane.last.nonce, undefined)]);
  }

  #pump(): void {
    const socket = this.#socket;
    if (socket === undefined || !socket.isOpen) return;
    const frames: Uint8Array[] = [];
    for (const lane of this.#lanes) {
      if (lane.refused) continue;
      while (!this.#stopped && lane.pending.length < this.#options.window) {
        lane.made += 1;
        lane.pending.push({ nonce: `${this.#options.name}.${lane.made}`, onTheWire: false });
      }
      for (const post of lane.pending) {
        if (post.onTheWire) continue;
        post.onTheWire = true;
        lane.inFlight += 1;
        frames.push(this.#encode(lane, post.nonce, post));
      }
    }
    if (frames.length > 0) socket.send(frames);
  }

  #encode(lane: Lane, nonce: string, post: Unacknowledged | undefined): Uint8Array {
    const id = this.#nextId();
    this.#asked.set(id, { lane, post });
    return encodeRequest(id, 'messages.post', { room: lane.room, nonce, body: bodyOf(nonce) });
  }

  #received(reply: RpcReply): void {
    if (reply.type === 'notification') return this.#notified(reply.method, reply.params);
    if (this.#greeted !== undefined) return this.#answeredHello(reply.fault);
    const asked = this.#asked.get(reply.id);
    if (asked === undefined) return this.#options.broken(`an answer to ${reply.id}, which nobody asked`);
    this.#asked.delete(reply.id);
    const { lane, post } = asked;
    lane.inFlight -= 1;
    if (reply.fault !== null) this.#refused(lane, post, reply.fault);
    else if (post === undefined) this.#answeredAgain(lane, reply.result as { seq: number });
    else this.#acknowledged(lane, post, reply.result as { seq: number });
    if (lane.inFlight === 0) lane.refused = false;
    this.#pump();
  }

  /** The first answer on a socket is that to the hello. */
  #answeredHello(fault: Fault | null): void {
    const greeted = this.#greeted;
    this.#greeted = undefined;
    if (fault !== null) this.#options.broken(`${this.#options.name} was not greeted: ${fault.message}`);
    for (const lane of this.#lanes) this.#restart(lane, this.#socket as LeanSocket);
    this.#pump();
    greeted?.(true);
  }

  #nextId(): number {
    this.#ids += 1;
    return this.#ids;
  }

  #acknowledged(lane: Lane, post: Unacknowledged, { seq }: { seq: number }): void {
    const { nonce } = post;
    const first = lane.pending.shift();
    if (first !== post) this.#options.broken(`${nonce} was acknowledged before ${first?.nonce}`);
    if (lane.last !== undefined && seq <= lane.last.seq)
      this.#options.broken(`${nonce} at ${seq} after ${lane.last.seq}`);
    lane.last = { nonce, seq };
    this.#options.acknowledged({ room: lane.room, seq, nonce });
  }

  #answeredAgain(lane: Lane, { seq }: { seq: number }): void {
    // Its first answer came before the restart, so nothing can have changed it since.
    if (lane.last?.seq !== seq)
      this.#options.broken(`${lane.last?.nonce} was at ${lane.last?.seq}, repeated at ${seq}`);
  }

  #refused(lane: Lane, post: Unacknowledged | undefined, fault: Fault): void {
    if (fault.code !== 'unavailable' && fault.code !== 'overloaded') {
      this.#options.broken(`${post?.nonce} was refused: ${fault.code}: ${fault.message}`);
    }
    this.refusals += 1;
    lane.refused = true;
    if (post !== undefined) post.onTheWire = false;
  }

  #notified(method: string, params: unknown): void {
    if (method === 'message') {
      const { room, seq, nonce } = params as Message;
      const last = this.#seen.get(room) ?? 0;
      if (seq !== last + 1) this.#options.broken(`${this.#options.name} got ${room} ${seq} after ${last}`);
      this.#seen.set(room, seq);
      this.delivered.push({ room, seq, nonce });
    } else if (method === 'gap') {
      const { room, from, to } = params as Gap;
      const last = this.#seen.get(room) ?? 0;
      if (from !== last + 1) this.#options.broken(`a gap of ${room} from ${from} after ${last}`);
      this.#seen.set(room, to);
      this.gaps += 1;
    }
  }
}
