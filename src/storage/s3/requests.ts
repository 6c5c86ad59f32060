/**
 * Requests with a deadline, repeated a few times.
 *
 * The client's own repetitions are switched off: they know neither our deadlines nor which answers pass, and two layers
 * would multiply. This layer bridges moments, a lost connection or a gateway that restarts; whoever asks bridges
 * outages, as a job does that is tried again in minutes.
 */
import { DeadlinePassed, meaningOf, toStorageFault } from './faults.ts';

export interface RequestLimits {
  /** Deadline of one attempt, its body included: milliseconds. */
  readonly requestMs: number;
  /** How often one request is made in all. */
  readonly attempts: number;
  /** Longest pause before the second attempt; it doubles from there. A pause is cut short by chance: milliseconds. */
  readonly pauseMs: number;
}

/** Runs `work` under the limits. Throws the caller's reason when `signal` aborts, else a `StorageFault` or a defect. */
export async function repeated<T>(
  doing: string,
  limits: RequestLimits,
  work: (signal: AbortSignal) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await withDeadline(limits.requestMs, work, signal);
    } catch (error) {
      signal?.throwIfAborted();
      if (attempt >= limits.attempts || !meaningOf(error)?.isPassing) throw toStorageFault(error, doing);
    }
    await pause(limits, attempt, signal);
  }
}

/** Runs `work` until the deadline; then its signal aborts, and what it does afterwards is of no interest. */
export async function withDeadline<T>(
  ms: number,
  work: (signal: AbortSignal) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  signal?.throwIfAborted();
  const stop = new AbortController();
  const stopped = Promise.withResolvers<never>();
  const end = (reason: unknown): void => {
    stop.abort(reason);
    stopped.reject(reason);
  };
  const onAbort = (): void => end(signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  const timer = setTimeout(() => end(new DeadlinePassed(ms)), ms);
  try {
    return await Promise.race([work(stop.signal), stopped.promise]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}

/** A pause of random length up to the attempt's bound, so that those who failed together do not come back together. */
export async function pause(limits: RequestLimits, attempt: number, signal?: AbortSignal): Promise<void> {
  const ms = Math.random() * limits.pauseMs * 2 ** (attempt - 1);
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  signal?.addEventListener('abort', () => resolve(), { once: true });
  await promise;
  clearTimeout(timer);
  signal?.throwIfAborted();
}
