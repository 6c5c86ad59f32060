/** Idle sessions: memory and heartbeats. */
import type { Bench } from '../lib/command.ts';
import { runLoad } from '../lib/load.ts';
import { sumLosses } from '../lib/losses.ts';
import { figure, table } from '../lib/report.ts';
import { type RunningTarget, startMailroom, startRawBun } from '../lib/servers.ts';
import { median, round } from '../lib/stats.ts';
import { seedWorld, type World } from '../lib/world.ts';
import type { IdleResult } from '../load/idle.ts';

const defaults = { sockets: 5_000, members: 50, rounds: 1, settleSeconds: 4, threads: 1 };

export const idle: Bench<typeof defaults> = {
  does: 'resident memory of a logged-in session that has joined a room, against a raw Bun socket',
  defaults,
  help: {
    sockets: 'sockets, each of a user of its own',
    members: 'members of each room',
    rounds: 'times that each server is started and filled',
    settleSeconds: 'seconds until memory is read',
    threads: 'shards of the engine',
  },
  async run({ sockets, members, rounds, settleSeconds, threads }, say) {
    using world = seedWorld(Math.ceil(sockets / members), Math.min(members, sockets));
    const ours: IdleResult[] = [];
    const theirs: IdleResult[] = [];
    for (let each = 1; each <= rounds; each++) {
      say(`round ${each} of ${rounds}`);
      ours.push(await filled(await startMailroom(world, threads), world, settleSeconds));
      theirs.push(await filled(await startRawBun(), world, settleSeconds));
    }
    const opened = ours[0]?.sockets ?? 0;
    const kb = median(ours.map(kbOf));
    const rawKb = median(theirs.map(kbOf));
    const beat = (results: readonly IdleResult[]): number =>
      median(results.map((result) => (result.heartbeatCpuSeconds / result.sockets) * 1e6));
    say(
      table(
        ['', 'sockets', 'kB each', 'CPU µs a heartbeat'],
        [
          ['mailroom', opened, figure(kb), figure(beat(ours))],
          ['raw Bun', opened, figure(rawKb), figure(beat(theirs))],
        ],
      ),
    );
    return {
      sockets: opened,
      kbPerSession: round(kb),
      rawKbPerSocket: round(rawKb),
      heartbeatCpuMicros: round(beat(ours)),
      rawHeartbeatCpuMicros: round(beat(theirs)),
      ...sumLosses([...ours, ...theirs]),
    };
  },
};

async function filled(server: RunningTarget, world: World, settleSeconds: number): Promise<IdleResult> {
  await using running = server;
  const { target, port, pid: serverPid } = running;
  return await runLoad<IdleResult>('idle', { target, port, serverPid, rooms: world.rooms, settleSeconds });
}

function kbOf({ residentKbAfter, residentKbBefore, sockets }: IdleResult): number {
  return (residentKbAfter - residentKbBefore) / sockets;
}
