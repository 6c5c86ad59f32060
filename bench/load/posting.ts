/**
 * Posting load: rooms with members, and in each room a fixed number of posts under way. A post is done when every member
 * has it (and, where the server acknowledges, when its sender knows); then the next one goes out.
 */

import { giveResult, takePlan } from '../lib/load.ts';
import { cpuSeconds, cpuSecondsSince } from '../lib/process.ts';
import type { Target } from '../lib/servers.ts';
import { Histogram } from '../lib/stats.ts';
import type { SeededRoom } from '../lib/world.ts';
import { type Dialect, dialectOf, HELLO_ID, type Heard } from './dialect.ts';
import { RoomTally } from './room-tally.ts';
import { LoadSocket } from './socket.ts';

export interface PostingPlan {
  readonly target: Target;
  readonly port: number;
  readonly serverPid: number;
  readonly rooms: readonly SeededRoom[];
  readonly payloadBytes: number;
  /** One after the other. */
  readonly phases: readonly { readonly outstanding: number }[];
  readonly warmSeconds: number;
  readonly seconds: number;
}

export interface PhaseResult {
  readonly posts: number;
  readonly deliveries: number;
  /** Reads that brought deliveries: how well the server packs. */
  readonly reads: number;
  readonly serverCpuSeconds: number;
  readonly seconds: number;
  readonly ackP50Micros: number;
  readonly ackP99Micros: number;
  readonly deliverP50Micros: number;
  readonly deliverP99Micros: number;
}

export interface PostingResult {
  readonly phases: readonly PhaseResult[];
  readonly lost: number;
  readonly duplicated: number;
  readonly reordered: number;
}

interface Room {
  readonly id: string;
  readonly tally: RoomTally;
  readonly sockets: LoadSocket[];
  posted: number;
  outstanding: number;
}

interface Post {
  readonly room: Room;
  readonly atMs: number;
  acknowledged: boolean;
  everywhere: boolean;
}

const CONNECTING_AT_ONCE = 50;
const DRAIN_MS = 10_000;

class PostingLoad {
  readonly #plan: PostingPlan;
  readonly #dialect: Dialect;
  readonly #rooms: Room[];
  readonly #placeOf: { readonly room: Room; readonly member: number }[] = [];
  readonly #posts = new Map<number, Post>();
  readonly #ready: (() => void)[] = [];
  #nextId = HELLO_ID + 1;
  #wanted = 0;
  #due: Room[] = [];
  #lastChunk: Uint8Array = new Uint8Array(0);
  #lastHeard: Heard = { posts: [], seqs: [], acks: [] };
  #ackTimes = new Histogram();
  #deliverTimes = new Histogram();
  #deliveries = 0;
  #reads = 0;
  #done = 0;

  constructor(plan: PostingPlan) {
    this.#plan = plan;
    this.#dialect = dialectOf(plan.target, plan.payloadBytes);
    this.#rooms = plan.rooms.map(({ id, tokens }) => ({
      id,
      tally: new RoomTally(tokens.length),
      sockets: [],
      posted: 0,
      outstanding: 0,
    }));
  }

  async run(): Promise<PostingResult> {
    await this.#connectAll();
    const phases: PhaseResult[] = [];
    for (const { outstanding } of this.#plan.phases) phases.push(await this.#phase(outstanding));
    const sum = (of: (room: Room) => number): number => this.#rooms.reduce((total, room) => total + of(room), 0);
    return {
      phases,
      lost: sum(({ tally, posted }) => tally.lost(posted)),
      duplicated: sum(({ tally }) => tally.duplicated),
      reordered: sum(({ tally }) => tally.reordered),
    };
  }

  // ── entering ─────────────────────────────────────────────────────────────────────────────────────────────────────

  async #connectAll(): Promise<void> {
    const guests = this.#plan.rooms.flatMap(({ tokens }, room) =>
      tokens.map((token, member) => ({ room, member, token })),
    );
    for (const { room, member } of guests) this.#placeOf.push({ room: this.#rooms[room] as Room, member });
    let next = 0;
    const connectNext = async (): Promise<void> => {
      for (let index = next++; index < guests.length; index = next++) {
        const { room, member, token } = guests[index] as (typeof guests)[number];
        await this.#connect(this.#rooms[room] as Room, index, member, token);
      }
    };
    await Promise.all(Array.from({ length: CONNECTING_AT_ONCE }, connectNext));
  }

  async #connect(room: Room, index: number, member: number, token: string): Promise<void> {
    const socket = await LoadSocket.connect(index, this.#plan.port, this.#dialect.path(room.id), {
      received: (from, chunk, messages) => this.#received(from, chunk, messages),
      ended: (_, why) => fail(`socket ${index} ended: ${why}`),
    });
    room.sockets[member] = socket;
    const hello = this.#dialect.hello(token);
    if (hello === undefined) return;
    await new Promise<void>((resolve) => {
      this.#ready[index] = resolve;
      socket.send(hello);
    });
  }

  // ── posting ──────────────────────────────────────────────────────────────────────────────────────────────────────

  async #phase(outstanding: number): Promise<PhaseResult> {
    const { warmSeconds, seconds, serverPid } = this.#plan;
    this.#wanted = outstanding;
    for (const room of this.#rooms) this.#fill(room);
    await Bun.sleep(warmSeconds * 1000);
    this.#ackTimes = new Histogram();
    this.#deliverTimes = new Histogram();
    const before = {
      cpu: cpuSeconds(serverPid),
      atMs: performance.now(),
      deliveries: this.#deliveries,
      reads: this.#reads,
      done: this.#done,
    };
    await Bun.sleep(seconds * 1000);
    const result = {
      posts: this.#done - before.done,
      deliveries: this.#deliveries - before.deliveries,
      reads: this.#reads - before.reads,
      serverCpuSeconds: cpuSecondsSince(serverPid, before.cpu),
      seconds: (performance.now() - before.atMs) / 1000,
      ackP50Micros: this.#ackTimes.percentile(0.5),
      ackP99Micros: this.#ackTimes.percentile(0.99),
      deliverP50Micros: this.#deliverTimes.percentile(0.5),
      deliverP99Micros: this.#deliverTimes.percentile(0.99),
    };
    this.#wanted = 0;
    const endMs = performance.now() + DRAIN_MS;
    while (this.#posts.size > 0 && performance.now() < endMs) await Bun.sleep(5);
    return result;
  }

  /** Senders take turns, so that posts under way come from as many sockets as there are. */
  #fill(room: Room): void {
    while (room.outstanding < this.#wanted) {
      const id = this.#nextId++;
      const sender = room.sockets[room.posted % room.sockets.length] as LoadSocket;
      room.outstanding += 1;
      room.posted += 1;
      const post = { room, atMs: performance.now(), acknowledged: !this.#dialect.acknowledges, everywhere: false };
      this.#posts.set(id, post);
      sender.send(this.#dialect.post(id, room.id));
    }
  }

  /** Posts that become due in one turn of the loop go out together, as those of independent senders would under load. */
  #whenDue(room: Room): void {
    this.#due.push(room);
    if (this.#due.length > 1) return;
    setImmediate(() => {
      const due = this.#due;
      this.#due = [];
      for (const each of due) this.#fill(each);
    });
  }

  // ── hearing ──────────────────────────────────────────────────────────────────────────────────────────────────────

  #received(socket: LoadSocket, chunk: Uint8Array, messages: () => readonly Uint8Array[]): void {
    const heard = this.#hear(chunk, messages);
    const nowMs = performance.now();
    for (const id of heard.acks) this.#acknowledged(socket, id, nowMs);
    const { room, member } = this.#placeOf[socket.index] as { room: Room; member: number };
    const { posts, seqs } = heard;
    this.#deliveries += posts.length;
    if (posts.length > 0) this.#reads += 1;
    for (let index = 0; index < posts.length; index++) {
      const id = posts[index] as number;
      const post = this.#posts.get(id);
      if (post !== undefined) this.#deliverTimes.record((nowMs - post.atMs) * 1000);
      if (!room.tally.got(member, id, seqs[index] ?? 0) || post === undefined) continue;
      post.everywhere = true;
      if (post.acknowledged) this.#finish(id, post);
    }
  }

  /** All sockets of a room get the same bytes: what is equal to the last chunk is not read again. */
  #hear(chunk: Uint8Array, messages: () => readonly Uint8Array[]): Heard {
    if (chunk.length === this.#lastChunk.length && Buffer.compare(chunk, this.#lastChunk) === 0) return this.#lastHeard;
    const heard = this.#dialect.hear(messages());
    this.#lastChunk = chunk.slice();
    this.#lastHeard = heard;
    return heard;
  }

  #acknowledged(socket: LoadSocket, id: number, nowMs: number): void {
    if (id === HELLO_ID) {
      this.#ready[socket.index]?.();
      return;
    }
    const post = this.#posts.get(id);
    if (post === undefined || post.acknowledged) fail(`the post ${id} was acknowledged twice`);
    this.#ackTimes.record((nowMs - post.atMs) * 1000);
    post.acknowledged = true;
    if (post.everywhere) this.#finish(id, post);
  }

  #finish(id: number, { room }: Post): void {
    this.#posts.delete(id);
    this.#done += 1;
    room.outstanding -= 1;
    if (room.outstanding < this.#wanted) this.#whenDue(room);
  }
}

function fail(why: string): never {
  process.stderr.write(`the load failed: ${why}\n`);
  process.exit(1);
}

giveResult(await new PostingLoad(await takePlan<PostingPlan>()).run());
