/** Shrinking: makes a failing scenario smaller for as long as it breaks the same rule. */
import { type RunResult, runScenario } from './run.ts';
import type { Scenario, TimedOp } from './scenario.ts';

export interface Shrunk {
  readonly scenario: Scenario;
  readonly result: RunResult;
  readonly runs: number;
}

/** Tries at most `maxRuns` smaller scenarios. */
export function shrink(failing: Scenario, maxRuns = 300): Shrunk {
  let best = { scenario: failing, result: runScenario(failing) };
  const rule = best.result.violation?.rule;
  let runs = 0;
  const accepts = (scenario: Scenario): boolean => {
    if (rule === undefined || runs >= maxRuns) return false;
    runs += 1;
    const result = runScenario(scenario);
    if (result.violation?.rule !== rule) return false;
    best = { scenario, result };
    return true;
  };
  for (let size = Math.ceil(best.scenario.ops.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let start = 0; start < best.scenario.ops.length; ) {
      const ops = best.scenario.ops.filter((_, index) => index < start || index >= start + size);
      if (!accepts({ ...best.scenario, ops })) start += size;
    }
  }
  for (let count = best.scenario.clients.length - 1; count >= 1; count--) {
    if (!accepts({ ...best.scenario, clients: best.scenario.clients.slice(0, count) })) break;
  }
  for (const [index, op] of best.scenario.ops.entries()) {
    for (let smaller = smallerOp(op); smaller !== undefined; smaller = smallerOp(smaller)) {
      const ops = best.scenario.ops.with(index, smaller);
      if (!accepts({ ...best.scenario, ops })) break;
    }
  }
  return { ...best, runs };
}

function smallerOp(op: TimedOp): TimedOp | undefined {
  if (op.do === 'post' && op.count > 1) return { ...op, count: Math.floor(op.count / 2) };
  return undefined;
}
