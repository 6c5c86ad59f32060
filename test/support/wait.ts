/** Waits that name what they wait for, and end. How long they last decides only how late a failure is told. */

/** Longest wait of a test for one thing, unless it says otherwise: milliseconds. A busy machine may be very slow. */
export const PATIENCE_MS = 60_000;

/** Longest test that works with real processes: for `setDefaultTimeout` at the head of its file. */
export const TEST_MS = 300_000;

/** Resolves as the promise does, or rejects after `patienceMs` with what was waited for. */
export async function within<T>(what: string, promise: Promise<T>, patienceMs = PATIENCE_MS): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${patienceMs} ms in vain for ${what}`)), patienceMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Asks again and again, a moment apart, until the answer is one that `isRight`. For states that tell nobody of a change. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T> | T,
  isRight: (answer: T) => boolean,
  patienceMs = PATIENCE_MS,
): Promise<T> {
  const endMs = performance.now() + patienceMs;
  for (;;) {
    const answer = await ask();
    if (isRight(answer)) return answer;
    if (performance.now() > endMs) {
      throw new Error(`waited ${patienceMs} ms in vain for ${what}; last: ${JSON.stringify(answer)}`);
    }
    await Bun.sleep(20);
  }
}

/** Those who wait for something to arrive at one place, which calls `look` after every arrival. */
export class Watchers {
  readonly #watchers = new Set<() => void>();

  /** Resolves as soon as `look` finds something other than undefined, now or after a later arrival. */
  async until<T>(what: string, look: () => T | undefined, patienceMs?: number): Promise<T> {
    const found = Promise.withResolvers<T>();
    const watcher = (): void => {
      const value = look();
      if (value !== undefined) found.resolve(value);
    };
    this.#watchers.add(watcher);
    try {
      watcher();
      return await within(what, found.promise, patienceMs);
    } finally {
      this.#watchers.delete(watcher);
    }
  }

  look(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }
}
