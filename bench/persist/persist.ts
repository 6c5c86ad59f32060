/** The way out of the log: rows a second into MySQL by the persister, against a bare loop of inserts. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Bench } from '../lib/command.ts';
import { ROOT } from '../lib/environment.ts';
import { sumLosses } from '../lib/losses.ts';
import { figure, table } from '../lib/report.ts';
import { median, round } from '../lib/stats.ts';
import type { PersistResult } from './rows.ts';

const defaults = { rounds: 5, rows: 30_000, batch: 1_000, rooms: 100, bytes: 300 };
const DEADLINE_MS = 120_000;
const SIDES = ['drain', 'bare'] as const;

export const persist: Bench<typeof defaults> = {
  does: 'rows a second from the log into MySQL, against a bare loop of multi-row inserts',
  defaults,
  help: {
    rounds: 'fresh processes of each side, in turn',
    rows: 'rows that each one stores',
    batch: 'rows in one transaction',
    rooms: 'rooms that the rows belong to',
    bytes: 'of each frame',
  },
  async run({ rounds, rows, batch, rooms, bytes }, say) {
    const url = mysqlUrl();
    if (url === undefined) {
      say('MYSQL IS MISSING: set MAILROOM_MYSQL_URL, or npm run services -- up mysql. There are no figures.');
      return { drainVsBareInsert: null, drainRowsPerSecond: null, bareRowsPerSecond: null, ...sumLosses([]) };
    }
    const results: Record<(typeof SIDES)[number], PersistResult[]> = { drain: [], bare: [] };
    for (let each = 0; each < rounds; each++) {
      // Who goes first has the colder caches: it is one's turn, then the other's.
      for (const side of each % 2 === 0 ? SIDES : SIDES.toReversed()) {
        results[side].push(run(side, [url, ...[rows, batch, rooms, bytes].map(String)]));
      }
      const [ours, theirs] = SIDES.map((side) => results[side].at(-1)?.perSecond ?? Number.NaN);
      say(`round ${each + 1} of ${rounds}: ${figure(ours ?? Number.NaN)} and ${figure(theirs ?? Number.NaN)}`);
    }
    const ratio = median(results.drain.map(({ perSecond }, each) => perSecond / (results.bare[each]?.perSecond ?? 0)));
    const drain = median(results.drain.map(({ perSecond }) => perSecond));
    const bare = median(results.bare.map(({ perSecond }) => perSecond));
    say(
      table(['rows/s', 'mailroom', 'bare mysql2', 'ratio'], [['stored', figure(drain), figure(bare), figure(ratio)]]),
    );
    return {
      drainVsBareInsert: round(ratio),
      drainRowsPerSecond: round(drain),
      bareRowsPerSecond: round(bare),
      ...sumLosses([...results.drain, ...results.bare]),
    };
  },
};

function run(side: (typeof SIDES)[number], args: readonly string[]): PersistResult {
  const file = join(import.meta.dir, `${side}.ts`);
  const { stdout, stderr, status } = spawnSync(process.execPath, [file, ...args], {
    encoding: 'utf8',
    timeout: DEADLINE_MS,
  });
  if (status !== 0) throw new Error(`${side} failed: ${stderr}`);
  return JSON.parse(stdout) as PersistResult;
}

/** The server of the variables, else that of `npm run services`. */
function mysqlUrl(): string | undefined {
  const given = process.env.MAILROOM_MYSQL_URL;
  if (given !== undefined) return given;
  if (!existsSync(join(ROOT, '.services'))) return undefined;
  const args = [join(ROOT, 'scripts/services.ts'), 'env', '--json'];
  const { stdout, status } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) return undefined;
  return (JSON.parse(stdout) as Record<string, string | undefined>).MAILROOM_MYSQL_URL;
}
