/** How long to wait between attempts. All times are milliseconds. */
export interface BackoffOptions {
  /** The bound of the first wait. */
  readonly baseMs: number;
  /** The bound that no wait passes, except where the server names a longer one. */
  readonly maxMs: number;
}

/** Reconnects: quick at first, so that a blip is not seen, and half a minute apart in a long outage. */
export const reconnectBackoff: BackoffOptions = { baseMs: 250, maxMs: 30_000 };

/** Repeats of a request that the server was too busy for. */
export const repeatBackoff: BackoffOptions = { baseMs: 200, maxMs: 15_000 };

/**
 * The wait before attempt number `attempt` (0 for the first repeat), in milliseconds.
 *
 * Details: exponential, with the upper half jittered, so that the clients of a restarted server come back spread out.
 * A `retryAfterMs` of the server is a floor: the wait is never shorter, and the jitter comes on top of it.
 */
export function backoffDelay(attempt: number, options: BackoffOptions, random: () => number, retryAfterMs = 0): number {
  // The exponent is capped because 2 ** 1100 is Infinity and a long outage gets that far.
  const bound = Math.min(options.maxMs, options.baseMs * 2 ** Math.min(attempt, 30));
  const jittered = bound / 2 + random() * (bound / 2);
  return Math.round(retryAfterMs > 0 ? retryAfterMs + random() * Math.max(retryAfterMs * 0.5, bound) : jittered);
}
