/**
 * A session: one socket, from its opening to its end.
 *
 * Owns the conversation: hello, requests, answers, limits. Talks to the user's actor, to rooms, to the thread's fan-out and
 * to the records. Nothing survives: the client comes back with what it has.
 */

import { CLOSE, type CloseCode } from '../../protocol/close-codes.ts';
import { decodeCalls, type RpcCall, type RpcRequest } from '../../protocol/envelope.ts';
import { type Fault, fault, toWireFault } from '../../protocol/faults.ts';
import { encodeFault, encodeNotification, packed } from '../../protocol/frames/rpc.ts';
import { LIMITS } from '../../protocol/limits.ts';
import { MalformedFrame } from '../../protocol/malformed.ts';
import type { Context } from '../../runtime/context.ts';
import type { CancelTimer } from '../../runtime/host.ts';
import type { Actor, Behaviour } from '../../runtime/kind.ts';
import type { SocketId } from '../sockets.ts';
import type { Identity } from '../user/messages.ts';
import { userKind } from '../user/messages.ts';
import type { Claim, Conversation, SessionOptions } from './conversation.ts';
import { attachClaim, sayHello } from './hello.ts';
import type { RoomLeft, SessionMessage } from './messages.ts';
import { PresenceOfSession } from './presence.ts';
import { RateLimit } from './rate-limit.ts';
import { answerRequest } from './requests/answer-request.ts';
import { RoomsOfSession } from './rooms.ts';

export function session(options: SessionOptions): Behaviour<SessionMessage> {
  return (context) => new Session(context, options);
}

/** Requests of one socket that may wait for their answer. */
const MAX_IN_FLIGHT = 512;
/** Requests over the rate that are answered with a refusal within one second; one more closes the socket. */
const MAX_REFUSALS_PER_SECOND = 1_000;
/** Clients’ timers may fire a little early; who heeds `retryAfter` must not be refused again for that. */
const CLOCK_MARGIN_MS = 5;
const SILENCE_MS = LIMITS.heartbeatMs * 2;
const NOT_YET = fault('unauthenticated', 'say hello first');
/** Longest wait of a draining session for answers that are under way. */
const DRAIN_MS = 3_000;
const DRAINING = fault('unavailable', 'the node is draining', 1_000);
const TOO_MANY = fault('overloaded', 'too many requests of this socket wait for their answer', 100);

class Session implements Actor<SessionMessage>, Conversation {
  readonly context: Context<SessionMessage>;
  readonly options: SessionOptions;
  readonly socket: SocketId;
  readonly rooms: RoomsOfSession;
  readonly presence: PresenceOfSession;
  identity: Identity | undefined;
  claim: Claim | undefined;
  historiesInFlight = 0;
  searchesInFlight = 0;
  #greeting = false;
  /** Requests that came behind the hello, before it was answered. */
  #early: RpcRequest[] = [];
  #inFlight = 0;
  #rate: RateLimit | undefined;
  #refusals = 0;
  #refusalsSinceMs = 0;
  #out: Uint8Array[] = [];
  #heardMs: number;
  #cancelTimer: CancelTimer | undefined;
  #draining = false;
  #ended = false;

  constructor(context: Context<SessionMessage>, options: SessionOptions) {
    this.context = context;
    this.options = options;
    this.socket = Number(context.self.id.slice(context.self.id.indexOf('.') + 1));
    this.rooms = new RoomsOfSession(this);
    this.presence = new PresenceOfSession(this);
    this.#heardMs = context.monotonicMs();
    const { rate } = options;
    if (rate !== undefined) this.#rate = new RateLimit(rate.unitsPerSecond, rate.burst, this.#heardMs);
  }

  // ── life ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  started(): void {
    this.#cancelTimer = this.context.after(LIMITS.helloDeadlineMs, () => this.#helloIsLate());
  }

  stopping(): boolean | undefined {
    this.#cancelTimer?.();
    // A session that failed leaves nobody to talk to: its client comes back.
    if (!this.#ended) this.options.sockets.close(this.socket, CLOSE.draining, 'the session ended');
    this.rooms.partAll();
    this.presence.end();
    if (this.claim !== undefined) this.#detach(this.claim);
    return undefined;
  }

  receive(message: SessionMessage): void {
    switch (message.type) {
      case 'opened':
        return;
      case 'received':
        return this.#received(message.bytes);
      case 'breached':
        return this.close(message.code, message.reason);
      case 'closed':
        return this.context.stop();
      case 'kick':
        this.context.reply({});
        return this.#kick(message.code, message.reason);
      case 'token-renewed':
        if (this.claim !== undefined) this.claim = { ...this.claim, tokenHash: message.tokenHash };
        return;
      case 'room-entered':
        return this.rooms.entered(message.room);
      case 'room-left':
        return this.#leftRoom(message);
      case 'notify':
        return this.send(message.frame);
      case 'drain':
        return this.#drain(message.retryAfter);
    }
  }

  // ── Conversation ──────────────────────────────────────────────────────────────────────────────────────────────────

  send(frame: Uint8Array): void {
    if (this.#ended) return;
    this.#out.push(frame);
    if (this.#out.length === 1) this.context.endOfSlice(() => this.flush());
  }

  flush(): void {
    const out = this.#out;
    if (out.length === 0) return;
    this.#out = [];
    for (const message of packed(out, LIMITS.maxPackedBytes)) this.options.sockets.send(this.socket, message);
  }

  close(code: CloseCode, reason: string): void {
    if (this.#ended) return;
    this.flush();
    this.#ended = true;
    this.options.sockets.close(this.socket, code, reason);
    this.context.stop();
  }

  answer(frame: Uint8Array): void {
    this.#inFlight -= 1;
    this.send(frame);
    if (this.#draining && this.#inFlight === 0) this.close(CLOSE.draining, 'draining');
  }

  refuse(id: number, reason: { readonly code: string; readonly message: string; readonly retryAfter?: number }): void {
    this.answer(encodeFault(id, toWireFault(reason)));
  }

  identified(identity: Identity): void {
    this.identity = identity;
    this.presence.here();
    this.#cancelTimer?.();
    this.#cancelTimer = this.context.after(SILENCE_MS, () => this.#lookForSilence());
  }

  greeted(): void {
    this.#greeting = false;
    for (const early of this.#early.splice(0)) this.#request(early);
    this.rooms.greeted();
  }

  // ── helpers ──────────────────────────────────────────────────────────────────────────────────────────────────────

  #received(bytes: Uint8Array): void {
    if (this.#ended) return;
    this.#heardMs = this.context.monotonicMs();
    try {
      for (const call of decodeCalls(bytes)) if (!this.#ended) this.#called(call);
    } catch (error) {
      if (!(error instanceof MalformedFrame)) throw error;
      this.close(error.closeCode, error.message);
    }
  }

  #called(call: RpcCall): void {
    if (call.type === 'notification') return this.#notified();
    this.#inFlight += 1;
    if (this.#draining) this.refuse(call.id, DRAINING);
    else if (this.#inFlight > MAX_IN_FLIGHT) this.#tooMany(call.id);
    else if (this.#greeting) this.#early.push(call);
    else if (this.identity === undefined) this.#beforeHello(call);
    else this.#request(call);
  }

  #request({ id, method, params }: RpcRequest): void {
    const waitMs = this.#rate?.take(1, this.#heardMs) ?? 0;
    if (waitMs > 0) return this.#tooFast(id, waitMs);
    answerRequest(this, id, method, params);
  }

  /** Notifications mean nothing yet, but a flood of them is a flood. */
  #notified(): void {
    if ((this.#rate?.take(1, this.#heardMs) ?? 0) > 0) this.#countRefusal();
  }

  #beforeHello({ id, method, params }: RpcRequest): void {
    if (method !== 'hello') return this.refuse(id, NOT_YET);
    this.#greeting = true;
    sayHello(this, id, params, (reason) => {
      this.#greeting = false;
      this.refuse(id, reason);
      for (const early of this.#early.splice(0)) this.refuse(early.id, NOT_YET);
      this.#helloRefused(reason);
    });
  }

  #helloRefused(reason: Fault): void {
    if (reason.code === 'unauthenticated') this.close(CLOSE.unauthenticated, reason.message);
    if (reason.code === 'rate_limited') this.close(CLOSE.tooFast, reason.message);
  }

  /** Posts behind the refused one must not overtake it. */
  #tooMany(id: number): void {
    this.rooms.breakRuns();
    this.refuse(id, TOO_MANY);
  }

  #tooFast(id: number, waitMs: number): void {
    this.rooms.breakRuns();
    this.refuse(id, fault('rate_limited', 'too many requests', waitMs + CLOCK_MARGIN_MS));
    this.#countRefusal();
  }

  /** Who goes on in spite of refusals is closed. */
  #countRefusal(): void {
    if (this.#heardMs - this.#refusalsSinceMs > 1_000) {
      this.#refusalsSinceMs = this.#heardMs;
      this.#refusals = 0;
    }
    this.#refusals += 1;
    if (this.#refusals > MAX_REFUSALS_PER_SECOND) this.close(CLOSE.tooFast, 'too many requests');
  }

  /** What is under way is answered first; what comes from now on is refused. */
  #drain(retryAfter: number): void {
    if (this.#draining) return;
    this.#draining = true;
    this.send(encodeNotification('goaway', { retryAfter }));
    if (this.#inFlight === 0) return this.close(CLOSE.draining, 'draining');
    this.#cancelTimer?.();
    this.#cancelTimer = this.context.after(DRAIN_MS, () => this.close(CLOSE.draining, 'draining'));
  }

  #kick(code: CloseCode, reason: string): void {
    this.send(encodeNotification('kicked', { code, reason }));
    this.close(code, reason);
  }

  /** While the hello is not answered the client needs no word of it: the answer does without the room. */
  #leftRoom({ room, frame }: RoomLeft): void {
    this.rooms.left(room);
    if (frame !== undefined && !this.#greeting) this.send(frame);
  }

  #helloIsLate(): void {
    if (this.identity === undefined) this.close(CLOSE.timedOut, 'no hello in time');
  }

  #lookForSilence(): void {
    const silentMs = this.context.monotonicMs() - this.#heardMs;
    if (silentMs >= SILENCE_MS) return this.close(CLOSE.timedOut, 'no sign of life');
    this.#attachAgain();
    this.presence.here();
    this.#cancelTimer = this.context.after(SILENCE_MS - silentMs, () => this.#lookForSilence());
  }

  /**
   * The user's actor knows its sessions only in memory, and for a while: one that it has forgotten makes itself known
   * again, and learns what it was not told meanwhile.
   */
  #attachAgain(): void {
    if (this.claim === undefined) return;
    attachClaim(this, this.claim, (reply) => {
      if (reply.ok) for (const room of reply.value.rooms) this.rooms.entered(room);
      else if (reply.fault.code === 'unauthenticated') this.#kick(CLOSE.revoked, 'the token is not valid any more');
    });
  }

  #detach({ user }: Claim): void {
    const session = { thread: this.context.thread, socket: this.socket };
    this.context.tell(this.context.ref(userKind, user), { type: 'detach', session });
  }
}
