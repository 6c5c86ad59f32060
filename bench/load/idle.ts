/** Idle sockets: connects them, says hello, waits; then each gives one sign of life. */
import { encodeRequest } from '../../src/protocol/frames/rpc.ts';
import { giveResult, takePlan } from '../lib/load.ts';
import { cpuSeconds, residentKb } from '../lib/process.ts';
import type { Target } from '../lib/servers.ts';
import type { SeededRoom } from '../lib/world.ts';
import { LoadSocket } from './socket.ts';

export interface IdlePlan {
  readonly target: Target;
  readonly port: number;
  readonly serverPid: number;
  readonly rooms: readonly SeededRoom[];
  /** Seconds in which memory may settle before it is read. */
  readonly settleSeconds: number;
}

export interface IdleResult {
  readonly sockets: number;
  readonly residentKbBefore: number;
  readonly residentKbAfter: number;
  /** CPU of the server for one heartbeat of every socket. */
  readonly heartbeatCpuSeconds: number;
  /** Heartbeats that were not answered. */
  readonly lost: number;
}

const CONNECTING_AT_ONCE = 50;
const ANSWER_MS = 20_000;
const HEARTBEATS_AT_ONCE = 100;
const plan = await takePlan<IdlePlan>();
const guests = plan.rooms.flatMap(({ id, tokens }) => tokens.map((token) => ({ room: id, token })));
const answered: ((() => void) | undefined)[] = [];
const sockets: LoadSocket[] = [];
let unanswered = 0;

async function connect(index: number): Promise<void> {
  const { token } = guests[index] as (typeof guests)[number];
  const path = plan.target === 'raw' ? '/echo' : '/v1/ws';
  const socket = await LoadSocket.connect(index, plan.port, path, {
    received: (from) => {
      answered[from.index]?.();
      answered[from.index] = undefined;
    },
    ended: (_, why) => {
      process.stderr.write(`socket ${index} ended: ${why}\n`);
      process.exit(1);
    },
  });
  sockets[index] = socket;
  if (plan.target === 'mailroom') await say(socket, encodeRequest(0, 'hello', { token, client: 'bench' }));
}

function say(socket: LoadSocket, message: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    answered[socket.index] = resolve;
    socket.send(message);
  });
}

const residentKbBefore = residentKb(plan.serverPid);
let next = 0;
await Promise.all(
  Array.from({ length: CONNECTING_AT_ONCE }, async () => {
    for (let index = next++; index < guests.length; index = next++) await connect(index);
  }),
);
await Bun.sleep(plan.settleSeconds * 1000);
const residentKbAfter = residentKb(plan.serverPid);
const before = cpuSeconds(plan.serverPid);
const startMs = performance.now();
const ping = encodeRequest(1, 'ping', {});
for (let first = 0; first < sockets.length; first += HEARTBEATS_AT_ONCE) {
  const batch = sockets.slice(first, first + HEARTBEATS_AT_ONCE).map((socket) => say(socket, ping));
  const late = Bun.sleep(ANSWER_MS).then(() => 'late');
  if ((await Promise.race([Promise.all(batch), late])) === 'late') unanswered += answered.filter(Boolean).length;
}
// The server's own idling in the same time is no part of the heartbeats.
const elapsedMs = performance.now() - startMs;
const spent = cpuSeconds(plan.serverPid) - before;
const idleBefore = cpuSeconds(plan.serverPid);
await Bun.sleep(elapsedMs);
const idleCpu = cpuSeconds(plan.serverPid) - idleBefore;
giveResult({
  sockets: sockets.length,
  residentKbBefore,
  residentKbAfter,
  heartbeatCpuSeconds: Math.max(0, spent - idleCpu),
  lost: unanswered,
} satisfies IdleResult);
