/** Tokens that a user's actor knows to be valid without asking the records again. */
import type { TokenRecord } from '../../storage/ports/records.ts';

const MAX_KNOWN = 64;

export class KnownTokens {
  readonly #tokens = new Map<string, TokenRecord>();

  get(hash: string): TokenRecord | undefined {
    return this.#tokens.get(hash);
  }

  hashes(): readonly string[] {
    return [...this.#tokens.keys()];
  }

  /** Past the bound those that were learnt first are forgotten, except for the ones in use. */
  learn(token: TokenRecord, inUse: ReadonlySet<string>): void {
    this.#tokens.set(token.tokenHash, token);
    for (const hash of this.#tokens.keys()) {
      if (this.#tokens.size <= MAX_KNOWN) return;
      if (!inUse.has(hash)) this.#tokens.delete(hash);
    }
  }

  forget(hash: string): void {
    this.#tokens.delete(hash);
  }

  /** Milliseconds since the epoch; infinite where the token is not known. */
  expiryOf(hash: string): number {
    return this.#tokens.get(hash)?.expiresAt ?? Number.POSITIVE_INFINITY;
  }
}
