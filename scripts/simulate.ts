/**
 * Runs the engine's actors under simulated faults: many seeds with `--seeds N`, from `--seed S` on; one seed with its
 * trace with `--seed S --trace`; all planted faults with `--mutations`. Every third seed runs several nodes; `--nodes one`
 * and `--nodes many` make all of them alike. `--json` prints one JSON object as the last line.
 */
import { parseArgs } from 'node:util';
import { manyNodes, scenarioOf } from '../test/simulation/engine/many-nodes.ts';
import { type RunResult, runScenario } from '../test/simulation/engine/run.ts';
import { oneNode, type Scenario } from '../test/simulation/engine/scenario.ts';
import { shrink } from '../test/simulation/engine/shrink.ts';
import { MUTATIONS } from '../test/simulation/mutations/mutations.ts';
import { tryMutation } from '../test/simulation/mutations/try-mutation.ts';

const TRACE_LINES = 5_000;
const BAR_WIDTH = 30;
const MS_PER_BAR = 200;

const USAGE = `usage: npm run simulate -- [OPTIONS]   (or: bun run simulate [OPTIONS])

  --seeds N      run N seeds (200)
  --seed S       begin with this one (1)
  --nodes KIND   one: run one node under every seed; many: run several (every third seed runs several)
  --trace        run one seed and print its trace
  --mutations    plant each known fault in a copy of the sources and show that it is caught
  --no-shrink    do not look for a smaller scenario when a seed fails
  --json         print the figures as one JSON object on the last line`;

const EXIT_USAGE = 2;
const values = optionsOrExit();

function optionsOrExit() {
  try {
    const parsed = parseArgs({
      options: {
        seeds: { type: 'string' },
        seed: { type: 'string', default: '1' },
        nodes: { type: 'string' },
        trace: { type: 'boolean', default: false },
        mutations: { type: 'boolean', default: false },
        'no-shrink': { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (!parsed.values.help) return parsed.values;
    console.log(USAGE);
    process.exit(0);
  } catch (error) {
    console.error(`simulate: ${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    process.exit(EXIT_USAGE);
  }
}

function main(): number {
  if (values.mutations) return mutations();
  const first = wholeNumber('seed', values.seed);
  const count = values.trace ? 1 : wholeNumber('seeds', values.seeds ?? '200');
  return seeds(first, count);
}

function scenario(seed: number): Scenario {
  if (values.nodes === undefined) return scenarioOf(seed);
  if (values.nodes === 'one') return oneNode(seed);
  if (values.nodes === 'many') return manyNodes(seed);
  console.error(`--nodes: one or many, not '${values.nodes}'`);
  process.exit(EXIT_USAGE);
}

function seeds(first: number, count: number): number {
  const startMs = performance.now();
  let steps = 0;
  let messages = 0;
  let failed: RunResult | undefined;
  let done = 0;
  let shownMs = 0;
  for (; done < count && failed === undefined; done++) {
    const result = runScenario(scenario(first + done), values.trace ? TRACE_LINES : 0);
    steps += result.steps;
    messages += result.messages;
    if (values.trace) process.stdout.write(result.trace);
    if (result.violation !== undefined) failed = result;
    if (performance.now() - shownMs < MS_PER_BAR) continue;
    shownMs = performance.now();
    bar(done + 1, count, (performance.now() - startMs) / 1_000);
  }
  const seconds = (performance.now() - startMs) / 1_000;
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  const rate = `${(done / seconds).toFixed(1)} seeds/s`;
  console.log(`${done} seeds from ${first}, ${steps} steps, ${messages} messages in ${seconds.toFixed(1)} s: ${rate}`);
  if (failed !== undefined) report(failed);
  if (values.json) {
    const failure = failed?.violation && { seed: failed.seed, ...failed.violation };
    console.log(JSON.stringify({ seeds: done, seconds, steps, messages, failure: failure ?? null }));
  }
  return failed === undefined ? 0 : 1;
}

function report(failed: RunResult): void {
  console.log(`seed ${failed.seed}: ${failed.violation?.text}`);
  if (values['no-shrink']) return;
  const { scenario: smaller, runs } = shrink(scenario(failed.seed));
  const { violation, trace } = runScenario(smaller, 80);
  console.log(`\nshrunk in ${runs} runs to ${smaller.ops.length} ops: ${violation?.text}`);
  console.log(JSON.stringify(smaller, undefined, 1).replaceAll(/\n\s{3,}/g, ' '));
  console.log(`\nthe end of its trace:\n${trace}`);
}

function mutations(): number {
  let caught = 0;
  for (const mutation of MUTATIONS) {
    const result = tryMutation(mutation);
    if (result.caught) caught += 1;
    console.log(`${result.caught ? 'caught' : 'MISSED'}  ${mutation.name}: ${result.text}`);
  }
  console.log(`${caught} of ${MUTATIONS.length} planted faults are caught`);
  return caught === MUTATIONS.length ? 0 : 1;
}

function bar(done: number, count: number, seconds: number): void {
  if (!process.stderr.isTTY) return;
  const filled = Math.round((done / count) * BAR_WIDTH);
  const picture = `${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)}`;
  process.stderr.write(`\r${picture} ${done}/${count} ${(done / seconds).toFixed(1)} seeds/s`);
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  console.error(`--${name}: a whole number is needed, not '${text}'`);
  process.exit(64);
}

process.exitCode = main();
