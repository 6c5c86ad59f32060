/**
 * A sender's last nonces in a room as fingerprints: enough to say "surely new" of nearly every record without asking the
 * database. A hit proves nothing and must be looked up.
 */
import { hash } from 'bun';

/** Idempotence covers this many of a sender's last posts in a room. */
export const NONCE_WINDOW = 1_000;

const FIRST_CAPACITY = 8;

export class RecentNonces {
  #ring = new Uint32Array(FIRST_CAPACITY);
  #count = 0;

  get bytes(): number {
    return this.#ring.byteLength;
  }

  add(nonce: string): void {
    if (this.#count === this.#ring.length && this.#count < NONCE_WINDOW) {
      const grown = new Uint32Array(Math.min(this.#count * 2, NONCE_WINDOW));
      grown.set(this.#ring);
      this.#ring = grown;
    }
    this.#ring[this.#count % this.#ring.length] = fingerprint(nonce);
    this.#count += 1;
  }

  mayHave(nonce: string): boolean {
    return this.#ring.indexOf(fingerprint(nonce)) !== -1;
  }
}

/** Never 0, which marks the free places of the ring. */
function fingerprint(nonce: string): number {
  return hash.xxHash32(nonce) || 1;
}
