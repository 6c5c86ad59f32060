/** Fan-out: one large room, with 1, 8 and 64 posts under way. */
import type { Bench, Figures } from '../lib/command.ts';
import { sumLosses } from '../lib/losses.ts';
import { figure, table } from '../lib/report.ts';
import { round } from '../lib/stats.ts';
import { seedWorld } from '../lib/world.ts';
import type { PhaseResult, PostingResult } from '../load/posting.ts';
import { phaseMedian, postingRounds } from './posting-rounds.ts';

const OUTSTANDING = [1, 8, 64] as const;
const defaults = { members: 1_000, rounds: 3, seconds: 2, warmSeconds: 1, bytes: 128, threads: 1 };

export const fanout: Bench<typeof defaults> = {
  does: 'one room, all members online: deliveries per server CPU second against raw Bun publish',
  defaults,
  help: {
    members: 'sockets in the room, each of a user of its own',
    rounds: 'times that each server is started and loaded',
    seconds: 'seconds that are measured, for each number of posts under way',
    warmSeconds: 'seconds before that',
    bytes: 'size of a body',
    threads: 'shards of the engine',
  },
  async run(options, say) {
    using world = seedWorld(1, options.members);
    const { rounds, seconds, warmSeconds, threads, bytes: payloadBytes } = options;
    const phases = OUTSTANDING.map((outstanding) => ({ outstanding }));
    const plan = { rounds, seconds, warmSeconds, threads, payloadBytes, phases };
    const { mailroom, raw } = await postingRounds(world, plan, say);
    const rows = OUTSTANDING.map((_, phase) => [mailroom, raw].map((results) => rowOf(results, phase)));
    say(
      table(
        ['posts under way', 'server', 'deliveries/CPU s', 'deliveries/s', 'ack p50/p99 µs', 'deliver p50/p99 µs'],
        rows.flatMap(([ours, theirs], phase) => [
          [OUTSTANDING[phase] as number, 'mailroom', ...cells(ours as Row)],
          [OUTSTANDING[phase] as number, 'raw Bun', ...cells(theirs as Row)],
        ]),
      ),
    );
    const result: Record<string, number | Figures> = { ...sumLosses([...mailroom, ...raw]) };
    for (const [phase, [ours, theirs]] of rows.entries()) {
      const at = `At${OUTSTANDING[phase]}`;
      result[`vsRawBun${at}`] = round((ours as Row).perCpuSecond / (theirs as Row).perCpuSecond);
      result[`deliveriesPerCpuSecond${at}`] = round((ours as Row).perCpuSecond);
      result[`rawDeliveriesPerCpuSecond${at}`] = round((theirs as Row).perCpuSecond);
      result[`latency${at}`] = {
        ackP50Micros: round((ours as Row).ackP50),
        ackP99Micros: round((ours as Row).ackP99),
        deliverP50Micros: round((ours as Row).deliverP50),
        deliverP99Micros: round((ours as Row).deliverP99),
      };
    }
    return result;
  },
};

type Row = ReturnType<typeof rowOf>;

function rowOf(results: readonly PostingResult[], phase: number) {
  const of = (pick: (result: PhaseResult) => number): number => phaseMedian(results, phase, pick);
  return {
    perCpuSecond: of(({ deliveries, serverCpuSeconds }) => deliveries / serverCpuSeconds),
    perSecond: of(({ deliveries, seconds }) => deliveries / seconds),
    ackP50: of(({ ackP50Micros }) => ackP50Micros),
    ackP99: of(({ ackP99Micros }) => ackP99Micros),
    deliverP50: of(({ deliverP50Micros }) => deliverP50Micros),
    deliverP99: of(({ deliverP99Micros }) => deliverP99Micros),
  };
}

function cells({ perCpuSecond, perSecond, ackP50, ackP99, deliverP50, deliverP99 }: Row): string[] {
  const pair = (p50: number, p99: number): string => (p50 > 0 ? `${figure(p50)} / ${figure(p99)}` : '–');
  return [figure(perCpuSecond), figure(perSecond), pair(ackP50, ackP99), pair(deliverP50, deliverP99)];
}
