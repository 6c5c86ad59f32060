/** One client's part in one room: the posts that it has not been told the outcome of, in order, and what it has read. */
import type { Fault } from '../../../src/protocol/faults.ts';
import type { Message } from '../../../src/protocol/types.ts';
import { bodyOf, type Ledger, nonceOf } from './ledger.ts';

interface Unanswered {
  readonly nonce: string;
  onTheWire: boolean;
}

/** Posts that wait for their answer. Past it no new ones are made: the load stays what it is however long an outage lasts. */
const MAX_PENDING = 64;

export interface LaneOptions {
  readonly room: string;
  /** Of the client, as the readers and posters are told apart. */
  readonly name: string;
  readonly user: string;
  readonly ledger: Ledger;
  /** Sends one request; the answer is told once, unless the connection ends before. */
  readonly ask: (method: string, params: unknown, onAnswer: (fault: Fault | null, result: unknown) => void) => void;
  readonly after: (delayMs: number, then: () => void) => void;
  /** Whether requests can be sent now. */
  readonly isReady: () => boolean;
}

export class RoomLane {
  readonly #options: LaneOptions;
  readonly #pending: Unanswered[] = [];
  #made = 0;
  #inFlight = 0;
  /** A post was refused: what follows it waits until every answer is in, so that the order holds. */
  #refused = false;
  #notBeforeMs = 0;
  #waiting = false;
  #seen = 0;
  #filling = false;
  #held: Message[] = [];
  /** Counts connections: what was asked on an earlier one does not count any more. */
  #life = 0;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  get pending(): number {
    return this.#pending.length;
  }

  /** The newest seq that was read; everything up to it was. */
  get seen(): number {
    return this.#seen;
  }

  /** A new connection: what was on the wire is repeated, with its nonces. */
  restart(): void {
    this.#life += 1;
    this.#inFlight = 0;
    this.#refused = false;
    this.#filling = false;
    this.#held = [];
    for (const post of this.#pending) {
      if (post.onTheWire) this.#options.ledger.repeated += 1;
      post.onTheWire = false;
    }
    this.pump();
  }

  make(): void {
    if (this.#pending.length >= MAX_PENDING) return;
    const { name, room } = this.#options;
    this.#made += 1;
    this.#pending.push({ nonce: nonceOf(name, room, this.#made), onTheWire: false });
    this.pump();
  }

  pump(): void {
    if (!this.#options.isReady() || this.#refused) return;
    if (performance.now() < this.#notBeforeMs) return this.#pumpLater();
    for (const post of this.#pending) if (!post.onTheWire) this.#send(post);
  }

  /** Timers may be early by a fraction of a millisecond: then it is looked at once more. */
  #pumpLater(): void {
    const { after } = this.#options;
    if (this.#waiting) return;
    this.#waiting = true;
    after(Math.max(1, this.#notBeforeMs - performance.now()), () => {
      this.#waiting = false;
      this.pump();
    });
  }

  #send(post: Unanswered): void {
    const { room, ask } = this.#options;
    const life = this.#life;
    post.onTheWire = true;
    this.#inFlight += 1;
    ask('messages.post', { room, nonce: post.nonce, body: bodyOf(post.nonce) }, (fault, result) => {
      if (life !== this.#life) return;
      this.#inFlight -= 1;
      if (fault === null) this.#acknowledged(post, (result as { seq: number }).seq);
      else this.#wasRefused(post, fault);
      if (this.#inFlight > 0) return;
      const wasRefused = this.#refused;
      this.#refused = false;
      if (wasRefused) this.#pumpLater();
    });
  }

  #acknowledged(post: Unanswered, seq: number): void {
    const { ledger, room, user } = this.#options;
    // Not always the first one: an earlier post, whose outcome is unknown, may have its place all the same.
    this.#pending.splice(this.#pending.indexOf(post), 1);
    ledger.acknowledged.push({ room, seq, nonce: post.nonce, sender: user });
  }

  #wasRefused(post: Unanswered, { code, message, retryAfter }: Fault): void {
    const { ledger } = this.#options;
    ledger.refused += 1;
    ledger.repeated += 1;
    const right = (code === 'unavailable' || code === 'overloaded') && (retryAfter ?? 0) > 0;
    if (!right) ledger.broken.push(`${post.nonce} was refused: ${code}: ${message}, retryAfter ${retryAfter}`);
    post.onTheWire = false;
    this.#refused = true;
    this.#notBeforeMs = Math.max(this.#notBeforeMs, performance.now() + (retryAfter ?? 1_000));
  }

  // ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────

  arrived(message: Message): void {
    if (this.#filling) this.#held.push(message);
    else this.#read(message);
  }

  /** Messages up to `to` are not going to be pushed: they are fetched, and what comes meanwhile waits. */
  fetchUpTo(to: number): void {
    if (to <= this.#seen) return;
    if (this.#filling) this.#options.ledger.broken.push(`${this.#options.name} was told twice to fetch`);
    this.#filling = true;
    this.#fetch(to, this.#life);
  }

  #fetch(to: number, life: number): void {
    const { room, ask, after } = this.#options;
    ask('messages.history', { room, after: this.#seen, limit: 200 }, (fault, result) => {
      if (life !== this.#life) return;
      if (fault !== null) {
        after(fault.retryAfter ?? 1_000, () => life === this.#life && this.#fetch(to, life));
        return;
      }
      for (const message of (result as { messages: readonly Message[] }).messages) {
        if (message.seq <= to) this.#read(message);
      }
      if (this.#seen < to) return this.#fetch(to, life);
      this.#filling = false;
      for (const message of this.#held.splice(0)) this.#read(message);
    });
  }

  #read({ seq, nonce }: Message): void {
    const { name, room, ledger } = this.#options;
    if (seq !== this.#seen + 1) ledger.broken.push(`${name} got ${room} ${seq} after ${this.#seen}`);
    this.#seen = seq;
    let facts = ledger.delivered.get(name);
    if (facts === undefined) {
      facts = [];
      ledger.delivered.set(name, facts);
    }
    facts.push({ room, seq, nonce });
  }
}
