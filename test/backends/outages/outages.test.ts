/**
 * The outage table of docs/reliability.md as a test: each back end is killed, paused and made slow under load, alone and
 * together with the engine. It has a set of back ends of its own. MAILROOM_TEST_FULL=1 runs every cell with outages of
 * 20 s; CI, and MAILROOM_TEST_SERVICES=1, a few cells with short ones; elsewhere this file holds no test.
 */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { TARGETS } from './back-ends.ts';
import { type Cell, type Row, runCell, titleOf } from './cell.ts';
import { markdown } from './report.ts';
import { World } from './world.ts';

setDefaultTimeout(900_000);

/** What a run may add to the memory of an engine that holds back posts, and what its log may say of one outage. */
const MAX_RSS_BYTES = 1_500 * 1024 * 1024;
const MAX_WARNINGS = 200;

const EVERY: readonly Cell[] = [
  ...TARGETS.flatMap((target) => (['killed', 'paused'] as const).map((how) => ({ target, how, withEngine: false }))),
  ...TARGETS.flatMap((target) => (['killed', 'paused'] as const).map((how) => ({ target, how, withEngine: true }))),
  ...TARGETS.map((target) => ({ target, how: 'slow', withEngine: false }) as const),
];
const FEW: readonly Cell[] = [
  { target: 'redis', how: 'killed', withEngine: false },
  { target: 'rabbitmq', how: 'killed', withEngine: false },
  { target: 'mysql-primary', how: 'killed', withEngine: false },
  { target: 'mysql-primary', how: 'paused', withEngine: false },
  { target: 'rabbitmq', how: 'killed', withEngine: true },
];

const isFull = process.env.MAILROOM_TEST_FULL === '1';
const isWanted = isFull || process.env.CI === 'true' || process.env.MAILROOM_TEST_SERVICES === '1';
const cells = isFull ? EVERY : FEW;
const outageMs = isFull ? 20_000 : 5_000;

if (isWanted) {
  let world: World;
  const rows: Row[] = [];

  beforeAll(async () => {
    world = await World.make();
  }, 300_000);
  afterAll(async () => {
    console.log(`\n${markdown(rows)}\n`);
    await world[Symbol.asyncDispose]();
  }, 120_000);

  for (const cell of cells) {
    test(`${ruleOf(cell)} ${titleOf(cell)}`, async () => {
      const row = await runCell(world, cell, outageMs);
      rows.push(row);
      const { stored: _stored, ...wrong } = row.comparison;
      expect(row.problems).toEqual([]);
      for (const [what, found] of Object.entries(wrong)) expect({ what, found }).toEqual({ what, found: [] });
      // Without its log the engine takes no posts; whatever else is away, it does.
      const mustGoOn = !cell.withEngine && (cell.target !== 'rabbitmq' || cell.how === 'slow');
      if (mustGoOn) expect(row.acknowledgedDuring).toBeGreaterThan(0);
      expect(row.maxRssBytes).toBeLessThan(MAX_RSS_BYTES);
      expect(row.warnings).toBeLessThan(MAX_WARNINGS);
    });
  }
}

function ruleOf({ target, how, withEngine }: Cell): string {
  if (withEngine) return '[OUT6]';
  if (how === 'slow') return '[OUT7]';
  return { redis: '[OUT1]', rabbitmq: '[OUT2]', 'mysql-primary': '[OUT3]', 'mysql-replica': '[OUT4]', ceph: '[OUT5]' }[
    target
  ];
}
