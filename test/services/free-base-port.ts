/** A base port whose whole block is free at this moment. */
import { isTaken, PORT_COUNT } from '../../scripts/services/ports.ts';

/** Below the range from which Linux gives out temporary ports, and above the default block. */
const LOWEST = 25_000;
const BLOCKS = Math.floor((32_000 - LOWEST) / PORT_COUNT);

export async function freeBasePort(): Promise<number> {
  const first = Math.floor(Math.random() * BLOCKS);
  for (let step = 0; step < BLOCKS; step++) {
    const base = LOWEST + ((first + step) % BLOCKS) * PORT_COUNT;
    const taken = await Promise.all(Array.from({ length: PORT_COUNT }, (_, offset) => isTaken(base + offset)));
    if (!taken.includes(true)) return base;
  }
  throw new Error('no block of ports is free');
}
