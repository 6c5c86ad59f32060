/** A scenario: everything that is meant to happen in one run, as plain data that can be printed, shrunk and kept. */
import { CALM, type NetworkConditions } from '../../../src/testkit/simulation/network.ts';
import { SeededRandom } from '../../../src/testkit/simulation/random.ts';
import type { DiskUser } from './disk.ts';

/** `client`, `room`, `thread` and nodes are indexes that wrap around. Times in milliseconds. */
export type Op = ClientOp | (MachineOp & OnNode) | NetworkOp;

export type ClientOp =
  | { readonly do: 'post'; readonly client: number; readonly room: number; readonly count: number }
  | { readonly do: 'drop'; readonly client: number }
  | { readonly do: 'stall-client'; readonly client: number; readonly ms: number }
  | { readonly do: 'join' | 'leave' | 'read'; readonly client: number; readonly room: number }
  | { readonly do: 'create'; readonly client: number; readonly with: number }
  | { readonly do: 'direct'; readonly client: number; readonly with: number }
  /** The client's user logs in anew: the token of all their sockets is replaced. */
  | { readonly do: 'login'; readonly client: number };

/** The node that it happens to; without it the first. */
export interface OnNode {
  readonly node?: number;
}

export type MachineOp =
  | { readonly do: 'crash'; readonly downMs: number }
  | { readonly do: 'stall-thread'; readonly thread: number; readonly ms: number }
  | { readonly do: 'fail-actor'; readonly kind: string; readonly skip: number; readonly after: boolean }
  | { readonly do: 'fail-disk'; readonly user: DiskUser; readonly count: number }
  | { readonly do: 'slow-disk'; readonly ms: number }
  | { readonly do: 'squeeze-lanes'; readonly bytes: number; readonly ms: number }
  | { readonly do: 'jump-clock'; readonly ms: number };

export type NetworkOp =
  /** Nothing gets from one node to another, nor back unless it is one way only. */
  | { readonly do: 'cut'; readonly from: number; readonly to: number; readonly oneWay: boolean; readonly ms: number }
  /** Nothing gets to or from the node. */
  | { readonly do: 'isolate'; readonly node: number; readonly ms: number }
  | { readonly do: 'weather'; readonly conditions: NetworkConditions; readonly ms: number };

export type TimedOp = Op & { readonly atMs: number };

export interface Scenario {
  readonly seed: number;
  /** Shards of each node. */
  readonly nodes: readonly number[];
  /** What the network between them is like while nothing worse is asked for. */
  readonly network: NetworkConditions;
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

export type MakeOp<O extends Op = Op> = (random: SeededRandom) => O;
export type Parts<O extends Op = Op> = readonly (readonly [parts: number, make: MakeOp<O>])[];

const client = (random: SeededRandom): number => random.int(8);
const room = (random: SeededRandom): number => random.int(4);

/** How often each kind of op comes, in parts. */
export const PARTS: Parts<ClientOp> = [
  [30, (random) => ({ do: 'post', client: client(random), room: room(random), count: 1 + random.int(12) })],
  [6, (random) => ({ do: 'drop', client: client(random) })],
  [3, (random) => ({ do: 'stall-client', client: client(random), ms: random.int(3_000) })],
  [5, (random) => ({ do: 'leave', client: client(random), room: room(random) })],
  [6, (random) => ({ do: 'join', client: client(random), room: room(random) })],
  [2, (random) => ({ do: 'read', client: client(random), room: room(random) })],
  [1, (random) => ({ do: 'create', client: client(random), with: client(random) })],
  [1, (random) => ({ do: 'direct', client: client(random), with: client(random) })],
];

export const FAULT_PARTS: Parts<MachineOp> = [
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
export const IDLE_MS = 70_000;

/** One node. What a seed means here never changes: regression tests name their seeds. */
export function oneNode(seed: number): Scenario {
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
    nodes: [2 + random.int(2)],
    network: CALM,
    users,
    clients: Array.from({ length: users + extraClients }, (_, index) => index % users),
    rooms: 2 + random.int(2),
    logAtOnce: random.chance(0.25),
    maxPendingBytes: random.chance(0.2) ? 2_048 + random.int(8_192) : 8 * 1024 * 1024,
    ops: ops.sort((a, b) => a.atMs - b.atMs),
  };
}

export function pickPart<O extends Op>(random: SeededRandom, parts: Parts<O>): MakeOp<O> {
  let left = random.int(parts.reduce((sum, [count]) => sum + count, 0));
  for (const [count, make] of parts) {
    if (left < count) return make;
    left -= count;
  }
  throw new RangeError('the parts do not add up');
}
