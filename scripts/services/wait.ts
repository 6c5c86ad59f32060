/** The one way in which `services` waits: for something named, no longer than a bound, and only while it can still come. */
import { Problem } from './problem.ts';

const PAUSE_MS = 50;

export interface WaitOptions {
  readonly timeoutMs: number;
  /** Throws where waiting on is in vain, for instance as the process has ended. */
  readonly stillPossible?: () => void;
}

/** Resolves as soon as `attempt` does. A failed attempt is the next one's reason, and at last the one that is reported. */
export async function waitFor<T>(what: string, attempt: () => Promise<T> | T, options: WaitOptions): Promise<T> {
  const end = performance.now() + options.timeoutMs;
  for (;;) {
    try {
      return await attempt();
    } catch (cause) {
      options.stillPossible?.();
      if (performance.now() > end) {
        const reason = cause instanceof Error ? cause.message : String(cause);
        throw new Problem(`waited ${options.timeoutMs} ms in vain for ${what}: ${reason}`, { cause });
      }
    }
    await Bun.sleep(PAUSE_MS);
  }
}
