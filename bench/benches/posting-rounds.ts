/** Alternating rounds of the posting load on the engine and on its peer, each in a fresh process. */

import { runLoad } from '../lib/load.ts';
import { type RunningTarget, startMailroom, startRawBun } from '../lib/servers.ts';
import { median } from '../lib/stats.ts';
import type { World } from '../lib/world.ts';
import type { PhaseResult, PostingPlan, PostingResult } from '../load/posting.ts';

export interface Rounds {
  readonly mailroom: readonly PostingResult[];
  readonly raw: readonly PostingResult[];
}

export interface RoundsPlan {
  readonly rounds: number;
  readonly threads: number;
  readonly phases: PostingPlan['phases'];
  readonly warmSeconds: number;
  readonly seconds: number;
  readonly payloadBytes: number;
}

export async function postingRounds(world: World, plan: RoundsPlan, say: (line: string) => void): Promise<Rounds> {
  const mailroom: PostingResult[] = [];
  const raw: PostingResult[] = [];
  for (let round = 1; round <= plan.rounds; round++) {
    say(`round ${round} of ${plan.rounds}: the engine`);
    mailroom.push(await loaded(await startMailroom(world, plan.threads), world, plan));
    say(`round ${round} of ${plan.rounds}: raw Bun publish`);
    raw.push(await loaded(await startRawBun(), world, plan));
  }
  return { mailroom, raw };
}

export async function loaded(server: RunningTarget, world: World, plan: RoundsPlan): Promise<PostingResult> {
  await using running = server;
  const { target, port, pid: serverPid } = running;
  return await runLoad<PostingResult>('posting', { target, port, serverPid, rooms: world.rooms, ...plan });
}

/** Median over the rounds of a figure of one phase. */
export function phaseMedian(
  results: readonly PostingResult[],
  phase: number,
  of: (result: PhaseResult) => number,
): number {
  return median(results.map((result) => of(result.phases[phase] as PhaseResult)));
}
