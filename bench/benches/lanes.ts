/** Lanes: messages between two threads, by the code that production runs. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Bench } from '../lib/command.ts';
import { sumLosses } from '../lib/losses.ts';
import { figure, table } from '../lib/report.ts';
import { median, round } from '../lib/stats.ts';
import type { LanePairResult } from '../runtime/lane-pair.ts';

const defaults = { rounds: 5, messages: 4_000_000, bytes: 64, roundTrips: 1_000 };
const DEADLINE_MS = 60_000;

export const lanes: Bench<typeof defaults> = {
  does: 'messages a second between two threads, and the time there and back when both are idle',
  defaults,
  help: {
    rounds: 'fresh processes',
    messages: 'messages sent one way',
    bytes: 'payload of each',
    roundTrips: 'messages there and back, one at a time, a millisecond apart; 10,000 without a pause go before',
  },
  async run({ rounds, messages, bytes, roundTrips }, say) {
    const file = join(import.meta.dir, '../runtime/lane-pair.ts');
    const args = [file, ...[messages, bytes, roundTrips].map(String)];
    const results = Array.from({ length: rounds }, () => {
      const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: DEADLINE_MS });
      if (status !== 0) throw new Error(`the lanes failed: ${stderr}`);
      return JSON.parse(stdout) as LanePairResult;
    });
    const perSecond = median(results.map((result) => result.perSecond));
    const p50 = median(results.map((result) => result.roundTripP50Micros));
    const p99 = median(results.map((result) => result.roundTripP99Micros));
    say(table(['messages/s', 'round trip p50 µs', 'p99 µs'], [[figure(perSecond), figure(p50), figure(p99)]]));
    return {
      lanesPerSecond: round(perSecond),
      roundTripP50Micros: round(p50),
      roundTripP99Micros: round(p99),
      ...sumLosses(results),
    };
  },
};
