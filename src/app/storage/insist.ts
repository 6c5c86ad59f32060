/** Starting waits for a back end without which nothing can be done, and says so. */
import type { Logger } from '../../log/logger.ts';
import { StorageFault } from '../../storage/ports/faults.ts';

const FIRST_PAUSE_MS = 200;
const MAX_PAUSE_MS = 5_000;

/** Does it until the back end is there, and says why it is not, once for each reason. Rejects with any fault but `unavailable`. */
export async function insist<T>(log: Logger, doing: string, work: () => Promise<T>): Promise<T> {
  let told = '';
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(MAX_PAUSE_MS, pauseMs * 2)) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof StorageFault) || error.code !== 'unavailable') throw error;
      if (error.message !== told) log.warn(`cannot ${doing} yet; trying until it works`, { fault: error.message });
      told = error.message;
    }
    await Bun.sleep(pauseMs);
  }
}
