/** Scenarios of several nodes, and the choice between them and one node. */
import type { NetworkConditions } from '../../../src/testkit/simulation/network.ts';
import { SeededRandom } from '../../../src/testkit/simulation/random.ts';
import {
  type ClientOp,
  FAULT_PARTS,
  IDLE_MS,
  type NetworkOp,
  type Op,
  oneNode,
  PARTS,
  type Parts,
  pickPart,
  type Scenario,
  type TimedOp,
} from './scenario.ts';

/** Every third seed runs several nodes. */
const SHARE = 3;
const MAX_NODES = 4;
const MAX_SHARDS = 3;

const node = (random: SeededRandom): number => random.int(MAX_NODES);

const MANY_PARTS: Parts<ClientOp> = [...PARTS, [2, (random) => ({ do: 'login', client: random.int(8) })]];

const NETWORK_PARTS: Parts<NetworkOp> = [
  [
    3,
    (random) => ({ do: 'cut', from: node(random), to: node(random), oneWay: random.chance(0.4), ms: lasting(random) }),
  ],
  [3, (random) => ({ do: 'isolate', node: node(random), ms: lasting(random) })],
  [4, (random) => ({ do: 'weather', conditions: weather(random), ms: lasting(random) })],
];

export function scenarioOf(seed: number): Scenario {
  return seed % SHARE === 0 ? manyNodes(seed) : oneNode(seed);
}

/** Two to four nodes with one to three shards each. */
export function manyNodes(seed: number): Scenario {
  const random = new SeededRandom(seed ^ 0x0de5);
  const users = 3 + random.int(3);
  const busyMs = random.chance(0.15) ? random.between(20_000, 35_000) : random.between(4_000, 11_000);
  const idleAtMs = random.chance(0.25) ? random.between(0.3, 0.7) * busyMs : busyMs;
  const ops: TimedOp[] = [];
  const add = (op: Op): void => {
    const drawnMs = Math.floor(random.between(0, busyMs));
    const atMs = drawnMs > idleAtMs ? drawnMs + IDLE_MS : drawnMs;
    ops.push({ atMs, ...op });
    // A removal that got lost shows in a room that goes on.
    if (op.do !== 'leave') return;
    for (let talk = 0; talk < 3; talk++) {
      const { room } = op;
      ops.push({ atMs: atMs + random.int(600), do: 'post', client: random.int(8), room, count: 1 + random.int(4) });
    }
  };
  const nodes = Array.from({ length: random.chance(0.6) ? 2 : 2 + random.int(MAX_NODES - 1) }, () =>
    random.chance(0.6) ? 1 : 1 + random.int(MAX_SHARDS),
  );
  for (let count = 15 + random.int(25); count > 0; count--) add(pickPart(random, MANY_PARTS)(random));
  const calm = random.chance(0.1);
  for (let count = calm ? 0 : random.int(4); count > 0; count--) {
    add({ ...pickPart(random, FAULT_PARTS)(random), node: node(random) });
  }
  for (let count = calm ? 0 : random.int(4); count > 0; count--) add(pickPart(random, NETWORK_PARTS)(random));
  return {
    seed,
    nodes,
    network: calm ? AT_REST : usual(random),
    users,
    clients: Array.from({ length: users + random.int(3) }, (_, index) => index % users),
    rooms: 2 + random.int(2),
    logAtOnce: random.chance(0.25),
    maxPendingBytes: random.chance(0.1) ? 2_048 + random.int(8_192) : 8 * 1024 * 1024,
    ops: ops.sort((a, b) => a.atMs - b.atMs),
  };
}

/** The network of a world that comes to rest: nothing is lost, some of it is late. */
export const AT_REST: NetworkConditions = { loss: 0, duplication: 0, lateness: 0.02, minDelayMs: 0.2, maxDelayMs: 2 };

/** From a good day to a poor one. */
function usual(random: SeededRandom): NetworkConditions {
  return {
    loss: random.pick([0, 0.002, 0.02, 0.05]),
    duplication: random.pick([0, 0.01, 0.1]),
    lateness: random.pick([0, 0.02, 0.1]),
    minDelayMs: random.between(0.1, 1),
    maxDelayMs: random.between(2, 20),
  };
}

function weather(random: SeededRandom): NetworkConditions {
  return {
    loss: random.pick([0, 0.1, 0.5, 0.9]),
    duplication: random.pick([0, 0.2, 0.8]),
    lateness: random.pick([0, 0.2, 0.6]),
    minDelayMs: random.between(0.1, 10),
    maxDelayMs: random.between(10, random.chance(0.2) ? 2_000 : 100),
  };
}

/** Mostly short; at times longer than a lease. */
function lasting(random: SeededRandom): number {
  return Math.floor(random.chance(0.25) ? random.between(2_000, 9_000) : random.between(50, 2_000));
}
