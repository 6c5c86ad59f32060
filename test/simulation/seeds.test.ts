/** The engine's actors under simulated faults. A failing seed is looked into with `npm run simulate -- --seed S`. */
import { expect, test } from 'bun:test';
import { TEST_MS } from '../support/wait.ts';
import { scenarioOf } from './engine/many-nodes.ts';
import { runScenario } from './engine/run.ts';

const SEEDS = 200;
const SEEDS_PER_TEST = 20;

for (let first = 1; first <= SEEDS; first += SEEDS_PER_TEST) {
  const last = first + SEEDS_PER_TEST - 1;
  test(
    `[SIM1…SIM10] every rule holds under seeds ${first} to ${last}`,
    () => {
      let messages = 0;
      for (let seed = first; seed <= last; seed++) {
        const result = runScenario(scenarioOf(seed));
        expect(result.violation, `seed ${seed}`).toBeUndefined();
        messages += result.acknowledged;
      }
      // A simulation in which nothing happens would find nothing.
      expect(messages).toBeGreaterThan(SEEDS_PER_TEST * 20);
    },
    TEST_MS,
  );
}
