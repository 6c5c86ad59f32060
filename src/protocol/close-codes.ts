/** Why a socket closes, and whether its client comes back. */

export const CLOSE = Object.freeze({
  malformed: 4400,
  unauthenticated: 4401,
  revoked: 4403,
  timedOut: 4408,
  tooLarge: 4413,
  tooFast: 4429,
  draining: 4503,
} as const);

export type CloseCode = (typeof CLOSE)[keyof typeof CLOSE];

interface CloseRule {
  /**
   * - `no`: the same client with the same token meets the same end.
   * - `backoff`: reconnect after a jittered, growing delay, or after the `retryAfter` that was announced.
   */
  readonly reconnect: 'no' | 'backoff';
  /** One sentence for the reference. */
  readonly meaning: string;
}

export const CLOSE_RULES: Readonly<Record<CloseCode, CloseRule>> = Object.freeze({
  4400: { reconnect: 'no', meaning: 'What came is no MessagePack-RPC: a defect of the client.' },
  4401: { reconnect: 'no', meaning: 'The token of the `hello` is not valid: log in again.' },
  4403: { reconnect: 'no', meaning: 'The token was revoked, replaced or has expired: log in again.' },
  4408: { reconnect: 'backoff', meaning: 'No `hello` within its deadline, or no sign of life for too long.' },
  4413: { reconnect: 'no', meaning: 'A WebSocket message over the limit: a defect of the client.' },
  4429: { reconnect: 'backoff', meaning: 'The client sends faster than it may, or reads slower than it must.' },
  4503: { reconnect: 'backoff', meaning: 'The node is draining or has failed.' },
});

/**
 * Whether a client reconnects after this close code.
 *
 * *Details.* A server may add codes. Those that are not in the table decide by range: 4400 to 4419 are final, every other
 * one, the standard codes 1000 to 1015 among them, is passing.
 */
export function reconnectsAfter(code: number): boolean {
  const rule = (CLOSE_RULES as Readonly<Record<number, CloseRule>>)[code];
  if (rule) return rule.reconnect !== 'no';
  return !(code >= 4400 && code <= 4419);
}
