/** Time as the client sees it. Tests put a virtual one in its place. */
export interface ClientClock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Runs `task` once after `delayMs` milliseconds; the answer cancels it, and is harmless after it ran. */
  after(delayMs: number, task: () => void): () => void;
}

/** The clock of the platform. */
export const systemClock: ClientClock = {
  now: () => Date.now(),
  after: (delayMs, task) => {
    const timer = setTimeout(task, delayMs);
    return () => clearTimeout(timer);
  },
};
