/** A port that nobody takes while an engine is down that is to come back on it. */
import { isTaken } from '../../scripts/services/ports.ts';

/** Below the range from which Linux gives temporary ports to clients: one of those may be any client's at any moment. */
const LOWEST = 20_000;
const HIGHEST = 23_999;

export async function freePort(): Promise<number> {
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST + 1));
    if (!(await isTaken(port))) return port;
  }
}
