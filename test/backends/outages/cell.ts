/** One cell of the matrix: a back end goes away in one way under load, comes back, and everything is counted. */
import { eventually } from '../../support/wait.ts';
import type { Target } from './back-ends.ts';
import { type Comparison, compare, rowsOf } from './ledger.ts';
import { Prober, type Problems } from './probes.ts';
import { backEndStates, type World } from './world.ts';

export interface Cell {
  readonly target: Target;
  readonly how: 'killed' | 'paused' | 'slow';
  /** The engine is killed in the middle of the outage, and started again at once. */
  readonly withEngine: boolean;
}

/** What was seen. */
export interface Row {
  readonly title: string;
  readonly outageMs: number;
  /** In the cell, and while the back end was away. */
  readonly acknowledged: number;
  readonly acknowledgedDuring: number;
  readonly refused: number;
  readonly repeated: number;
  readonly longestAnswerMs: number;
  readonly maxRssBytes: number;
  /** Lines of the engine's log at `warn` and above. */
  readonly warnings: number;
  /** From the end of the outage until everything was acknowledged, read and stored. */
  readonly recoveredMs: number;
  /** Whether the killed engine was back before the back end was; undefined where it was not killed. */
  readonly startedDuring: boolean | undefined;
  readonly comparison: Comparison;
  readonly problems: Problems;
}

/** What a slow back end adds each way. */
const SLOW_MS = 200;
/** Patience for what comes by itself once everything is back. */
const BACK_MS = 120_000;

export function titleOf({ target, how, withEngine }: Cell): string {
  return `${target} ${how}${withEngine ? ' together with the engine' : ''}`;
}

export async function runCell(world: World, cell: Cell, outageMs: number): Promise<Row> {
  const { ledger, backEnds } = world;
  await world.settle(cell.how === 'slow');
  const before = { acknowledged: ledger.acknowledged.length, log: world.log().length };
  ledger.begin();
  world.maxRssBytes = 0;
  using prober = await Prober.make(world);
  await strike(world, cell);
  const begunMs = performance.now();
  const atStart = ledger.acknowledged.length;
  let isOver = false;
  let startedDuring: boolean | undefined;
  let warnings = 0;
  let starting: Promise<void> = Promise.resolve();
  if (cell.withEngine) {
    await Bun.sleep(outageMs / 3);
    warnings += warningsIn(world.log().slice(before.log));
    await world.kill();
    before.log = 0;
    startedDuring = false;
    starting = world.start(false);
    starting.then(
      () => {
        startedDuring = !isOver;
      },
      () => undefined,
    );
  }
  const probed = cell.withEngine ? Promise.resolve() : during(world, cell, prober);
  await Promise.all([probed, Bun.sleep(outageMs - (performance.now() - begunMs))]);
  isOver = true;
  const lastedMs = performance.now() - begunMs;
  const acknowledgedDuring = ledger.acknowledged.length - atStart;
  await backEnds.restore();
  const restoredMs = performance.now();
  await starting;
  if (!cell.withEngine) await prober.after();
  await eventually(
    'every back end to be ready',
    () => backEndStates(world.url),
    (states) => Object.values(states).every((state) => state === 'ready'),
    BACK_MS,
  );
  await world.drain();
  const comparison = await storedAtLast(world);
  const recoveredMs = performance.now() - restoredMs;
  warnings += warningsIn(world.log().slice(before.log));
  return {
    title: titleOf(cell),
    outageMs: lastedMs,
    acknowledged: ledger.acknowledged.length - before.acknowledged,
    acknowledgedDuring,
    refused: ledger.refused,
    repeated: ledger.repeated,
    longestAnswerMs: ledger.longestAnswerMs,
    maxRssBytes: world.maxRssBytes,
    warnings,
    recoveredMs,
    startedDuring,
    comparison,
    problems: [...prober.problems, ...ledger.broken.splice(0)],
  };
}

async function strike({ backEnds }: World, { target, how }: Cell): Promise<void> {
  if (how === 'killed') await backEnds.kill(target);
  else if (how === 'paused') backEnds.pause(target);
  else backEnds.slow(target, SLOW_MS);
}

/** The probes, and a reader that loses its connection and comes back: reading goes on whatever is away. */
async function during(world: World, { target, how }: Cell, prober: Prober): Promise<void> {
  const greetings = world.reader?.greetings ?? 0;
  world.reader?.vanish();
  const resumed = eventually(
    'a reader to come back during the outage',
    () => (world.reader?.greetings ?? 0) - greetings,
    (times) => times > 0,
    BACK_MS,
  );
  await Promise.all([prober.during(target, how === 'slow'), resumed]);
}

/** The log is moved into MySQL a moment after it has answered: once nothing is on its way, everything is there. */
async function storedAtLast(world: World): Promise<Comparison> {
  const { ledger, backEnds, rooms } = world;
  const url = backEnds.variables.MAILROOM_MYSQL_URL ?? '';
  return await eventually(
    'everything acknowledged to be in MySQL',
    async () => compare(ledger, await rowsOf(url, rooms)),
    ({ stored }) => stored >= ledger.acknowledged.length,
    BACK_MS,
  );
}

function warningsIn(log: string): number {
  return log.split('\n').filter((line) => line.includes('"level":"warn"') || line.includes('"level":"error"')).length;
}
