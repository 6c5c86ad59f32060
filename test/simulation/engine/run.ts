/** Runs one scenario: builds the world, lets everything happen, heals all, waits until it settles, and looks at the end. */
import { drainMicrotasks } from 'bun:jsc';
import { SeededRandom } from '../../../src/testkit/simulation/random.ts';
import { Schedule } from '../../../src/testkit/simulation/schedule.ts';
import { Trace } from '../../../src/testkit/simulation/trace.ts';
import { Violation } from './oracle.ts';
import type { Scenario } from './scenario.ts';
import { World } from './world.ts';

export interface RunResult {
  readonly seed: number;
  /** Undefined where every rule held. */
  readonly violation: { readonly rule: string; readonly text: string } | undefined;
  /** Hex SHA-256 of the whole trace. */
  readonly digest: string;
  readonly steps: number;
  readonly virtualMs: number;
  readonly messages: number;
  readonly acknowledged: number;
  /** The last lines of the trace, as many as were asked for. */
  readonly trace: string;
}

/** Longest virtual time from the last fault to the moment when everybody has seen everything. */
const SETTLE_MS = 240_000;
const MAX_STEPS = 2_000_000;

export function runScenario(scenario: Scenario, traceLines = 0): RunResult {
  const random = new SeededRandom(scenario.seed ^ 0x5eed);
  const trace = new Trace(traceLines);
  const schedule = new Schedule(random.fork(), drainMicrotasks);
  let violation: RunResult['violation'];
  const world = new World(scenario, { schedule, trace, random });
  try {
    play(world, schedule, scenario);
  } catch (error) {
    violation =
      error instanceof Violation
        ? { rule: error.rule, text: error.message }
        : { rule: 'SIM9', text: `[SIM9] a thread failed: ${error instanceof Error ? error.stack : String(error)}` };
    trace.add(schedule.nowMs, violation.text.split('\n')[0] ?? '');
  }
  return {
    seed: scenario.seed,
    violation,
    digest: trace.digest(),
    steps: schedule.steps,
    virtualMs: schedule.nowMs,
    messages: world.messages,
    acknowledged: world.oracle.acknowledgedCount,
    trace: trace.lines(),
  };
}

function play(world: World, schedule: Schedule, { ops }: Scenario): void {
  world.start();
  const step = (limitMs: number): boolean => {
    const more = schedule.step(limitMs);
    world.throwDefect();
    if (schedule.steps > MAX_STEPS) throw new Violation('SIM8', 'the world does not come to rest: too many steps');
    return more;
  };
  while (!world.everybodyReady() && step(20_000));
  const startMs = schedule.nowMs;
  for (const op of ops) {
    while (step(startMs + op.atMs));
    world.apply(op);
    world.throwDefect();
  }
  const healAtMs = schedule.nowMs + 300;
  while (step(healAtMs));
  world.heal();
  const endMs = schedule.nowMs + SETTLE_MS;
  let lookAtMs = 0;
  for (;;) {
    if (schedule.nowMs >= lookAtMs) {
      if (world.unsettled() === undefined) break;
      lookAtMs = schedule.nowMs + 50;
    }
    if (!step(endMs)) throw new Violation('SIM8', `it does not settle: ${world.unsettled()}`);
  }
  world.checkEnd();
}
