/** Session index: which devices a user is on now, and when those that are not were last there. A help, and never the truth. */
import type { Promised } from './records.ts';

export interface IndexedDevice {
  readonly tokenHash: string;
  readonly device: string;
  /** Open when it was written; 0 for a device that is not there. */
  readonly sockets: number;
  /** Milliseconds since the epoch. Written again each minute while the device is there. */
  readonly seenAt: number;
}

/**
 * Kept for a week after the user's last word, and lost at any time: whoever reads it has the records, which are exact to some
 * minutes. Tokens are not decided here: who is in the index may be logged out.
 */
export interface SessionIndex {
  note(user: string, device: IndexedDevice): Promised<void>;
  /** When each of the user's devices was last there, by `sessionField` of its token's hash. */
  seenOf(user: string): Promised<Readonly<Record<string, number>>>;
  forget(user: string, tokenHashes: readonly string[]): Promised<void>;
}

const FIELD_LENGTH = 16;

/** What the index knows a token by: too little of the hash to find the token's row. */
export function sessionField(tokenHash: string): string {
  return tokenHash.slice(0, FIELD_LENGTH);
}
