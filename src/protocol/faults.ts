/**
 * Faults: why a request has no result. A fault is a value, never thrown. This catalogue is the one place that says what
 * each code means for HTTP and for whoever asks again.
 */

export type FaultCode =
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'conflict'
  | 'too_large'
  | 'rate_limited'
  | 'overloaded'
  | 'unavailable'
  | 'unsupported'
  | 'internal';

export interface Fault {
  readonly code: FaultCode;
  /** For people. Holds no secrets and no message bodies. */
  readonly message: string;
  /** Milliseconds after which a repetition has a chance. */
  readonly retryAfter?: number;
}

interface FaultRule {
  readonly httpStatus: number;
  /**
   * - `never`: the same request fails again.
   * - `later`: nothing happened; the same request may succeed after `retryAfter`.
   * - `same-nonce`: the outcome is unknown; repeat it after `retryAfter`, a post with its nonce.
   */
  readonly retry: 'never' | 'later' | 'same-nonce';
  /** One sentence for the reference. */
  readonly meaning: string;
}

export const FAULTS: Readonly<Record<FaultCode, FaultRule>> = Object.freeze({
  invalid: { httpStatus: 400, retry: 'never', meaning: 'The params are not what the method takes.' },
  unauthenticated: { httpStatus: 401, retry: 'never', meaning: 'No `hello` yet, or a token that is not valid.' },
  forbidden: { httpStatus: 403, retry: 'never', meaning: 'The user may not do this.' },
  not_found: { httpStatus: 404, retry: 'never', meaning: 'It does not exist, or the user may not know of it.' },
  conflict: { httpStatus: 409, retry: 'never', meaning: 'It contradicts what is there.' },
  too_large: {
    httpStatus: 413,
    retry: 'never',
    meaning: 'The body of a message, or of an HTTP request, is over its limit.',
  },
  rate_limited: { httpStatus: 429, retry: 'later', meaning: 'The user or address asks too often.' },
  overloaded: { httpStatus: 503, retry: 'later', meaning: 'A queue on the way is full; nothing happened.' },
  unavailable: {
    httpStatus: 503,
    retry: 'same-nonce',
    meaning: 'A part that is needed is away or late. The outcome is unknown.',
  },
  unsupported: { httpStatus: 501, retry: 'never', meaning: 'The server knows no such method.' },
  internal: { httpStatus: 500, retry: 'never', meaning: 'A defect of the server; the message names its log entry.' },
});

/** Makes a fault; `retryAfter` in milliseconds. */
export function fault(code: FaultCode, message: string, retryAfter?: number): Fault {
  return retryAfter === undefined ? { code, message } : { code, message, retryAfter };
}

/** Whether a string is one of the codes; a peer's newer code is not. */
export function isFaultCode(code: string): code is FaultCode {
  return Object.hasOwn(FAULTS, code);
}

/** Takes a fault of any code, as the runtime makes them; one that the wire does not know becomes `internal`. */
export function toWireFault(from: {
  readonly code: string;
  readonly message: string;
  readonly retryAfter?: number;
}): Fault {
  return isFaultCode(from.code)
    ? fault(from.code, from.message, from.retryAfter)
    : fault('internal', 'the request failed');
}
