import { reconnectsAfter } from '../protocol/close-codes.ts';
import { backoffDelay, reconnectBackoff } from './backoff.ts';
import type { ClientClock } from './clock.ts';
import { asMailroomError, MailroomError } from './errors.ts';
import { Link, localClose } from './link.ts';
import type { Requests } from './requests.ts';
import type { Connect } from './socket.ts';
import { encodeRequest, type HelloParams, type HelloResult, type Notification, type Response } from './wire.ts';

/** Why a client gave up. Calling `connect` again is up to the application. */
export interface StopReason {
  /**
   * - `closed`: the application closed the client.
   * - `unauthenticated`: the token is not valid, or no longer: log in again.
   * - `refused`: the server does not take this client; a newer version may help.
   */
  readonly code: 'closed' | 'unauthenticated' | 'refused';
  readonly message: string;
}

/** Where the connection stands. Times are milliseconds since the epoch. */
export type ConnectionState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'connecting'; readonly attempt: number }
  | { readonly kind: 'ready'; readonly session: string; readonly sinceMs: number }
  | { readonly kind: 'waiting'; readonly attempt: number; readonly untilMs: number; readonly reason: string }
  | { readonly kind: 'stopped'; readonly reason: StopReason };

/** What the connection needs from the client. All are called in the order in which things happen on the socket. */
export interface ConnectionHooks {
  hello(): HelloParams;
  greeted(result: HelloResult): void;
  notified(notification: Notification): void;
  /** The connection ended after a greeting. */
  lost(): void;
  changed(state: ConnectionState): void;
}

/** What the connection is made of. */
export interface ConnectionParts {
  readonly url: string;
  readonly connect: Connect;
  readonly clock: ClientClock;
  readonly random: () => number;
  readonly requests: Requests;
}

/** From opening the socket to the answer of `hello`. */
const greetingDeadlineMs = 15_000;
/** From a `ping` to its answer. */
const pingDeadlineMs = 10_000;
/** The same when the platform says that the network or the screen is back. */
const probeDeadlineMs = 4_000;
/** A connection that held this long was a good one: the next loss starts the back-off anew. */
const stableMs = 10_000;
/** The greeting's id. Requests count from 1. */
const helloId = 0;

/**
 * Keeps one greeted socket open: connects, says hello, pings, notices a dead peer, and comes back after a loss.
 */
export class Connection {
  readonly #hooks: ConnectionHooks;
  readonly #parts: ConnectionParts;
  #state: ConnectionState = { kind: 'idle' };
  #link: Link | undefined;
  #attempt = 0;
  /** What the server asked for before it went, in milliseconds. */
  #retryAfter = 0;
  /** The one timer of the present state: greeting deadline, next ping, or next attempt. */
  #cancelTimer: () => void = () => undefined;

  constructor(hooks: ConnectionHooks, parts: ConnectionParts) {
    this.#hooks = hooks;
    this.#parts = parts;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Connects, unless that is under way or done. Throws what the socket's constructor throws for a bad address. */
  start(): void {
    if (this.#state.kind !== 'idle' && this.#state.kind !== 'stopped') return;
    this.#attempt = 0;
    this.#open();
  }

  /** Ends the connection for good. */
  stop(reason: StopReason): void {
    if (this.#state.kind === 'stopped') return;
    const link = this.#link;
    this.#leave({ kind: 'stopped', reason });
    link?.close(1000, reason.code);
    this.#parts.requests.abandon(new MailroomError('unavailable', reason.message));
  }

  /** The network or the screen is back: connects at once if waiting, and looks whether an open connection lives. */
  wake(): void {
    if (this.#state.kind === 'waiting') {
      this.#cancelTimer();
      this.#open();
    } else if (this.#state.kind === 'ready') {
      this.#ping(probeDeadlineMs);
    }
  }

  #open(): void {
    const { connect, url, clock } = this.#parts;
    const link: Link = new Link(connect, url, {
      opened: () => link.send(encodeRequest(helloId, 'hello', this.#hooks.hello())),
      responded: (response) => this.#responded(link, response),
      notified: (notification) => this.#notified(notification),
      closed: (code, reason) => this.#closed(link, code, reason),
    });
    this.#link = link;
    this.#cancelTimer = clock.after(greetingDeadlineMs, () => link.close(localClose.lost, 'no greeting in time'));
    this.#enter({ kind: 'connecting', attempt: this.#attempt });
  }

  #responded(link: Link, response: Response): void {
    if (response.id !== helloId) return this.#parts.requests.settle(response);
    if (this.#state.kind !== 'connecting') return;
    if (response.fault === null) return this.#greeted(link, response.result as HelloResult);
    const { code, message, retryAfter } = response.fault;
    if (code === 'unauthenticated') return this.stop({ code, message });
    if (refusals.has(code)) return this.stop({ code: 'refused', message });
    this.#retryAfter = retryAfter ?? 0;
    link.close(localClose.lost, message);
  }

  #greeted(link: Link, result: HelloResult): void {
    this.#cancelTimer();
    this.#retryAfter = 0;
    this.#beat(result.heartbeatMs);
    // The streams know of the greeting before any request that waited goes out, and before what follows in the batch.
    this.#hooks.greeted(result);
    this.#parts.requests.attach(link);
    this.#enter({ kind: 'ready', session: result.session, sinceMs: this.#parts.clock.now() });
  }

  #notified(notification: Notification): void {
    if (notification.method === 'goaway') {
      this.#retryAfter = notification.params.retryAfter;
    } else if (notification.method === 'kicked') {
      this.#hooks.notified(notification);
      this.#link?.close(notification.params.code, notification.params.reason);
      return;
    }
    if (this.#state.kind === 'ready') this.#hooks.notified(notification);
  }

  #closed(link: Link, code: number, reason: string): void {
    if (link !== this.#link) return;
    if (!reconnectsAfter(code)) {
      const authentic = code === 4401 || code === 4403;
      this.stop({ code: authentic ? 'unauthenticated' : 'refused', message: reason || `closed with ${code}` });
      return;
    }
    const stood = this.#state.kind === 'ready' ? this.#parts.clock.now() - this.#state.sinceMs : 0;
    if (stood >= stableMs) this.#attempt = 0;
    const delayMs = backoffDelay(this.#attempt++, reconnectBackoff, this.#parts.random, this.#retryAfter);
    this.#retryAfter = 0;
    const untilMs = this.#parts.clock.now() + delayMs;
    this.#leave({ kind: 'waiting', attempt: this.#attempt, untilMs, reason: reason || `closed with ${code}` });
    this.#cancelTimer = this.#parts.clock.after(delayMs, () => this.#open());
  }

  /** Half the server's limit, because browsers delay the timers of hidden pages. */
  #beat(heartbeatMs: number): void {
    this.#cancelTimer = this.#parts.clock.after(Math.ceil(heartbeatMs / 2), () => {
      this.#ping(pingDeadlineMs);
      this.#beat(heartbeatMs);
    });
  }

  #ping(deadlineMs: number): void {
    const link = this.#link;
    this.#parts.requests.request('ping', {}, { deadlineMs }).catch((error: unknown) => {
      // Any answer, a refusal too, shows a living peer. On a link that was closed already this does nothing.
      if (asMailroomError(error).code === 'unavailable') link?.close(localClose.lost, 'no sign of life');
    });
  }

  #leave(next: ConnectionState): void {
    const greeted = this.#state.kind === 'ready';
    this.#cancelTimer();
    this.#link = undefined;
    this.#state = next;
    this.#parts.requests.detach();
    if (greeted) this.#hooks.lost();
    this.#hooks.changed(next);
  }

  #enter(state: ConnectionState): void {
    this.#state = state;
    this.#hooks.changed(state);
  }
}

/** Answers to `hello` that the same greeting meets again. */
const refusals: ReadonlySet<string> = new Set([
  'invalid',
  'forbidden',
  'not_found',
  'conflict',
  'too_large',
  'unsupported',
]);
