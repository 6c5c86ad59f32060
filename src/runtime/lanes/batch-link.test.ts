import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { TestShard } from '../../testkit/test-shard.ts';
import { VirtualHost } from '../../testkit/virtual-host.ts';
import { defineKind } from '../kind.ts';
import { nodeOf, type Placement, pinnedId, SLOTS, THREADS_PER_NODE, threadNumber } from '../placement.ts';
import type { Request } from '../reply.ts';
import { BatchLink } from './batch-link.ts';

interface Note extends Request<unknown> {
  readonly n: number;
  readonly text?: string;
}

const kind = defineKind<Note>({ name: 'far', placement: 'pinned', mailbox: { capacity: 100_000 } });
const OTHER = threadNumber(1, 0);

/** The ends of a link as they stand in one start of each node; datagrams wait in `air` until somebody carries them. */
function ends(incarnations: readonly [number, number] = [1, 1]) {
  const air: { readonly to: 'a' | 'b'; readonly bytes: Uint8Array }[] = [];
  const end = (to: 'a' | 'b', incarnation: number, maxWaitingBytes?: number): BatchLink =>
    new BatchLink({
      incarnation,
      send: (bytes) => air.push({ to, bytes }) > 0,
      wake: () => undefined,
      ...(maxWaitingBytes === undefined ? {} : { maxWaitingBytes }),
    });
  const links = { a: end('b', incarnations[0]), b: end('a', incarnations[1]) };
  const carry = (): void => {
    for (const { to, bytes } of air.splice(0)) links[to].receive(bytes);
  };
  return { air, links, carry, end };
}

const write = (link: BatchLink, ...values: number[]): number => link.write(Uint8Array.from(values), values.length);

function taken(link: BatchLink): number[] {
  const into = new Uint8Array(1_024);
  return [...into.subarray(0, link.read(into, 0))];
}

/** Two ends that have greeted each other. */
function greeted(incarnations: readonly [number, number] = [1, 1]) {
  const parts = ends(incarnations);
  parts.links.a.greet();
  parts.carry();
  parts.carry();
  return parts;
}

/** Two shards on two nodes; `network` may change what is in the air. Actors on the second keep what they are told. */
function nodes(
  network: (air: Uint8Array[]) => Uint8Array[] = (air) => air,
  options: { maxPendingBytes?: number } = {},
) {
  const clock = new VirtualHost();
  const placement: Placement = { slotOwners: new Uint16Array(SLOTS).fill(OTHER), services: {} };
  const [here, there] = [0, OTHER].map((thread) => new TestShard({ thread, clock, placement, ...options })) as [
    TestShard,
    TestShard,
  ];
  const air: { readonly to: BatchLink; readonly bytes: Uint8Array }[] = [];
  const links: BatchLink[] = [];
  const end = (side: 0 | 1): BatchLink =>
    new BatchLink({
      incarnation: 1,
      send: (bytes) => air.push({ to: links[1 - side] as BatchLink, bytes }) > 0,
      wake: () => clock.defer((side === 0 ? here : there).shard.wake),
    });
  links.push(end(0), end(1));
  const [one, other] = links as [BatchLink, BatchLink];
  here.shard.connect(OTHER, one, one);
  there.shard.connect(0, other, other);
  const carry = (change = network): void => {
    for (const side of [other, one]) {
      const due = air.filter(({ to }) => to === side).map(({ bytes }) => bytes);
      for (let index = air.length - 1; index >= 0; index--) if (air[index]?.to === side) air.splice(index, 1);
      for (const bytes of change(due)) side.receive(bytes);
    }
    clock.settle();
  };
  one.greet();
  carry((due) => due);
  carry((due) => due);
  const seen: [string, number][] = [];
  here.register(kind, () => ({ receive: () => undefined }));
  there.register(kind, (context) => ({
    receive: ({ n }) => {
      seen.push([context.self.id, n]);
      context.reply(n);
    },
  }));
  return { here, there, seen, air, carry, clock, ref: (name: string) => here.ref(kind, pinnedId(OTHER, name)) };
}

describe('numbers of threads', () => {
  test('[PLC3] a thread has a number of its own among all nodes, and those of node 0 are plain indexes', () => {
    const numbers = new Set<number>();
    for (let node = 0; node < 5; node++) {
      for (let index = 0; index < THREADS_PER_NODE; index++) {
        const thread = threadNumber(node, index);
        expect(nodeOf(thread)).toBe(node);
        numbers.add(thread);
      }
    }
    expect(numbers.size).toBe(5 * THREADS_PER_NODE);
    expect([threadNumber(0, 0), threadNumber(0, 7)]).toEqual([0, 7]);
    for (const [node, index] of [
      [-1, 0],
      [1_024, 0],
      [0, THREADS_PER_NODE],
      [0.5, 0],
    ] as const) {
      expect(() => threadNumber(node, index)).toThrow('no deployment has');
    }
  });
});

describe('links between nodes', () => {
  test('[NODE1] whatever the network loses, doubles and reorders, batches are handed on once and in order', () => {
    const fate = fc.array(fc.nat({ max: 30 }), { maxLength: 80 });
    fc.assert(
      fc.property(fate, (arrivals) => {
        const { air, links } = greeted();
        for (let n = 1; n <= 31; n++) write(links.a, n);
        const batches = air.splice(0);
        const got: number[] = [];
        for (const index of arrivals) {
          links.b.receive((batches[index] as { bytes: Uint8Array }).bytes);
          got.push(...taken(links.b));
        }
        const expected = arrivals.filter((index, place) => index > Math.max(-1, ...arrivals.slice(0, place)));
        expect(got).toEqual(expected.map((index) => index + 1));
      }),
      { numRuns: 200 },
    );
  });

  test('[NODE2] a batch of an earlier start is dropped once the new one was heard of', () => {
    const { air, links, carry, end } = greeted([1, 1]);
    write(links.a, 1);
    const old = air.splice(0);
    links.a = end('b', 2);
    links.a.greet();
    carry();
    carry();
    for (const { bytes } of old) links.b.receive(bytes);
    expect(taken(links.b)).toEqual([]);
    write(links.a, 2);
    carry();
    expect(taken(links.b)).toEqual([2]);
    expect(links.b.losses).toMatchObject({ stale: 1, misdirected: 0 });
  });

  test('[NODE3] a batch for an earlier start reaches nobody; its sender is greeted and the next one arrives', () => {
    const { links, carry, end } = greeted([1, 1]);
    links.b = end('a', 2);
    write(links.a, 1);
    carry();
    expect(taken(links.b)).toEqual([]);
    expect(links.b.losses.misdirected).toBe(1);
    carry();
    write(links.a, 2);
    carry();
    expect(taken(links.b)).toEqual([2]);
  });

  test('[NODE3] without any greeting the first batch is lost and those after the first answer arrive, both ways', () => {
    const { links, carry } = ends([7, 3]);
    write(links.a, 1);
    carry();
    expect(taken(links.b)).toEqual([]);
    carry();
    write(links.a, 2);
    write(links.b, 3);
    carry();
    expect([taken(links.b), taken(links.a)]).toEqual([[2], [3]]);
  });

  test('[NODE3] greetings come to rest', () => {
    const { air, links, carry, end } = greeted([1, 1]);
    links.a = end('b', 2);
    links.b = end('a', 2);
    for (const link of [links.a, links.b]) write(link, 1);
    for (let round = 0; round < 6; round++) carry();
    expect(air).toEqual([]);
    write(links.b, 5);
    carry();
    expect(taken(links.a)).toEqual([5]);
  });

  test('[NODE4] every batch is understood without those before it, and a lost one takes nothing with it but its own', () => {
    const { here, seen, ref, carry } = nodes();
    const far = ref('x');
    here.tell(far, { n: 1 });
    here.settle();
    carry(() => []);
    here.tell(far, { n: 2 });
    here.tell(ref('y'), { n: 3 });
    here.settle();
    carry();
    here.tell(far, { n: 4 });
    here.settle();
    carry();
    expect(seen).toEqual([
      [far.id, 2],
      [ref('y').id, 3],
      [far.id, 4],
    ]);
  });

  test('[NODE4] a turn with much to say leaves in several batches', () => {
    const { here, air, seen, ref, carry } = nodes();
    for (let n = 0; n < 100; n++) here.tell(ref(`a${n % 7}`), { n, text: 'x'.repeat(5_000) });
    here.settle();
    expect(air.length).toBeGreaterThan(4);
    for (const { bytes } of air) expect(bytes.length).toBeLessThan(80_000);
    carry();
    expect(seen).toHaveLength(100);
  });

  test('[NODE5] a lost question and a lost answer end in the fault of the deadline; a doubled question is asked once', async () => {
    const { here, clock, seen, ref, carry } = nodes();
    const lostQuestion = here.shard.ask(ref('x'), { n: 1 }, 1_000);
    here.settle();
    carry(() => []);
    const lostAnswer = here.shard.ask(ref('x'), { n: 2 }, 1_000);
    here.settle();
    let round = 0;
    carry((due) => (round++ === 0 ? due : []));
    carry(() => []);
    const doubled = here.shard.ask(ref('x'), { n: 3 }, 1_000);
    here.settle();
    carry((due) => [...due, ...due]);
    carry((due) => [...due, ...due]);
    clock.advance(1_100);
    expect(await doubled).toEqual({ ok: true, value: 3 });
    for (const reply of [await lostQuestion, await lostAnswer]) {
      expect(reply).toMatchObject({
        ok: false,
        fault: { code: 'unavailable', message: 'no answer within the deadline' },
      });
    }
    expect(seen.map(([, n]) => n)).toEqual([2, 3]);
    expect(here.shard.pendingAsks).toBe(0);
  });

  test('[NODE6] a thread that does not read has a bound: batches on top of it are lost, later ones arrive', () => {
    const { air, links, carry, end } = ends();
    links.b = end('a', 1, 10);
    links.a.greet();
    carry();
    carry();
    for (let n = 1; n <= 3; n++) write(links.a, n, n, n, n);
    carry();
    expect(links.b.waiting()).toBe(8);
    expect(links.b.losses.overflow).toBe(1);
    expect(taken(links.b)).toEqual([1, 1, 1, 1, 2, 2, 2, 2]);
    write(links.a, 9);
    carry();
    expect(taken(links.b)).toEqual([9]);
    links.b.receive(new Uint8Array(5));
    expect(links.b.losses.unreadable).toBe(1);
    expect(air).toEqual([]);
  });

  test('[NODE6] while nothing can be sent, what waits has a bound and senders hear `overloaded`; order is kept after', async () => {
    const clock = new VirtualHost();
    const placement: Placement = { slotOwners: new Uint16Array(SLOTS), services: {} };
    const here = new TestShard({ clock, placement, maxPendingBytes: 4_096 });
    here.register(kind, () => ({ receive: () => undefined }));
    let open = false;
    const out: Uint8Array[] = [];
    const link = new BatchLink({ incarnation: 1, send: (bytes) => open && out.push(bytes) > 0, wake: () => undefined });
    here.shard.connect(OTHER, link, link);
    const far = here.ref(kind, pinnedId(OTHER, 'x'));
    let accepted = 0;
    while (here.tell(far, { n: accepted })) accepted += 1;
    expect(here.shard.pendingLaneBytes).toBeLessThan(4_096 + 100);
    expect(await here.ask(far, { n: -1 })).toMatchObject({ ok: false, fault: { code: 'overloaded' } });
    open = true;
    here.shard.wake();
    expect(here.shard.pendingLaneBytes).toBe(0);
    expect(out).toHaveLength(1);
    expect(here.tell(far, { n: 0 })).toBe(true);
  });

  test('[NODE7] an actor of another node cannot be watched: its watcher is told at once', () => {
    const { here, ref } = nodes();
    const told: string[] = [];
    here.shard.watch(ref('x'), (address) => told.push(address));
    expect(told).toEqual([ref('x').address]);
  });
});
