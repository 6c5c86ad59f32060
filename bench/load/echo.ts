/** Request and answer: each socket has one request under way. `ping` on the engine; the same bytes back from raw Bun. */
import { decodeReplies } from '../../src/protocol/envelope.ts';
import { encodeRequest } from '../../src/protocol/frames/rpc.ts';
import { giveResult, takePlan } from '../lib/load.ts';
import { cpuSeconds, cpuSecondsSince } from '../lib/process.ts';
import type { Target } from '../lib/servers.ts';
import { Histogram } from '../lib/stats.ts';
import { LoadSocket } from './socket.ts';

export interface EchoPlan {
  readonly target: Target;
  readonly port: number;
  readonly serverPid: number;
  /** One socket each. */
  readonly tokens: readonly string[];
  readonly warmSeconds: number;
  readonly seconds: number;
}

export interface EchoResult {
  readonly answers: number;
  readonly serverCpuSeconds: number;
  readonly seconds: number;
  readonly p50Micros: number;
  readonly p99Micros: number;
  /** Requests without their answer at the end. */
  readonly lost: number;
  /** Answers to something else than what was asked last. */
  readonly reordered: number;
}

const DRAIN_MS = 10_000;
const plan = await takePlan<EchoPlan>();
const sentMs: number[] = [];
const waitingFor: number[] = [];
let times = new Histogram();
let answers = 0;
let reordered = 0;
let nextId = 1;
let going = true;
const sockets: LoadSocket[] = [];
let greeted: (() => void)[] = [];

function ask(socket: LoadSocket): void {
  const id = nextId++;
  waitingFor[socket.index] = id;
  sentMs[socket.index] = performance.now();
  socket.send(encodeRequest(id, 'ping', {}));
}

function answeredId(message: Uint8Array): number {
  // The echo of `[0, id, "ping", [{}]]` is no reply; its id is found by writing it anew.
  if (plan.target === 'raw')
    return Buffer.compare(message, encodeRequest(nextWaiting, 'ping', {})) === 0 ? nextWaiting : -1;
  for (const reply of decodeReplies(message)) {
    if (reply.type !== 'response') continue;
    if (reply.fault !== null) throw new Error(`refused: ${reply.fault.code}`);
    return reply.id;
  }
  return -1;
}
let nextWaiting = 0;

function received(socket: LoadSocket, _: Uint8Array, messages: () => readonly Uint8Array[]): void {
  for (const message of messages()) {
    const waiting = waitingFor[socket.index] ?? 0;
    nextWaiting = waiting;
    const id = answeredId(message);
    if (id === 0) {
      greeted[socket.index]?.();
      continue;
    }
    if (id !== waiting || id < 0) {
      reordered += 1;
      continue;
    }
    times.record((performance.now() - (sentMs[socket.index] as number)) * 1000);
    answers += 1;
    waitingFor[socket.index] = 0;
    if (going) ask(socket);
  }
}

async function connect(token: string, index: number): Promise<void> {
  const path = plan.target === 'raw' ? '/echo' : '/v1/ws';
  const socket = await LoadSocket.connect(index, plan.port, path, {
    received,
    ended: (_, why) => {
      process.stderr.write(`socket ${index} ended: ${why}\n`);
      process.exit(1);
    },
  });
  sockets.push(socket);
  if (plan.target === 'raw') return;
  await new Promise<void>((resolve) => {
    greeted[index] = resolve;
    socket.send(encodeRequest(0, 'hello', { token, client: 'bench' }));
  });
}

await Promise.all(plan.tokens.map(connect));
greeted = [];
for (const socket of sockets) ask(socket);
await Bun.sleep(plan.warmSeconds * 1000);
times = new Histogram();
const before = { cpu: cpuSeconds(plan.serverPid), atMs: performance.now(), answers };
await Bun.sleep(plan.seconds * 1000);
const measured = {
  answers: answers - before.answers,
  serverCpuSeconds: cpuSecondsSince(plan.serverPid, before.cpu),
  seconds: (performance.now() - before.atMs) / 1000,
  p50Micros: times.percentile(0.5),
  p99Micros: times.percentile(0.99),
};
going = false;
const endMs = performance.now() + DRAIN_MS;
const open = (): number => waitingFor.filter((id) => id !== 0).length;
while (open() > 0 && performance.now() < endMs) await Bun.sleep(5);
giveResult({ ...measured, lost: open(), reordered } satisfies EchoResult);
