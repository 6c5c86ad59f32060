import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { TestShard } from '../testkit/test-shard.ts';
import { defineKind } from './kind.ts';
import { evenPlacement, pinnedId, SLOTS, slotOf, threadOf } from './placement.ts';

type Note = { readonly type: 'note' };
const note: Note = { type: 'note' };

describe('system stop', () => {
  test('[STOP1] kinds stop in the order asked for, each actor in good order; those that linger past the deadline are counted', async () => {
    const shard = new TestShard();
    const events: string[] = [];
    for (const name of ['gate', 'room', 'stuck']) {
      shard.register(defineKind<Note>({ name }), (context) => ({
        receive: () => {},
        stopping: () => {
          if (name === 'room') context.after(50, () => context.stop());
          events.push(name);
          return name === 'gate';
        },
      }));
      shard.tell(shard.ref(defineKind<Note>({ name }), 'a'), note);
    }
    shard.settle();
    const gate = shard.shard.stopKinds(['gate'], 1_000);
    shard.advance(10);
    expect(await gate).toBe(0);
    const room = shard.shard.stopKinds(['room'], 1_000);
    shard.advance(100);
    expect(await room).toBe(0);
    const stuck = shard.shard.stopKinds(['stuck'], 1_000);
    shard.advance(1_100);
    expect(await stuck).toBe(1);
    expect(events).toEqual(['gate', 'room', 'stuck']);
  });

  test('[STOP2] nobody of a stopped kind is activated any more: senders hear no, and the log stays quiet', async () => {
    const shard = new TestShard();
    const kind = defineKind<Note>({ name: 'room' });
    let activations = 0;
    shard.register(kind, () => {
      activations += 1;
      return { receive: () => {} };
    });
    const ref = shard.ref(kind, 'a');
    const stopped = shard.shard.stopKinds(['room'], 1_000);
    expect(shard.tell(ref, note)).toBe(false);
    expect(await shard.ask(ref, note, 60_000)).toMatchObject({ ok: false, fault: { code: 'unavailable' } });
    shard.advance(10);
    expect(await stopped).toBe(0);
    expect(activations).toBe(0);
    expect(shard.shard.deadLetters.total).toBe(2);
    expect(shard.log.lines).toEqual([]);
  });

  test('[STOP3] after shutdown nothing runs', () => {
    const shard = new TestShard();
    let handled = 0;
    const kind = defineKind<Note>({ name: 'room' });
    shard.register(kind, () => ({ receive: () => void handled++ }));
    const ref = shard.ref(kind, 'a');
    shard.tell(ref, note);
    shard.shard.shutdown();
    shard.advance(10_000);
    expect(handled).toBe(0);
  });
});

describe('dead letters', () => {
  test('[DEAD1] each is counted, per kind and in all; the log has one line in five seconds with the sum', () => {
    const shard = new TestShard();
    const kind = defineKind<Note>({ name: 'leaving' });
    shard.register(kind, (context) => ({ receive: () => context.stop(), stopping: () => false }));
    const ref = shard.ref(kind, 'a');
    shard.tell(ref, note);
    shard.settle();
    for (let n = 0; n < 1_000; n++) shard.tell(ref, note);
    expect(shard.shard.deadLetters.total).toBe(1_000);
    expect([...shard.shard.kinds()][0]?.stats.deadLetters).toBe(1_000);
    expect(shard.log.with('dead letters')).toMatchObject([{ address: 'leaving/a', count: 1 }]);
    shard.advance(5_000);
    shard.tell(ref, note);
    expect(shard.log.with('dead letters')[1]).toMatchObject({ count: 1_000, total: 1_001 });
  });
});

describe('placement', () => {
  test('[PLC1] an address has one thread, the same on all; ids that differ in their last character spread out', () => {
    const kind = defineKind<Note>({ name: 'room' });
    const placement = evenPlacement(4);
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), (id) => {
        expect(slotOf(id)).toBeLessThan(SLOTS);
        expect(threadOf(placement, kind, id)).toBe(placement.slotOwners[slotOf(id)] as number);
      }),
    );
    const counts = [0, 0, 0, 0];
    for (let n = 0; n < 4_000; n++) {
      const thread = threadOf(placement, kind, `room-${n}`);
      counts[thread] = (counts[thread] as number) + 1;
    }
    for (const count of counts) expect(count).toBeGreaterThan(800);
  });

  test('[PLC2] a pinned id names its thread, a service has one; neither is guessed', () => {
    const placement = evenPlacement(2, { log: 3 });
    const pinned = defineKind<Note>({ name: 'session', placement: 'pinned' });
    expect(threadOf(placement, pinned, pinnedId(1, 'x'))).toBe(1);
    expect(() => threadOf(placement, pinned, 'x')).toThrow('names no thread');
    expect(threadOf(placement, defineKind<Note>({ name: 'log', placement: 'service' }), 'all')).toBe(3);
    expect(() => threadOf(placement, defineKind<Note>({ name: 'mail', placement: 'service' }), 'all')).toThrow(
      'no thread runs',
    );
  });
});
