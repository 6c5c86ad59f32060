/** The real world for a shard: the machine's clock, timers and chance. */
import { nanoid } from 'nanoid';
import type { Host } from '../runtime/host.ts';

export const realHost: Host = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  setTimer(delayMs, callback) {
    const timer = setTimeout(callback, Math.max(0, delayMs));
    return () => clearTimeout(timer);
  },
  defer: (callback) => {
    setImmediate(callback);
  },
  random: () => Math.random(),
  newId: () => nanoid(),
};
