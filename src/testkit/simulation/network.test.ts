import { expect, test } from 'bun:test';
import { CALM, SimulatedNetwork } from './network.ts';
import { SeededRandom } from './random.ts';
import { Schedule } from './schedule.ts';

const SENT = 200;

interface Net {
  readonly network: SimulatedNetwork;
  readonly schedule: Schedule;
  readonly received: Record<string, number[]>;
  settle(): void;
}

function netOf(seed: number): Net {
  const random = new SeededRandom(seed);
  const schedule = new Schedule(random.fork());
  const network = new SimulatedNetwork(schedule, random.fork());
  const received: Record<string, number[]> = { a: [], b: [], c: [] };
  for (const node of ['a', 'b', 'c']) network.join(node, (_, bytes) => received[node]?.push(bytes[0] as number));
  return {
    network,
    schedule,
    received,
    settle() {
      while (schedule.step());
    },
  };
}

const sendAll = (network: SimulatedNetwork): void => {
  for (let index = 0; index < SENT; index++) network.send('a', 'b', Uint8Array.of(index));
};
const all = Array.from({ length: SENT }, (_, index) => index);
const sorted = (bytes: readonly number[] | undefined): number[] => [...(bytes ?? [])].sort((x, y) => x - y);

test('[SIM13] a calm network delivers everything once', () => {
  const { network, received, settle } = netOf(1);
  sendAll(network);
  settle();
  expect(sorted(received.b)).toEqual(all);
});

test('[SIM13] delays reorder, and lose nothing', () => {
  const { network, received, settle } = netOf(2);
  network.conditions = { ...CALM, lateness: 1, maxDelayMs: 50 };
  sendAll(network);
  settle();
  expect(received.b).not.toEqual(all);
  expect(sorted(received.b)).toEqual(all);
});

test('[SIM13] some datagrams are lost, and some come twice', () => {
  const { network, received, settle } = netOf(3);
  network.conditions = { ...CALM, loss: 0.3 };
  sendAll(network);
  settle();
  const lossy = received.b?.length ?? 0;
  expect(lossy).toBeGreaterThan(SENT * 0.5);
  expect(lossy).toBeLessThan(SENT * 0.9);
  network.conditions = { ...CALM, duplication: 0.5 };
  sendAll(network);
  settle();
  expect((received.b?.length ?? 0) - lossy).toBeGreaterThan(SENT * 1.3);
});

test('[SIM13] a partition cuts both ways, what is under way too, and heals', () => {
  const { network, received, settle } = netOf(4);
  network.send('a', 'b', Uint8Array.of(1));
  network.partition(['a'], ['b', 'c']);
  network.send('b', 'a', Uint8Array.of(2));
  network.send('b', 'c', Uint8Array.of(3));
  settle();
  expect(received).toEqual({ a: [], b: [], c: [3] });
  network.heal();
  network.cut('a', 'b');
  network.send('a', 'b', Uint8Array.of(4));
  network.send('b', 'a', Uint8Array.of(5));
  settle();
  expect(received).toEqual({ a: [5], b: [], c: [3] });
});

test('[SIM13] a node that left gets nothing, and what was sent is the sender’s own no more', () => {
  const { network, received, settle } = netOf(5);
  const bytes = Uint8Array.of(7);
  network.send('a', 'b', bytes);
  bytes[0] = 8;
  network.send('a', 'c', bytes);
  network.leave('c');
  settle();
  expect(received).toEqual({ a: [], b: [7], c: [] });
});
