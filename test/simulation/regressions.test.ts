/** Seeds and scenarios that once found a defect. Each of them held at the time of writing and is kept for good. */
import { expect, setDefaultTimeout, test } from 'bun:test';
import { TEST_MS } from '../support/wait.ts';
import { runScenario } from './engine/run.ts';
import { oneNode } from './engine/scenario.ts';
import { KEPT } from './kept-scenarios.ts';

setDefaultTimeout(TEST_MS);

const FOUND: readonly (readonly [seed: number, what: string])[] = [
  [37, 'what gathered on top of a failed group was written and left a hole in the log'],
  [94, 'a room reused the seqs of durable posts when the log writer had come back and refused a later one'],
  [119, 'a room reused the seqs of posts on their way when a full lane refused a later one'],
  [163, 'the same, in rooms that had come back from being idle'],
  [22, 'a client that was cut off without the frame went on from an old seq when it joined again'],
  [21, 'a removal whose answer was lost left its client believing to be a member'],
  [147, 'a membership whose answer was lost was in the records and nowhere else'],
  [268, 'a thread that a full lane kept from a removal was sent later messages'],
  [10133, 'a room whose making had an unknown outcome was told to nobody'],
  [10754, 'a room failed between a membership and its telling, and the member never learned of it'],
  [292, 'a user actor that failed forgot its sessions, and they never learned of a new room'],
];

for (const [seed, what] of FOUND) {
  test(`[SIM1…SIM10] seed ${seed}: ${what}`, () => {
    expect(runScenario(oneNode(seed)).violation).toBeUndefined();
  });
}

for (const { what, scenario } of KEPT) {
  test(`[SIM1…SIM17] several nodes: ${what}`, () => {
    expect(runScenario(scenario).violation).toBeUndefined();
  });
}
