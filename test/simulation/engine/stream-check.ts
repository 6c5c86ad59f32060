/** What one socket must see of each room: seqs that ascend without a hole, from where the client was told they begin. */
import { Violation } from './oracle.ts';

export class StreamCheck {
  readonly #who: string;
  /** By room, the last seq that the socket has been told of. */
  readonly #last = new Map<string, number>();

  constructor(who: string) {
    this.#who = who;
  }

  /** The client was told of the room: messages begin after `seq`. A room that it knows already goes on. */
  begins(room: string, seq: number): void {
    if (!this.#last.has(room)) this.#last.set(room, seq);
  }

  ends(room: string): void {
    this.#last.delete(room);
  }

  message(room: string, seq: number): void {
    const last = this.#last.get(room);
    if (last === undefined) throw new Violation('SIM4', `${this.#who} gets ${room} seq ${seq} and is not in the room`);
    if (seq !== last + 1) throw new Violation('SIM4', `${this.#who} gets ${room} seq ${seq} after ${last}`);
    this.#last.set(room, seq);
  }

  gap(room: string, from: number, to: number): void {
    const last = this.#last.get(room);
    if (last === undefined) throw new Violation('SIM4', `${this.#who} gets a gap of ${room} and is not in the room`);
    if (from !== last + 1 || to < from) {
      throw new Violation('SIM4', `${this.#who} gets a gap ${from}..${to} of ${room} after ${last}`);
    }
    this.#last.set(room, to);
  }
}

/** Posts of one socket to one room, sent once each: their seqs ascend in the order of sending. */
export class SenderCheck {
  readonly #who: string;
  readonly #posts = new Map<string, { readonly place: number; readonly seq: number }[]>();

  constructor(who: string) {
    this.#who = who;
  }

  acknowledged(room: string, place: number, seq: number): void {
    const posts = this.#posts.get(room) ?? [];
    for (const other of posts) {
      if (other.place < place === other.seq < seq) continue;
      const text = `post ${place} of ${this.#who} to ${room} is at seq ${seq}, post ${other.place} at seq ${other.seq}`;
      throw new Violation('SIM5', text);
    }
    posts.push({ place, seq });
    this.#posts.set(room, posts);
  }
}
