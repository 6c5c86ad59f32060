import { type ClientClock, systemClock } from './clock.ts';
import type { OutboxStore } from './outbox-store.ts';
import { type Connect, type WebSocketConstructor, webSocketConnect } from './socket.ts';
import type { Position } from './streams.ts';

/** What a client is made from. Only `url` and `token` are needed. */
export interface ClientOptions {
  /** The address of the server, such as `https://chat.example.org`; `http` and `ws` forms are both fine. */
  readonly url: string;
  /** The token of a login, or where to take the current one from at each connect. */
  readonly token: string | (() => string);
  /** Name and version of the application, for the server's logs; at most 128 characters. */
  readonly client?: string;
  /** The WebSocket implementation, where there is no global one: Node 20 takes that of the package `ws`. */
  readonly WebSocket?: WebSocketConstructor;
  /** Keeps unsent posts across reloads. */
  readonly outboxStore?: OutboxStore;
  /** Where to go on from, by room, as an earlier client's `positions()` gave it. */
  readonly positions?: Readonly<Record<string, Position>>;
  /**
   * How many missed messages of a room are fetched after an absence; of a longer one only the last so many, after a
   * `gap` event for the others. Default: all.
   */
  readonly maxFillMessages?: number;
  /**
   * Posts of one room on the wire at once, 1 by default: then a room has a user's posts in the order in which they were
   * written, whatever fails. More is faster over slow networks, and a post may come to stand before one that was
   * refused and repeated.
   */
  readonly postsInFlight?: number;
  /** Receives what an event handler throws. Default: it is thrown again from a task of its own. */
  readonly onHandlerError?: (error: unknown) => void;
  /** Opens sockets in place of `WebSocket`. */
  readonly connect?: Connect;
  readonly clock?: ClientClock;
  /** A number in [0, 1), for jitter. */
  readonly random?: () => number;
  /** A string of 1 to 64 bytes that the user never used before in the room. */
  readonly newNonce?: () => string;
}

/** The options with their defaults. */
export interface Surroundings {
  readonly socketUrl: string;
  readonly token: () => string;
  readonly connect: Connect;
  readonly clock: ClientClock;
  readonly random: () => number;
  readonly newNonce: () => string;
}

/** Fills in the defaults. Throws a `TypeError` where there is no WebSocket. */
export function resolveOptions(options: ClientOptions): Surroundings {
  const { token } = options;
  return {
    socketUrl: socketUrl(options.url),
    token: typeof token === 'string' ? () => token : token,
    connect: options.connect ?? webSocketConnect(options.WebSocket ?? globalWebSocket()),
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
    newNonce: options.newNonce ?? randomNonce,
  };
}

function socketUrl(url: string): string {
  return `${url.replace(/^http/, 'ws').replace(/\/+$/, '')}/v1/ws`;
}

function globalWebSocket(): WebSocketConstructor {
  if (typeof globalThis.WebSocket === 'function') return globalThis.WebSocket as unknown as WebSocketConstructor;
  throw new TypeError('there is no global WebSocket here: pass one as the option `WebSocket`');
}

// `crypto.randomUUID` exists in secure contexts only, and a server in the local network has none.
function randomNonce(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
