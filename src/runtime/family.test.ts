import { describe, expect, test } from 'bun:test';
import { newProbe, Probe } from '../testkit/probe.ts';
import { linkedShards, TestShard } from '../testkit/test-shard.ts';
import type { Context } from './context.ts';
import { defineKind } from './kind.ts';

type Order = { readonly type: 'spawn' | 'break' | 'stop' | 'work' };

const childKind = defineKind<Order>({ name: 'child' });

/** A parent with one child that takes `childStopMs` to stop. */
function family(shard: TestShard, childStopMs: number) {
  const kind = defineKind<Order>({ name: 'parent', supervision: { minBackoffMs: 10, jitter: 0 } });
  const events: string[] = [];
  let own: Context<Order> | undefined;
  shard.register(kind, (context) => {
    own = context;
    const child = context.spawn(childKind, 'c', (inner) => ({
      receive: () => void events.push('child works'),
      stopping: () => {
        events.push('child stops');
        inner.after(childStopMs, () => inner.stop());
        return false;
      },
    }));
    return {
      receive: ({ type }) => {
        if (type === 'break') throw new Error('broken on purpose');
        if (type === 'stop') context.stop();
        if (type === 'work') context.tell(child, { type });
      },
      started: () => void events.push('parent starts'),
      stopping: () => void events.push('parent stops'),
    };
  });
  return { ref: shard.ref(kind, 'p'), events, context: () => own as Context<Order> };
}

describe('children', () => {
  test('[FAM1] children stop before their parent does', () => {
    const shard = new TestShard();
    const { ref, events } = family(shard, 20);
    shard.tell(ref, { type: 'work' });
    shard.settle();
    shard.tell(ref, { type: 'stop' });
    shard.settle();
    expect(events).toEqual(['parent starts', 'child works', 'child stops']);
    shard.advance(20);
    expect(events.slice(3)).toEqual(['parent stops']);
    expect([...shard.shard.kinds()].map((entry) => entry.stats.live)).toEqual([0, 0]);
  });

  test('[FAM2] a parent that restarts waits for the children of its failed incarnation, and may then name others like them', () => {
    const shard = new TestShard();
    const { ref, events } = family(shard, 500);
    shard.tell(ref, { type: 'break' });
    shard.tell(ref, { type: 'work' });
    shard.advance(499);
    expect(events).toEqual(['parent starts', 'child stops']);
    shard.advance(1);
    expect(events.slice(2)).toEqual(['parent starts', 'child works']);
    expect(shard.log.with('an actor failed')).toHaveLength(1);
  });

  test('[FAM3] two children of one name are refused, as is a child of a parent that stops', () => {
    const shard = new TestShard();
    const { ref, context } = family(shard, 20);
    shard.tell(ref, { type: 'work' });
    shard.settle();
    const behaviour = () => ({ receive: () => {} });
    expect(() => context().spawn(childKind, 'c', behaviour)).toThrow('has a child named c already');
    shard.tell(ref, { type: 'stop' });
    shard.settle();
    expect(() => context().spawn(childKind, 'd', behaviour)).toThrow('starts no more children');
  });

  test('[FAM4] a message to a child that has ended reaches nobody: no stranger is activated in its place', async () => {
    const shard = new TestShard();
    const { ref } = family(shard, 0);
    shard.tell(ref, { type: 'work' });
    shard.settle();
    const child = [...shard.shard.kinds()].find(({ kind }) => kind.name === 'child')?.cells.list()[0]?.self;
    shard.tell(ref, { type: 'stop' });
    shard.advance(10);
    expect(shard.tell(child as never, { type: 'work' } as never)).toBe(false);
    expect(shard.shard.deadLetters.total).toBe(1);
  });
});

describe('watching', () => {
  const nodeKind = defineKind<Order>({ name: 'node', placement: 'service' });
  const node = (context: Context<Order>) => ({
    receive: ({ type }: Order) => (type === 'stop' ? context.stop() : undefined),
  });

  for (const where of ['on one thread', 'across threads'] as const) {
    function world() {
      const shards = linkedShards(2, { services: { node: where === 'on one thread' ? 0 : 1 } });
      const [shard, other] = shards as [TestShard, TestShard];
      for (const each of shards) each.register(nodeKind, node);
      return { shard, other, ref: shard.ref(nodeKind, 'x'), probe: newProbe<Order>(shard) };
    }

    test(`[FAM5] ${where}: a watcher is told once when the actor ends, at once if it is not active, never after unwatching`, () => {
      const { shard, ref, probe } = world();
      probe.watch(ref);
      expect(probe.terminated).toEqual(['node/x']);
      shard.tell(ref, { type: 'work' });
      shard.settle();
      probe.watch(ref);
      probe.watch(ref);
      expect(probe.terminated).toHaveLength(1);
      shard.tell(ref, { type: 'stop' });
      shard.settle();
      expect(probe.terminated).toEqual(['node/x', 'node/x']);
      shard.tell(ref, { type: 'work' });
      shard.settle();
      probe.watch(ref);
      probe.unwatch(ref);
      shard.tell(ref, { type: 'stop' });
      shard.settle();
      expect(probe.terminated).toHaveLength(2);
    });
  }

  test('[FAM6] a watch ends with its incarnation: the dead leave no ears behind', () => {
    const shard = new TestShard();
    const kind = defineKind<Order>({ name: 'watcher', supervision: { minBackoffMs: 10, jitter: 0 } });
    const target = new Probe<Order>(shard, defineKind<Order>({ name: 'target' }));
    const ends: string[] = [];
    shard.register(kind, (context) => ({
      receive: ({ type }) => {
        if (type === 'work') context.watch(target.ref);
        if (type === 'break') throw new Error('broken on purpose');
        if (type === 'stop') context.stop();
      },
      terminated: (address) => void ends.push(address),
    }));
    shard.tell(target.ref, { type: 'work' });
    shard.settle();
    const watchers = (): number =>
      (shard.shard.activeCell(target.ref) as unknown as { kin: { watchers: Set<unknown> } }).kin.watchers.size;
    for (let n = 0; n < 100; n++) {
      const ref = shard.ref(kind, `w${n}`);
      shard.tell(ref, { type: 'work' });
      shard.settle();
      expect(watchers()).toBe(1);
      shard.tell(ref, { type: n % 2 === 0 ? 'break' : 'stop' });
      shard.settle();
      expect(watchers()).toBe(0);
    }
    shard.advance(20);
    void shard.shard.stopKinds(['target'], 10);
    shard.settle();
    expect(ends).toEqual([]);
  });
});
