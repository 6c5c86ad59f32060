/** Echo: what one request costs the server, and one durable post. */

import type { Bench } from '../lib/command.ts';
import { runLoad } from '../lib/load.ts';
import { sumLosses } from '../lib/losses.ts';
import { figure, table } from '../lib/report.ts';
import { type RunningTarget, startMailroom, startRawBun } from '../lib/servers.ts';
import { median, round } from '../lib/stats.ts';
import { seedWorld, type World } from '../lib/world.ts';
import type { EchoResult } from '../load/echo.ts';
import type { PostingResult } from '../load/posting.ts';
import { loaded, phaseMedian } from './posting-rounds.ts';

const defaults = { sockets: 64, rounds: 3, seconds: 2, warmSeconds: 1, bytes: 128, threads: 1 };

export const echo: Bench<typeof defaults> = {
  does: 'ping requests, and durable posts to rooms of one, per server CPU second against a raw Bun echo',
  defaults,
  help: {
    sockets: 'sockets, each with one request under way',
    rounds: 'times that each server is started and loaded',
    seconds: 'seconds that are measured',
    warmSeconds: 'seconds before that',
    bytes: 'size of a posted body',
    threads: 'shards of the engine',
  },
  async run({ sockets, rounds, seconds, warmSeconds, bytes: payloadBytes, threads }, say) {
    using world = seedWorld(sockets, 1);
    const times = { seconds, warmSeconds };
    const pings: EchoResult[] = [];
    const echoes: EchoResult[] = [];
    const posts: PostingResult[] = [];
    const plan = { rounds, threads, phases: [{ outstanding: 1 }], payloadBytes, ...times };
    for (let each = 1; each <= rounds; each++) {
      say(`round ${each} of ${rounds}`);
      pings.push(await echoed(await startMailroom(world, threads), world, times));
      echoes.push(await echoed(await startRawBun(), world, times));
      posts.push(await loaded(await startMailroom(world, threads), world, plan));
    }
    const pingRate = median(pings.map(rateOf));
    const echoRate = median(echoes.map(rateOf));
    const postRate = phaseMedian(posts, 0, (phase) => phase.posts / phase.serverCpuSeconds);
    const p50 = (results: readonly EchoResult[]): number => median(results.map(({ p50Micros }) => p50Micros));
    const ackP50 = phaseMedian(posts, 0, ({ ackP50Micros }) => ackP50Micros);
    say(
      table(
        ['', 'per CPU s', 'p50 µs'],
        [
          ['mailroom ping', figure(pingRate), figure(p50(pings))],
          ['raw Bun echo', figure(echoRate), figure(p50(echoes))],
          ['mailroom durable post', figure(postRate), figure(ackP50)],
        ],
      ),
    );
    return {
      vsRawEcho: round(pingRate / echoRate),
      pingsPerCpuSecond: round(pingRate),
      rawEchoesPerCpuSecond: round(echoRate),
      durablePostsPerCpuSecond: round(postRate),
      durablePostVsRawEcho: round(postRate / echoRate),
      pingP50Micros: round(p50(pings)),
      postAckP50Micros: round(ackP50),
      ...sumLosses([...pings, ...echoes, ...posts]),
    };
  },
};

async function echoed(
  server: RunningTarget,
  world: World,
  times: { readonly seconds: number; readonly warmSeconds: number },
): Promise<EchoResult> {
  await using running = server;
  const { target, port, pid: serverPid } = running;
  const tokens = world.rooms.flatMap((room) => room.tokens);
  return await runLoad<EchoResult>('echo', { target, port, serverPid, tokens, ...times });
}

function rateOf({ answers, serverCpuSeconds }: EchoResult): number {
  return answers / serverCpuSeconds;
}
