import { expect, test } from 'bun:test';
import { MUTATIONS } from './mutations.ts';
import { tryMutation } from './try-mutation.ts';

for (const mutation of MUTATIONS) {
  test(`[SIM14] the simulation finds it: ${mutation.name}`, () => {
    const { caught, text } = tryMutation(mutation);
    expect(caught, text).toBe(true);
  }, 120_000);
}
