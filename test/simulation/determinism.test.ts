import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { runScenario } from './engine/run.ts';
import { scenarioOf } from './engine/scenario.ts';

const SEEDS = [3, 94, 163];
const digests = (): string[] => SEEDS.map((seed) => runScenario(scenarioOf(seed)).digest);

test('[SIM11] one seed gives one trace, byte for byte, twice in a process', () => {
  expect(digests()).toEqual(digests());
});

test('[SIM11] one seed gives one trace, byte for byte, in two processes', () => {
  const code = `
    const { runScenario } = await import(${JSON.stringify(join(import.meta.dir, 'engine/run.ts'))});
    const { scenarioOf } = await import(${JSON.stringify(join(import.meta.dir, 'engine/scenario.ts'))});
    console.log(JSON.stringify(${JSON.stringify(SEEDS)}.map((seed) => runScenario(scenarioOf(seed)).digest)));`;
  const { stdout, stderr } = Bun.spawnSync([process.execPath, '-e', code], { timeout: 30_000 });
  expect(stderr.toString()).toBe('');
  expect(JSON.parse(stdout.toString())).toEqual(digests());
}, 60_000);

test('[SIM11] the trace does not change when it is kept', () => {
  expect(runScenario(scenarioOf(7), 1_000).digest).toBe(runScenario(scenarioOf(7)).digest);
});

test('[SIM11] different seeds give different traces', () => {
  expect(runScenario(scenarioOf(1)).digest).not.toBe(runScenario(scenarioOf(2)).digest);
});
