/** Many small rooms, one post under way in each. */
import type { Bench } from '../lib/command.ts';
import { sumLosses } from '../lib/losses.ts';
import { figure, table } from '../lib/report.ts';
import { round } from '../lib/stats.ts';
import { seedWorld } from '../lib/world.ts';
import { phaseMedian, postingRounds } from './posting-rounds.ts';

const defaults = { rooms: 200, members: 5, rounds: 3, seconds: 3, warmSeconds: 1.5, bytes: 128, threads: 1 };

export const rooms: Bench<typeof defaults> = {
  does: 'small rooms with one post under way in each: posts per server CPU second against raw Bun publish',
  defaults,
  help: {
    rooms: 'rooms',
    members: 'sockets in each, each of a user of its own',
    rounds: 'times that each server is started and loaded',
    seconds: 'seconds that are measured',
    warmSeconds: 'seconds before that',
    bytes: 'size of a body',
    threads: 'shards of the engine',
  },
  async run(options, say) {
    const { rounds, seconds, warmSeconds, threads, bytes: payloadBytes } = options;
    using world = seedWorld(options.rooms, options.members);
    const plan = { rounds, seconds, warmSeconds, threads, payloadBytes, phases: [{ outstanding: 1 }] };
    const { mailroom, raw } = await postingRounds(world, plan, say);
    const [ours, theirs] = [mailroom, raw].map((results) => ({
      perCpuSecond: phaseMedian(results, 0, ({ posts, serverCpuSeconds }) => posts / serverCpuSeconds),
      perSecond: phaseMedian(results, 0, ({ posts, seconds: elapsed }) => posts / elapsed),
      deliverP50: phaseMedian(results, 0, ({ deliverP50Micros }) => deliverP50Micros),
      deliverP99: phaseMedian(results, 0, ({ deliverP99Micros }) => deliverP99Micros),
    })) as [Row, Row];
    const head = ['server', 'posts/CPU s', 'posts/s', 'deliver p50/p99 µs'];
    say(table(head, [rowOf('mailroom', ours), rowOf('raw Bun', theirs)]));
    return {
      vsRawBun: round(ours.perCpuSecond / theirs.perCpuSecond),
      postsPerCpuSecond: round(ours.perCpuSecond),
      rawPostsPerCpuSecond: round(theirs.perCpuSecond),
      deliverP50Micros: round(ours.deliverP50),
      deliverP99Micros: round(ours.deliverP99),
      ...sumLosses([...mailroom, ...raw]),
    };
  },
};

interface Row {
  readonly perCpuSecond: number;
  readonly perSecond: number;
  readonly deliverP50: number;
  readonly deliverP99: number;
}

function rowOf(name: string, { perCpuSecond, perSecond, deliverP50, deliverP99 }: Row): string[] {
  return [name, figure(perCpuSecond), figure(perSecond), `${figure(deliverP50)} / ${figure(deliverP99)}`];
}
