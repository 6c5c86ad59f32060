/** Nonces: which posts of a sender a room knows, so that a repeated post is answered and not posted again. */
import { LIMITS } from '../../protocol/limits.ts';
import type { PostedNonce } from '../../storage/ports/message-store.ts';
import type { Posted } from './messages.ts';

/** A post that is on its way to the log; those who repeat it wait with the first. */
export type Known = { readonly state: 'posted'; readonly posted: Posted } | { readonly state: 'pending' };

const PENDING: Known = { state: 'pending' };

/** One sender's last posts, oldest first. */
export class NonceWindow {
  readonly #known = new Map<string, Known>();
  #newestAt = 0;

  constructor(posts: readonly PostedNonce[]) {
    for (const { nonce, seq, at } of posts) this.posted(nonce, { seq, at });
  }

  /** When the sender posted last; 0: never. */
  get newestAt(): number {
    return this.#newestAt;
  }

  find(nonce: string): Known | undefined {
    return this.#known.get(nonce);
  }

  pending(nonce: string): void {
    this.#known.set(nonce, PENDING);
  }

  posted(nonce: string, posted: Posted): void {
    this.#known.set(nonce, { state: 'posted', posted });
    this.#newestAt = Math.max(this.#newestAt, posted.at);
    if (this.#known.size > LIMITS.nonceWindowPosts) this.#dropOldest();
  }

  /** The post did not happen. */
  forget(nonce: string): void {
    this.#known.delete(nonce);
  }

  #dropOldest(): void {
    for (const [nonce, known] of this.#known) {
      if (known.state === 'pending') continue;
      this.#known.delete(nonce);
      return;
    }
  }
}
