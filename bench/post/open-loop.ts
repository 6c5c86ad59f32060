/**
 * Posts at a fixed rate, whatever becomes of them: a post's time counts from when it was due, so that waiting behind a slow one
 * is part of it (no coordinated omission). Every post that is answered must reach every member of its room, once and in order.
 */
import { giveResult, takePlan } from '../lib/load.ts';
import { Histogram } from '../lib/stats.ts';
import type { SeededRoom } from '../lib/world.ts';
import { type Dialect, dialectOf, HELLO_ID } from '../load/dialect.ts';
import { RoomTally } from '../load/room-tally.ts';
import { LoadSocket } from '../load/socket.ts';

export interface OpenLoopPlan {
  readonly port: number;
  readonly rooms: readonly SeededRoom[];
  readonly payloadBytes: number;
  /** Posts a second, one rate after the other. */
  readonly rates: readonly number[];
  readonly warmSeconds: number;
  readonly seconds: number;
}

export interface RateResult {
  readonly rate: number;
  /** Answers a second, while posts were due. */
  readonly answered: number;
  readonly ackP50Ms: number;
  readonly ackP99Ms: number;
}

export interface OpenLoopResult {
  readonly rates: readonly RateResult[];
  /** Posts without an answer when the wait for them ended: more was asked than could be done. */
  readonly unanswered: number;
  /** Deliveries of answered posts that never came. */
  readonly lost: number;
  readonly duplicated: number;
  readonly reordered: number;
}

interface Place {
  readonly id: string;
  readonly tally: RoomTally;
  readonly sockets: LoadSocket[];
  posted: number;
  answered: number;
}

const CONNECTING_AT_ONCE = 50;
const TICK_MS = 2;
const DRAIN_MS = 20_000;

class OpenLoop {
  readonly #plan: OpenLoopPlan;
  readonly #dialect: Dialect;
  readonly #rooms: readonly Place[];
  readonly #placeOf: { readonly room: Place; readonly member: number }[] = [];
  readonly #ready: (() => void)[] = [];
  /** When each post that is not answered was due, by its id. */
  readonly #due = new Map<number, number>();
  #times = new Histogram();
  #answers = 0;
  #lastId = HELLO_ID;

  constructor(plan: OpenLoopPlan) {
    this.#plan = plan;
    this.#dialect = dialectOf('mailroom', plan.payloadBytes);
    this.#rooms = plan.rooms.map(({ id, tokens }) => ({
      id,
      tally: new RoomTally(tokens.length),
      sockets: [],
      posted: 0,
      answered: 0,
    }));
  }

  async run(): Promise<OpenLoopResult> {
    await this.#connectAll();
    const rates: RateResult[] = [];
    for (const rate of this.#plan.rates) rates.push(await this.#at(rate));
    const sum = (of: (room: Place) => number): number => this.#rooms.reduce((total, room) => total + of(room), 0);
    return {
      rates,
      unanswered: this.#due.size,
      lost: this.#lost(),
      duplicated: sum(({ tally }) => tally.duplicated),
      reordered: sum(({ tally }) => tally.reordered),
    };
  }

  #lost(): number {
    return this.#rooms.reduce((total, { tally, answered }) => total + tally.lost(answered), 0);
  }

  async #at(rate: number): Promise<RateResult> {
    await this.#post(rate, this.#plan.warmSeconds);
    this.#times = new Histogram();
    const before = this.#answers;
    await this.#post(rate, this.#plan.seconds);
    const answered = (this.#answers - before) / this.#plan.seconds;
    const endMs = performance.now() + DRAIN_MS;
    while ((this.#due.size > 0 || this.#lost() > 0) && performance.now() < endMs) await Bun.sleep(5);
    const times = this.#times;
    return { rate, answered, ackP50Ms: times.percentile(0.5) / 1000, ackP99Ms: times.percentile(0.99) / 1000 };
  }

  /** What has become due since the last tick goes out at each tick, each with the time at which it was due. */
  async #post(rate: number, seconds: number): Promise<void> {
    const startMs = performance.now();
    const total = Math.round(rate * seconds);
    for (let sent = 0; sent < total; ) {
      const dueCount = Math.min(total, Math.floor(((performance.now() - startMs) * rate) / 1000));
      for (; sent < dueCount; sent += 1) this.#send(startMs + (sent * 1000) / rate);
      await Bun.sleep(TICK_MS);
    }
  }

  #send(dueMs: number): void {
    this.#lastId += 1;
    const room = this.#rooms[this.#lastId % this.#rooms.length] as Place;
    const sender = room.sockets[room.posted % room.sockets.length] as LoadSocket;
    room.posted += 1;
    this.#due.set(this.#lastId, dueMs);
    sender.send(this.#dialect.post(this.#lastId, room.id));
  }

  async #connectAll(): Promise<void> {
    const guests = this.#plan.rooms.flatMap(({ tokens }, room) =>
      tokens.map((token, member) => ({ room, member, token })),
    );
    for (const { room, member } of guests) this.#placeOf.push({ room: this.#rooms[room] as Place, member });
    let next = 0;
    const connectNext = async (): Promise<void> => {
      for (let index = next++; index < guests.length; index = next++) {
        const { room, member, token } = guests[index] as (typeof guests)[number];
        await this.#connect(this.#rooms[room] as Place, index, member, token);
      }
    };
    await Promise.all(Array.from({ length: CONNECTING_AT_ONCE }, connectNext));
  }

  async #connect(room: Place, index: number, member: number, token: string): Promise<void> {
    const socket = await LoadSocket.connect(index, this.#plan.port, this.#dialect.path(room.id), {
      received: (from, _chunk, messages) => this.#received(from, messages()),
      ended: (_, why) => fail(`socket ${index} ended: ${why}`),
    });
    room.sockets[member] = socket;
    await new Promise<void>((resolve) => {
      this.#ready[index] = resolve;
      socket.send(this.#dialect.hello(token) as Uint8Array);
    });
  }

  #received(socket: LoadSocket, messages: readonly Uint8Array[]): void {
    const { posts, seqs, acks } = this.#dialect.hear(messages);
    const nowMs = performance.now();
    for (const id of acks) this.#answered(socket, id, nowMs);
    const { room, member } = this.#placeOf[socket.index] as { room: Place; member: number };
    for (const [index, id] of posts.entries()) room.tally.got(member, id, seqs[index] ?? 0);
  }

  #answered(socket: LoadSocket, id: number, nowMs: number): void {
    if (id === HELLO_ID) {
      this.#ready[socket.index]?.();
      return;
    }
    const dueMs = this.#due.get(id);
    if (dueMs === undefined) fail(`the post ${id} was answered twice`);
    this.#due.delete(id);
    this.#answers += 1;
    (this.#rooms[id % this.#rooms.length] as Place).answered += 1;
    this.#times.record((nowMs - dueMs) * 1000);
  }
}

function fail(why: string): never {
  process.stderr.write(`the load failed: ${why}\n`);
  process.exit(1);
}

giveResult(await new OpenLoop(await takePlan<OpenLoopPlan>()).run());
