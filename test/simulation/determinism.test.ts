import { expect, setDefaultTimeout, test } from 'bun:test';
import { join } from 'node:path';
import { TEST_MS } from '../support/wait.ts';
import { scenarioOf } from './engine/many-nodes.ts';
import { runScenario } from './engine/run.ts';

setDefaultTimeout(TEST_MS);

/** The first two run several nodes. */
const SEEDS = [3, 9, 94, 163];
const digests = (): string[] => SEEDS.map((seed) => runScenario(scenarioOf(seed)).digest);

test('[SIM11] one seed gives one trace, byte for byte, twice in a process', () => {
  expect(SEEDS.map((seed) => scenarioOf(seed).nodes.length > 1)).toEqual([true, true, false, false]);
  expect(digests()).toEqual(digests());
});

test('[SIM11] one seed gives one trace, byte for byte, in two processes', () => {
  const code = `
    const { runScenario } = await import(${JSON.stringify(join(import.meta.dir, 'engine/run.ts'))});
    const { scenarioOf } = await import(${JSON.stringify(join(import.meta.dir, 'engine/many-nodes.ts'))});
    console.log(JSON.stringify(${JSON.stringify(SEEDS)}.map((seed) => runScenario(scenarioOf(seed)).digest)));`;
  const { stdout, stderr } = Bun.spawnSync([process.execPath, '-e', code], { timeout: TEST_MS });
  expect(stderr.toString()).toBe('');
  expect(JSON.parse(stdout.toString())).toEqual(digests());
});

test('[SIM11] the trace does not change when it is kept', () => {
  expect(runScenario(scenarioOf(7), 1_000).digest).toBe(runScenario(scenarioOf(7)).digest);
});

test('[SIM11] different seeds give different traces', () => {
  expect(runScenario(scenarioOf(1)).digest).not.toBe(runScenario(scenarioOf(2)).digest);
});
