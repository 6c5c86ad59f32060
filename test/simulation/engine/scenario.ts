/** A scenario: everything that is meant to happen in one run, as plain data that can be printed, shrunk and kept. */
import { SeededRandom } from '../../../src/testkit/simulation/random.ts';
import type { DiskUser } from './disk.ts';

/** `client`, `room`, `thread` are indexes that wrap around. Times in milliseconds. */
export type Op =
  | { readonly do: 'post'; readonly client: number; readonly room: number; readonly count: number }
  | { readonly do: 'drop'; readonly client: number }
  | { readonly do: 'stall-client'; readonly client: number; readonly ms: number }
  | { readonly do: 'join' | 'leave' | 'read'; readonly client: number; readonly room: number }
  | { readonly do: 'create'; readonly client: number; readonly with: number }
  | { readonly do: 'direct'; readonly client: number; readonly with: number }
  | { readonly do: 'crash'; readonly downMs: number }
  | { readonly do: 'stall-thread'; readonly thread: number; readonly ms: number }
  | { readonly do: 'fail-actor'; readonly kind: string; readonly skip: number; readonly after: boolean }
  | { readonly do: 'fail-disk'; readonly user: DiskUser; readonly count: number }
  | { readonly do: 'slow-disk'; readonly ms: number }
  | { readonly do: 'squeeze-lanes'; readonly bytes: number; readonly ms: number }
  | { readonly do: 'jump-clock'; readonly ms: number };

export type TimedOp = Op & { readonly atMs: number };

export interface Scenario {
  readonly seed: number;
  readonly shards: number;
  readonly users: number;
  /** By client, its user. */
  readonly clients: readonly number[];
  readonly rooms: number;
  /** Whether the log answers within the call. */
  readonly logAtOnce: boolean;
  /** Most bytes that wait for credit on one lane. */
  readonly maxPendingBytes: number;
  readonly ops: readonly TimedOp[];
}

type MakeOp = (random: SeededRandom) => Op;

const client = (random: SeededRandom): number => random.int(8);
const room = (random: SeededRandom): number => random.int(4);

/** How often each kind of op comes, in parts. */
const PARTS: readonly (readonly [parts: number, make: MakeOp])[] = [
  [30, (random) => ({ do: 'post', client: client(random), room: room(random), count: 1 + random.int(12) })],
  [6, (random) => ({ do: 'drop', client: client(random) })],
  [3, (random) => ({ do: 'stall-client', client: client(random), ms: random.int(3_000) })],
  [5, (random) => ({ do: 'leave', client: client(random), room: room(random) })],
  [6, (random) => ({ do: 'join', client: client(random), room: room(random) })],
  [2, (random) => ({ do: 'read', client: client(random), room: room(random) })],
  [1, (random) => ({ do: 'create', client: client(random), with: client(random) })],
  [1, (random) => ({ do: 'direct', client: client(random), with: client(random) })],
];

const FAULT_PARTS: readonly (readonly [parts: number, make: MakeOp])[] = [
  [4, (random) => ({ do: 'crash', downMs: 1 + random.int(1_500) })],
  [3, (random) => ({ do: 'stall-thread', thread: random.int(6), ms: random.int(random.chance(0.2) ? 7_000 : 800) })],
  [4, (random) => ({ do: 'fail-actor', kind: random.pick(KINDS), skip: random.int(12), after: random.chance(0.5) })],
  [4, (random) => ({ do: 'fail-disk', user: random.pick(DISK_USERS), count: 1 + random.int(3) })],
  [3, (random) => ({ do: 'slow-disk', ms: random.int(2_000) })],
  [2, (random) => ({ do: 'squeeze-lanes', bytes: 16 + random.int(200), ms: random.int(1_500) })],
  [1, (random) => ({ do: 'jump-clock', ms: random.int(20_000) - 10_000 })],
];

const KINDS = [
  'room',
  'user',
  'fanout',
  'session',
  'log-writer',
  'persister',
  'records',
  'message-reader',
  'ledger',
  'watermark',
] as const;
const DISK_USERS: readonly DiskUser[] = ['log', 'log', 'store', 'records', 'reader'];

const BUSY_MS = 6_000;
/** Longer than a room or a user stays in memory without work. */
const IDLE_MS = 70_000;

export function scenarioOf(seed: number): Scenario {
  const random = new SeededRandom(seed);
  const users = 3 + random.int(3);
  const extraClients = random.int(3);
  const faults = random.chance(0.15) ? 0 : 1 + random.int(6);
  const ops: TimedOp[] = [];
  const idleAtMs = random.chance(0.3) ? random.between(0.3, 0.7) * BUSY_MS : BUSY_MS;
  const add = (make: MakeOp): void => {
    const atMs = Math.floor(random.between(0, BUSY_MS));
    ops.push({ atMs: atMs > idleAtMs ? atMs + IDLE_MS : atMs, ...make(random) });
  };
  for (let count = 15 + random.int(30); count > 0; count--) add(pickPart(random, PARTS));
  for (let count = faults; count > 0; count--) add(pickPart(random, FAULT_PARTS));
  return {
    seed,
    shards: 2 + random.int(2),
    users,
    clients: Array.from({ length: users + extraClients }, (_, index) => index % users),
    rooms: 2 + random.int(2),
    logAtOnce: random.chance(0.25),
    maxPendingBytes: random.chance(0.2) ? 2_048 + random.int(8_192) : 8 * 1024 * 1024,
    ops: ops.sort((a, b) => a.atMs - b.atMs),
  };
}

function pickPart(random: SeededRandom, parts: readonly (readonly [number, MakeOp])[]): MakeOp {
  let left = random.int(parts.reduce((sum, [count]) => sum + count, 0));
  for (const [count, make] of parts) {
    if (left < count) return make;
    left -= count;
  }
  throw new RangeError('the parts do not add up');
}
