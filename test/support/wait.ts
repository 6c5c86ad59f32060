/** Waits that name what they wait for, and end. */

/** Longest wait of a test for one thing, unless it says otherwise: milliseconds. */
export const PATIENCE_MS = 4_000;

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
