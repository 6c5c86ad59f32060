/** The gate between sockets and sessions: the one file that touches a WebSocket. */

import type { Elysia } from 'elysia';
import type { SessionMessage } from '../actors/session/messages.ts';
import { sessionKind } from '../actors/session/messages.ts';
import type { Backlog, SocketId, Sockets } from '../actors/sockets.ts';
import { CLOSE } from '../protocol/close-codes.ts';
import { LIMITS } from '../protocol/limits.ts';
import { pinnedId } from '../runtime/placement.ts';
import type { Ref } from '../runtime/ref.ts';
import type { Shard } from '../runtime/shard.ts';

export const SUBPROTOCOL = 'mailroom.v1';

/** What a socket may have waiting before it is closed: its client reads too slowly and resumes later. */
const MAX_UNSENT_BYTES = 4 * 1024 * 1024;
/** From here on a socket gets only what it has to have. */
const BEHIND_BYTES = 256 * 1024;
/** A larger message never reaches the gate: the transport drops the connection. */
const MAX_TRANSPORT_BYTES = 16 * 1024 * 1024;

/** Options of the transport. The kernel's buffers come on top of `backpressureLimit`. */
export const WEBSOCKET_OPTIONS = {
  maxPayloadLength: MAX_TRANSPORT_BYTES,
  backpressureLimit: MAX_UNSENT_BYTES,
  closeOnBackpressureLimit: true,
  idleTimeout: 120,
  sendPings: true,
  perMessageDeflate: false,
} as const;

/** The part of Bun's socket that is used. Elysia makes a wrapper for each event; only the raw socket stays the same. */
interface RawSocket {
  readonly data: { mailroom?: Guest };
  sendBinary(bytes: Uint8Array): number;
  getBufferedAmount(): number;
  subscribe(topic: string): void;
  unsubscribe(topic: string): void;
  close(code: number, reason: string): void;
}

interface Guest {
  readonly id: SocketId;
  readonly session: Ref<SessionMessage>;
}

interface Publisher {
  publish(topic: string, bytes: Uint8Array): number;
}

/** The sockets of one thread. */
export class SocketGate implements Sockets, Backlog {
  readonly #shard: Shard;
  readonly #sockets = new Map<SocketId, RawSocket>();
  #next: SocketId;
  #draining = false;
  #emptied: (() => void) | undefined;
  #publisher: Publisher | undefined;

  /** Sockets are numbered from `firstSocket`: above those of all earlier starts, where other nodes may speak of them. */
  constructor(shard: Shard, firstSocket: SocketId = 1) {
    this.#shard = shard;
    this.#next = firstSocket;
  }

  /** Open sockets. */
  get size(): number {
    return this.#sockets.size;
  }

  publishThrough(publisher: Publisher): void {
    this.#publisher = publisher;
  }

  // ── Sockets ──────────────────────────────────────────────────────────────────────────────────────────────────────

  send(socket: SocketId, bytes: Uint8Array): void {
    this.#sockets.get(socket)?.sendBinary(bytes);
  }

  isBehind(socket: SocketId): boolean {
    return (this.#sockets.get(socket)?.getBufferedAmount() ?? 0) > BEHIND_BYTES;
  }

  publish(topic: string, bytes: Uint8Array): void {
    this.#publisher?.publish(topic, bytes);
  }

  subscribe(socket: SocketId, topic: string): void {
    this.#sockets.get(socket)?.subscribe(topic);
  }

  unsubscribe(socket: SocketId, topic: string): void {
    this.#sockets.get(socket)?.unsubscribe(topic);
  }

  close(socket: SocketId, code: number, reason: string): void {
    this.#sockets.get(socket)?.close(code, reason);
  }

  ids(): SocketId[] {
    return [...this.#sockets.keys()];
  }

  /** Sockets that open from now on are closed at once, with the code that sends their clients elsewhere. */
  drain(): void {
    this.#draining = true;
  }

  /** Resolves as soon as no socket is open. */
  emptied(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#sockets.size === 0) resolve();
      else this.#emptied = resolve;
    });
  }

  /** Closes every socket: the thread is about to go. */
  closeAll(code: number, reason: string): void {
    for (const socket of [...this.#sockets.values()]) socket.close(code, reason);
  }

  // ── events of the transport ──────────────────────────────────────────────────────────────────────────────────────

  opened(raw: RawSocket): void {
    const id = this.#next++;
    const session = this.#shard.ref(sessionKind, pinnedId(this.#shard.thread, id));
    raw.data.mailroom = { id, session };
    this.#sockets.set(id, raw);
    // A browser cannot see why a connection was refused, but it sees a close code.
    if (this.#draining || !this.#shard.tell(session, { type: 'opened' })) raw.close(CLOSE.draining, 'draining');
  }

  received(raw: RawSocket, message: unknown): void {
    const guest = raw.data.mailroom;
    if (guest === undefined || !this.#sockets.has(guest.id)) return;
    if (this.#shard.tell(guest.session, inboundOf(message))) return;
    raw.close(CLOSE.tooFast, 'too many messages wait');
  }

  closed(raw: RawSocket): void {
    const guest = raw.data.mailroom;
    if (guest === undefined || !this.#sockets.delete(guest.id)) return;
    // A session that closed its own socket is gone already.
    if (this.#shard.activeCell(guest.session) !== undefined) this.#shard.tell(guest.session, { type: 'closed' });
    if (this.#sockets.size === 0) this.#emptied?.();
  }
}

/** Elysia parses text; only binary messages arrive as bytes. */
function inboundOf(message: unknown): SessionMessage {
  if (!(message instanceof Uint8Array)) {
    return { type: 'breached', code: CLOSE.malformed, reason: 'binary messages only' };
  }
  if (message.byteLength > LIMITS.maxSocketMessageBytes) {
    return { type: 'breached', code: CLOSE.tooLarge, reason: 'the message is too large' };
  }
  return { type: 'received', bytes: message };
}

/** Adds `GET /v1/ws`. `admits` says whether a page of this origin may open sockets. */
export function socketRoute<App extends Elysia>(
  app: App,
  gate: SocketGate,
  admits: (request: Request) => boolean,
): App {
  const raw = (ws: { readonly raw: unknown }): RawSocket => ws.raw as RawSocket;
  app.ws('/v1/ws', {
    // The description has it as what it is for HTTP, a GET.
    detail: { hide: true },
    beforeHandle: ({ request, status }) => (admits(request) ? undefined : status(403, 'this origin may not connect')),
    upgrade: ({ request, set }) => {
      if (offersSubprotocol(request)) set.headers['sec-websocket-protocol'] = SUBPROTOCOL;
    },
    open: (ws) => gate.opened(raw(ws)),
    message: (ws, message) => gate.received(raw(ws), message),
    close: (ws) => gate.closed(raw(ws)),
  });
  return app;
}

/** The subprotocol is answered where it was offered; clients that offer none are served too. */
function offersSubprotocol(request: Request): boolean {
  const offered = request.headers.get('sec-websocket-protocol')?.split(',') ?? [];
  return offered.some((name) => name.trim() === SUBPROTOCOL);
}
