/** The oracle: knows what became durable, what was answered and what was seen, and says when they contradict. */
import { decodeLogRecord } from '../../../src/storage/ports/log-record.ts';

/** A rule that did not hold. Ends the run. */
export class Violation extends Error {
  readonly rule: string;

  constructor(rule: string, what: string) {
    super(`[${rule}] ${what}`);
    this.name = 'Violation';
    this.rule = rule;
  }
}

/** A message as some client saw it. */
export interface Seen {
  readonly room: string;
  readonly seq: number;
  readonly from: string;
  readonly nonce: string;
  readonly body: Uint8Array;
}

export class Oracle {
  /** By room, what is at each seq: the index is the seq, 0 is nothing. */
  readonly #order = new Map<string, string[]>();
  readonly #seqs = new Map<string, number>();
  readonly #acked = new Map<string, { readonly room: string; readonly seq: number }>();
  /** By user and room: the seq on which they left, until somebody asks to let them in again. */
  readonly #left = new Map<string, number>();
  /** By user and room: how often somebody asked to let them in. */
  readonly #entries = new Map<string, number>();
  readonly #unanswered = new Map<string, number>();

  // ── what happens ─────────────────────────────────────────────────────────────────────────────────────────────────

  /** A record is durable in the log. */
  durable(bytes: Uint8Array): void {
    const { room, seq, sender, nonce } = decodeLogRecord(bytes);
    const order = this.#orderOf(room);
    const name = `${sender} ${nonce}`;
    if (seq < order.length) {
      throw new Violation('SIM2', `${room} seq ${seq} is in the log twice: ${order[seq]}, then ${name}`);
    }
    if (seq > order.length) {
      throw new Violation('SIM2', `${room} has a hole in the log: seq ${seq} after ${order.length - 1}`);
    }
    const known = this.#seqs.get(`${room} ${name}`);
    if (known !== undefined) {
      throw new Violation('SIM3', `nonce ${name} is in ${room} twice: at seq ${known} and ${seq}`);
    }
    order.push(name);
    this.#seqs.set(`${room} ${name}`, seq);
  }

  /** A post was answered. */
  acknowledged(room: string, sender: string, nonce: string, seq: number): void {
    const key = `${room} ${sender} ${nonce}`;
    const durable = this.#seqs.get(key);
    if (durable === undefined) throw new Violation('SIM1', `${key} was answered with seq ${seq} and is not durable`);
    if (durable !== seq) throw new Violation('SIM3', `${key} was answered with seq ${seq} and is at ${durable}`);
    this.#acked.set(key, { room, seq });
  }

  /** A client got a message, pushed or out of history. */
  seen(reader: string, { room, seq, from, nonce }: Seen): void {
    const there = this.#orderOf(room)[seq];
    if (there === undefined) throw new Violation('SIM1', `${reader} sees ${room} seq ${seq}, which is not durable`);
    if (there !== `${from} ${nonce}`) {
      throw new Violation('SIM2', `${reader} sees ${from} ${nonce} at ${room} seq ${seq}, where ${there} is`);
    }
  }

  /** A message was pushed to a socket of the user. */
  pushed(user: string, room: string, seq: number): void {
    const left = this.#left.get(`${user} ${room}`);
    if (left !== undefined && seq > left) {
      throw new Violation('SIM7', `${user} left ${room} at seq ${left} and is pushed seq ${seq}`);
    }
  }

  /** Counts who asked to enter; not a number while one of them has no answer: it may take effect at any time. */
  entriesOf(user: string, room: string): number {
    const key = `${user} ${room}`;
    return (this.#unanswered.get(key) ?? 0) > 0 ? Number.NaN : (this.#entries.get(key) ?? 0);
  }

  /** Leaving was answered. `entries` from when it was asked for: who asked to enter since then may be a member again. */
  left(user: string, room: string, seq: number, entries: number): void {
    if (this.entriesOf(user, room) === entries) this.#left.set(`${user} ${room}`, seq);
  }

  /** Somebody asks to let the user in: from now on they may be a member. */
  mayEnter(user: string, room: string): void {
    const key = `${user} ${room}`;
    this.#left.delete(key);
    this.#entries.set(key, (this.#entries.get(key) ?? 0) + 1);
    this.#unanswered.set(key, (this.#unanswered.get(key) ?? 0) + 1);
  }

  entryAnswered(user: string, room: string): void {
    const key = `${user} ${room}`;
    this.#unanswered.set(key, (this.#unanswered.get(key) ?? 0) - 1);
  }

  // ── what must hold in the end ────────────────────────────────────────────────────────────────────────────────────

  headOf(room: string): number {
    return this.#orderOf(room).length - 1;
  }

  rooms(): IterableIterator<string> {
    return this.#order.keys();
  }

  nameAt(room: string, seq: number): string | undefined {
    return this.#orderOf(room)[seq];
  }

  get acknowledgedCount(): number {
    return this.#acked.size;
  }

  #orderOf(room: string): string[] {
    let order = this.#order.get(room);
    if (order === undefined) {
      order = [''];
      this.#order.set(room, order);
    }
    return order;
  }
}
