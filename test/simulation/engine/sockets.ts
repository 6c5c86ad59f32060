/** Simulated sockets: the gate of one simulated thread, and the connections between it and the clients. */

import { sessionKind } from '../../../src/actors/session/messages.ts';
import type { Backlog, SocketId, Sockets } from '../../../src/actors/sockets.ts';
import { CLOSE } from '../../../src/protocol/close-codes.ts';
import { pinnedId } from '../../../src/runtime/placement.ts';
import type { Shard } from '../../../src/runtime/shard.ts';
import type { SeededRandom } from '../../../src/testkit/simulation/random.ts';
import type { Schedule } from '../../../src/testkit/simulation/schedule.ts';
import type { SimulatedThread } from '../../../src/testkit/simulation/thread.ts';
import type { Trace } from '../../../src/testkit/simulation/trace.ts';

/** What a socket may have unread before the gate closes it. */
const MAX_UNREAD_BYTES = 24 * 1024;

export interface ConnectionEvents {
  opened(): void;
  received(bytes: Uint8Array): void;
  closed(code: number): void;
}

export interface Surroundings {
  readonly schedule: Schedule;
  readonly random: SeededRandom;
  readonly trace: Trace;
}

/** One direction of a connection: in order, late by chance, and cut off when the connection is lost. */
class Pipe {
  open = true;
  /** Nothing arrives before this time: the receiver does not read. */
  stalledUntilMs = 0;
  unreadBytes = 0;
  readonly #around: Surroundings;
  readonly #queue: { readonly bytes: number; readonly arrive: () => void }[] = [];
  #lastMs = 0;

  constructor(around: Surroundings) {
    this.#around = around;
  }

  push(bytes: number, arrive: () => void): void {
    if (!this.open) return;
    const { schedule, random } = this.#around;
    const delayMs = random.chance(0.03) ? random.between(5, 60) : random.between(0.2, 4);
    this.#lastMs = Math.max(this.#lastMs, schedule.nowMs + delayMs);
    this.#queue.push({ bytes, arrive });
    this.unreadBytes += bytes;
    schedule.after(this.#lastMs - schedule.nowMs, () => this.#next());
  }

  #next(): void {
    const { schedule } = this.#around;
    if (!this.open) return;
    if (schedule.nowMs < this.stalledUntilMs) {
      schedule.after(this.stalledUntilMs - schedule.nowMs, () => this.#next());
      return;
    }
    const next = this.#queue.shift();
    if (next === undefined) return;
    this.unreadBytes -= next.bytes;
    next.arrive();
  }
}

export class Connection {
  readonly name: string;
  readonly toClient: Pipe;
  readonly toServer: Pipe;
  readonly #around: Surroundings;
  readonly #gate: SimulatedGate;
  readonly #events: ConnectionEvents;
  #socket: SocketId = 0;
  #clientGone = false;

  constructor(name: string, gate: SimulatedGate, events: ConnectionEvents, around: Surroundings) {
    this.name = name;
    this.#gate = gate;
    this.#events = events;
    this.#around = around;
    this.toClient = new Pipe(around);
    this.toServer = new Pipe(around);
    this.toServer.push(0, () => {
      this.#socket = gate.opened(this);
      this.toClient.push(0, () => events.opened());
    });
  }

  /** The client sends. */
  send(bytes: Uint8Array): void {
    if (this.#clientGone) return;
    this.toServer.push(bytes.length, () => {
      this.#note('>', bytes);
      this.#gate.received(this.#socket, bytes);
    });
  }

  /** The client goes without a word: what is under way to it is lost, and the server learns of it later. */
  drop(): void {
    if (this.#clientGone) return;
    this.#clientGone = true;
    this.toClient.open = false;
    const { schedule, random } = this.#around;
    schedule.after(random.chance(0.3) ? random.between(500, 4_000) : random.between(1, 20), () => {
      this.toServer.open = false;
      this.#gate.closed(this.#socket);
    });
  }

  /** The server sends. */
  deliver(bytes: Uint8Array): void {
    this.toClient.push(bytes.length, () => {
      this.#note('<', bytes);
      this.#events.received(bytes);
    });
  }

  /** The server closes: what was sent before still arrives. */
  close(code: number): void {
    this.toServer.open = false;
    this.toClient.push(0, () => this.#end(code));
  }

  /** The process died, or the transport gave up: the rest is lost. */
  reset(): void {
    this.toServer.open = false;
    this.toClient.open = false;
    if (!this.#clientGone) this.#around.schedule.after(this.#around.random.between(0.5, 30), () => this.#end(1006));
  }

  #end(code: number): void {
    if (this.#clientGone) return;
    this.#clientGone = true;
    this.toClient.open = false;
    this.#events.closed(code);
  }

  #note(direction: string, bytes: Uint8Array): void {
    const { schedule, trace } = this.#around;
    trace.add(schedule.nowMs, `${this.name} ${direction} ${bytes.length} bytes ${Bun.hash.crc32(bytes).toString(16)}`);
  }
}

/** The sockets of one simulated thread. */
export class SimulatedGate implements Sockets, Backlog {
  readonly #shard: Shard;
  readonly #thread: SimulatedThread;
  readonly #connections = new Map<SocketId, Connection>();
  readonly #topics = new Map<string, Set<SocketId>>();
  #next: SocketId;

  /** Sockets are numbered from `firstSocket`. */
  constructor(shard: Shard, thread: SimulatedThread, firstSocket: SocketId) {
    this.#shard = shard;
    this.#thread = thread;
    this.#next = firstSocket;
  }

  // ── Sockets ──────────────────────────────────────────────────────────────────────────────────────────────────────

  send(socket: SocketId, bytes: Uint8Array): void {
    const connection = this.#connections.get(socket);
    if (connection === undefined) return;
    connection.deliver(bytes);
    if (connection.toClient.unreadBytes <= MAX_UNREAD_BYTES) return;
    connection.reset();
    this.closed(socket);
  }

  isBehind(socket: SocketId): boolean {
    return (this.#connections.get(socket)?.toClient.unreadBytes ?? 0) > MAX_UNREAD_BYTES / 2;
  }

  publish(topic: string, bytes: Uint8Array): void {
    for (const socket of [...(this.#topics.get(topic) ?? [])]) this.send(socket, bytes);
  }

  subscribe(socket: SocketId, topic: string): void {
    if (!this.#connections.has(socket)) return;
    const sockets = this.#topics.get(topic);
    if (sockets === undefined) this.#topics.set(topic, new Set([socket]));
    else sockets.add(socket);
  }

  unsubscribe(socket: SocketId, topic: string): void {
    this.#topics.get(topic)?.delete(socket);
  }

  close(socket: SocketId, code: number): void {
    this.#connections.get(socket)?.close(code);
    this.closed(socket);
  }

  // ── events of the transport ──────────────────────────────────────────────────────────────────────────────────────

  opened(connection: Connection): SocketId {
    const socket = this.#next++;
    this.#connections.set(socket, connection);
    this.#onThread('open', () => {
      if (!this.#shard.tell(this.#shard.ref(sessionKind, this.#idOf(socket)), { type: 'opened' })) {
        this.close(socket, CLOSE.draining);
      }
    });
    return socket;
  }

  received(socket: SocketId, bytes: Uint8Array): void {
    this.#onThread('message', () => {
      if (!this.#connections.has(socket)) return;
      const session = this.#shard.ref(sessionKind, this.#idOf(socket));
      if (!this.#shard.tell(session, { type: 'received', bytes })) this.close(socket, CLOSE.tooFast);
    });
  }

  /** The socket is gone, whoever ended it. */
  closed(socket: SocketId): void {
    if (!this.#connections.delete(socket)) return;
    for (const sockets of this.#topics.values()) sockets.delete(socket);
    this.#onThread('close', () => {
      this.#shard.tell(this.#shard.ref(sessionKind, this.#idOf(socket)), { type: 'closed' });
    });
  }

  /** The process died. */
  resetAll(): void {
    for (const connection of this.#connections.values()) connection.reset();
    this.#connections.clear();
  }

  readonly #events: { readonly what: string; readonly run: () => void }[] = [];

  /** Events of the transport reach the thread in their order, when it has time. */
  #onThread(what: string, run: () => void): void {
    this.#events.push({ what, run });
    this.#thread.turn(0.01, `socket ${what}`, () => this.#events.shift()?.run());
  }

  #idOf(socket: SocketId): string {
    return pinnedId(this.#shard.thread, socket);
  }
}
