import { describe, expect, test } from 'bun:test';
import { TestShard } from '../testkit/test-shard.ts';
import { defineKind } from './kind.ts';

type Work = { readonly type: 'work' };
const work: Work = { type: 'work' };

/** Actors whose handler takes `costMs` of the virtual clock. */
function busy(shard: TestShard, name: string, costMs: () => number, capacity = 100_000) {
  const kind = defineKind<Work>({ name, mailbox: { capacity } });
  const seen = { handled: 0 };
  shard.register(kind, () => ({
    receive: () => {
      seen.handled += 1;
      shard.clock.spend(costMs());
    },
  }));
  return { ref: (id: string) => shard.ref(kind, id), seen };
}

/** Longest time between two looks at I/O: what one deferred slice takes. */
function longestSlice(shard: TestShard): number {
  let longest = 0;
  for (;;) {
    const before = shard.clock.monotonicMs();
    if (!shard.clock.step()) return longest;
    longest = Math.max(longest, shard.clock.monotonicMs() - before);
  }
}

describe('slices', () => {
  test('[DSP1] an actor handles at most so many messages before the next one has its turn', () => {
    const shard = new TestShard({ dispatcher: { messagesPerTurn: 10 } });
    const order: string[] = [];
    const kind = defineKind<Work>({ name: 'worker' });
    shard.register(kind, (context) => ({ receive: () => void order.push(context.self.id) }));
    for (const id of ['a', 'b']) for (let n = 0; n < 25; n++) shard.tell(shard.ref(kind, id), work);
    shard.settle();
    const turns = order
      .join('')
      .match(/a+|b+/g)
      ?.map((turn) => turn.length);
    expect(turns).toEqual([10, 10, 10, 10, 5, 5]);
  });

  test('[DSP2] a slice of handlers of 1 ms lets I/O in after about 4 ms, of 20 ms after each one', () => {
    for (const [costMs, boundMs] of [
      [1, 5],
      [20, 20],
    ] as const) {
      const shard = new TestShard();
      const { ref, seen } = busy(shard, 'slow', () => costMs);
      for (let n = 0; n < 2_000; n++) shard.tell(ref(`a${n % 3}`), work);
      // It has to learn the cost once: at most 64 messages go by before the clock is read for the first time.
      shard.clock.step();
      expect(longestSlice(shard)).toBeLessThanOrEqual(boundMs);
      expect(seen.handled).toBe(2_000);
    }
  });

  test('[DSP2] quick handlers that turn slow hold I/O up once, for no more than 1,024 messages', () => {
    const shard = new TestShard();
    let costMs = 0.001;
    const { ref, seen } = busy(shard, 'moody', () => costMs);
    for (let n = 0; n < 50_000; n++) shard.tell(ref('a'), work);
    longestSlice(shard);
    costMs = 0.5;
    for (let n = 0; n < 5_000; n++) shard.tell(ref('a'), work);
    let long = 0;
    for (;;) {
      const before = [shard.clock.monotonicMs(), seen.handled] as const;
      if (!shard.clock.step()) break;
      if (shard.clock.monotonicMs() - before[0] <= 5) continue;
      long += 1;
      expect(seen.handled - before[1]).toBeLessThanOrEqual(1_024);
    }
    expect(long).toBeLessThanOrEqual(1);
    expect(seen.handled).toBe(55_000);
  });

  test('[DSP3] a turn over the bound is logged with its actor, several quick ones with all that had a turn', () => {
    const shard = new TestShard({ dispatcher: { slowMs: 100 } });
    const slow = busy(shard, 'slow', () => 150);
    const quick = busy(shard, 'quick', () => 0);
    const middling = busy(shard, 'middling', () => 40);
    shard.tell(slow.ref('a'), work);
    shard.settle();
    expect(shard.log.lines).toEqual([{ level: 'warn', text: 'a slow turn', fields: { actors: ['slow/a'], ms: 150 } }]);
    // After many quick messages the clock is read once in several turns.
    for (let n = 0; n < 50_000; n++) shard.tell(quick.ref('q'), work);
    shard.settle();
    for (const id of ['x', 'y', 'z']) shard.tell(middling.ref(id), work);
    shard.settle();
    expect(shard.log.lines.slice(1)).toEqual([
      { level: 'warn', text: 'slow turns', fields: { actors: ['middling/x', 'middling/y', 'middling/z'], ms: 120 } },
    ]);
  });

  test('[DSP4] one turn in sixteen is sampled, over slices, into a histogram of powers of two of µs', () => {
    const shard = new TestShard();
    const { ref } = busy(shard, 'timed', () => 0.1);
    for (let n = 0; n < 160; n++) {
      shard.tell(ref('a'), work);
      shard.settle();
    }
    const stats = [...shard.shard.kinds()][0]?.stats;
    expect(stats?.messages).toBe(160);
    expect(stats?.sampledMessages).toBeGreaterThanOrEqual(10);
    // 100 µs is below 2^7.
    expect(stats?.timeBuckets[7]).toBe(stats?.sampledMessages as number);
    expect(stats?.sampledMs).toBeCloseTo(0.1 * (stats?.sampledMessages as number), 6);
  });
});
