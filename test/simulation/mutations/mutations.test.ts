import { expect, test } from 'bun:test';
import { MUTATIONS } from './mutations.ts';
import { MOST_MS, tryMutation } from './try-mutation.ts';

for (const mutation of MUTATIONS) {
  test(
    `[SIM14] the simulation finds it: ${mutation.name}`,
    () => {
      const { caught, text } = tryMutation(mutation);
      expect(caught, text).toBe(true);
    },
    MOST_MS,
  );
}
