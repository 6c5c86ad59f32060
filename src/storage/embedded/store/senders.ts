/** What the store's writer keeps in memory of the senders that it met lately, within a bound. */
import type { Database, Statement } from 'bun:sqlite';
import { NONCE_WINDOW, RecentNonces } from './recent-nonces.ts';
import { SenderChain } from './sender-chain.ts';

export interface SenderState {
  readonly room: number;
  readonly sender: string;
  /** Seq of the sender's newest record in the room; 0 before the first. */
  last: number;
  readonly nonces: RecentNonces;
}

/** Rough cost of one sender beside its nonces. */
const STATE_BYTES = 256;

export class Senders {
  readonly chain: SenderChain;
  readonly #save: Statement<unknown, [number, string, number]>;
  readonly #maxBytes: number;
  readonly #known = new Map<string, SenderState>();
  readonly #changed = new Set<SenderState>();
  #bytes = 0;

  constructor(db: Database, table: 'message' | 'change', maxBytes: number) {
    this.chain = new SenderChain(db, table);
    this.#maxBytes = maxBytes;
    this.#save = db.prepare(
      `INSERT INTO ${table}_sender VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET seq = excluded.seq`,
    );
  }

  of(room: number, sender: string): SenderState {
    const key = `${room} ${sender}`;
    const known = this.#known.get(key);
    if (known) return known;
    const state = { room, sender, last: this.chain.last(room, sender), nonces: new RecentNonces() };
    for (const post of this.chain.before(room, state.last, NONCE_WINDOW)) state.nonces.add(post.nonce);
    this.#known.set(key, state);
    this.#bytes += STATE_BYTES + state.nonces.bytes;
    return state;
  }

  /** Takes note of a record that was stored as the sender's newest. */
  stored(state: SenderState, seq: number, nonce: string): void {
    this.#bytes -= state.nonces.bytes;
    state.nonces.add(nonce);
    this.#bytes += state.nonces.bytes;
    state.last = seq;
    this.#changed.add(state);
  }

  /** Forgets one sender, whose records changed in another way than by a newer one. */
  forget(state: SenderState): void {
    if (this.#known.delete(`${state.room} ${state.sender}`)) this.#bytes -= STATE_BYTES + state.nonces.bytes;
  }

  /** Writes what changed, one row a sender, into the transaction that is open. */
  flush(): void {
    for (const state of this.#changed) this.#save.run(state.room, state.sender, state.last);
    this.#changed.clear();
    for (const state of this.#known.values()) {
      if (this.#bytes <= this.#maxBytes) break;
      this.forget(state);
    }
  }

  /** Forgets everything, since the transaction that it belonged to was rolled back. */
  reset(): void {
    this.#known.clear();
    this.#changed.clear();
    this.#bytes = 0;
  }
}
