/** What the runtime needs of the world around it. Production gives the real thing, the simulator a seeded one. */

/** Cancels a timer; calling it twice, or after the timer fired, does nothing. */
export type CancelTimer = () => void;

/**
 * Clock, timers and chance.
 *
 * *Gotchas.* `wallMs` may jump; durations are measured with `monotonicMs` only.
 */
export interface Host {
  /** Milliseconds since the epoch, whole. */
  wallMs(): number;
  /** Milliseconds since an arbitrary start, with fractions, never backwards. */
  monotonicMs(): number;
  /** Calls `callback` once, no earlier than `delayMs` from now. */
  setTimer(delayMs: number, callback: () => void): CancelTimer;
  /** Calls `callback` once, after pending I/O has had its turn. */
  defer(callback: () => void): void;
  /** Uniform in [0, 1). */
  random(): number;
  /** A new globally unique id: 21 characters of `[A-Za-z0-9_-]`. */
  newId(): string;
}

/** Where the runtime reports what an operator should know. Field values are plain data, never message bodies. */
export interface RuntimeLog {
  warn(text: string, fields: Readonly<Record<string, unknown>>): void;
  error(text: string, fields: Readonly<Record<string, unknown>>): void;
}
