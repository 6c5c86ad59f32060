/** A simulated client's outbox: posts wait here until they are answered, and are repeated in order with their nonces. */
import type { RpcResponse } from '../../../src/protocol/envelope.ts';
import type { ResultOf } from '../../../src/protocol/types.ts';
import type { SeededRandom } from '../../../src/testkit/simulation/random.ts';
import type { ClientWorld, SimulatedClient } from './client.ts';

interface Pending {
  readonly room: string;
  readonly nonce: string;
  readonly body: Uint8Array;
  /** Place of its sending on this socket; -1 before that. */
  place: number;
  /** Whether it was sent once only: a repetition is a new sending, which others have overtaken. */
  ordered: boolean;
  inFlight: boolean;
}

const MAX_PAD_BYTES = 200;

export class Outbox {
  readonly #client: SimulatedClient;
  readonly #world: ClientWorld;
  readonly #random: SeededRandom;
  #posts: Pending[] = [];
  /** Rooms that refused a post: nothing is sent there before this time, and before all in flight is answered. */
  readonly #heldUntilMs = new Map<string, number>();
  #count = 0;
  #sent = 0;

  constructor(client: SimulatedClient, world: ClientWorld, random: SeededRandom) {
    this.#client = client;
    this.#world = world;
    this.#random = random;
  }

  get size(): number {
    return this.#posts.length;
  }

  add(room: string): void {
    this.#count += 1;
    const nonce = `${this.#client.name}-${this.#count}`;
    const body = new Uint8Array(1 + this.#random.int(MAX_PAD_BYTES)).fill(this.#count);
    this.#posts.push({ room, nonce, body, place: -1, ordered: true, inFlight: false });
    this.flush();
  }

  /** The socket is gone: what was in flight is sent again on the next one. */
  interrupted(): void {
    for (const post of this.#posts) {
      if (post.place >= 0) post.ordered = false;
      post.inFlight = false;
    }
    this.#heldUntilMs.clear();
  }

  flush(): void {
    if (!this.#client.ready) return;
    for (const post of this.#posts) {
      if (!post.inFlight && !this.#held(post.room)) this.#send(post);
    }
  }

  #held(room: string): boolean {
    const untilMs = this.#heldUntilMs.get(room);
    if (untilMs === undefined) return false;
    if (this.#world.schedule.nowMs < untilMs || this.#posts.some((post) => post.room === room && post.inFlight)) {
      return true;
    }
    this.#heldUntilMs.delete(room);
    return false;
  }

  #send(post: Pending): void {
    const { room, nonce, body } = post;
    const { senders } = this.#client;
    if (post.place < 0) post.place = this.#sent++;
    post.inFlight = true;
    this.#client.request('messages.post', { room, nonce, body }, (response) => {
      post.inFlight = false;
      if (response.fault !== null) return this.#refused(post, response.fault);
      const { seq } = response.result as unknown as ResultOf<'messages.post'>;
      this.#posts = this.#posts.filter((other) => other !== post);
      this.#world.oracle.acknowledged(room, this.#client.user, nonce, seq);
      if (post.ordered) senders.acknowledged(room, post.place, seq);
      this.flush();
    });
  }

  #refused(post: Pending, { code, retryAfter }: NonNullable<RpcResponse['fault']>): void {
    if (retryAfter === undefined && code !== 'internal') {
      this.#posts = this.#posts.filter((other) => other !== post);
      return this.flush();
    }
    const { schedule } = this.#world;
    post.ordered = false;
    const waitMs = retryAfter ?? 200;
    this.#heldUntilMs.set(post.room, schedule.nowMs + waitMs);
    schedule.after(waitMs, () => this.flush());
    this.flush();
  }
}
