import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { TestShard } from '../testkit/test-shard.ts';
import { defineKind } from './kind.ts';

type Message = { readonly type: 'add'; readonly n: number };

/** An actor whose sum is kept outside, as a store would; it takes `flushMs` to write it back when it goes. */
function counter(shard: TestShard, flushMs: number, mayPassivate: () => boolean = () => true) {
  const kind = defineKind<Message>({ name: 'counter', passivateAfterMs: 5_000 });
  const stored = { sum: 0, activations: 0 };
  shard.register(kind, (context) => {
    stored.activations += 1;
    let { sum } = stored;
    return {
      receive: ({ n }) => {
        sum += n;
        context.reply(sum);
      },
      mayPassivate,
      stopping: () => {
        if (flushMs === 0) stored.sum = sum;
        else
          context.after(flushMs, () => {
            stored.sum = sum;
            context.stop();
          });
        return flushMs === 0;
      },
    };
  });
  const [entry] = [...shard.shard.kinds()];
  return { ref: shard.ref(kind, 'a'), stored, live: () => entry?.stats.live, stats: () => entry?.stats };
}

describe('passivation', () => {
  test('[PAS1] an idle actor goes, and the next message finds it again with its state', async () => {
    const shard = new TestShard();
    const { ref, live, stored } = counter(shard, 0);
    shard.tell(ref, { type: 'add', n: 2 });
    shard.advance(4_000);
    expect(live()).toBe(1);
    shard.advance(3_000);
    expect(live()).toBe(0);
    expect(await shard.ask(ref, { type: 'add', n: 3 })).toEqual({ ok: true, value: 5 as never });
    expect(stored.activations).toBe(2);
  });

  test('[PAS2] an actor that says no stays; one that fails when asked is supervised', () => {
    const shard = new TestShard();
    let willing = false;
    const { ref, live } = counter(shard, 0, () => willing);
    shard.tell(ref, { type: 'add', n: 1 });
    shard.advance(20_000);
    expect(live()).toBe(1);
    willing = true;
    shard.advance(2_000);
    expect(live()).toBe(0);

    const other = new TestShard();
    const broken = counter(other, 0, () => {
      throw new Error('does not know');
    });
    other.tell(broken.ref, { type: 'add', n: 1 });
    other.advance(6_500);
    expect(broken.stats()).toMatchObject({ failures: 1, restarts: 1, live: 1 });
  });

  test('[PAS3] messages that come while it writes its state back are handled by the next activation, in order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 200 }),
        fc.array(fc.integer({ min: 1, max: 3_000 }), { minLength: 1, maxLength: 30 }),
        async (flushMs, gaps) => {
          const shard = new TestShard();
          const { ref, stats } = counter(shard, flushMs);
          let expected = 0;
          for (const [index, gap] of gaps.entries()) {
            // Gaps around the passivation time, so that many messages meet an actor on its way out.
            shard.advance(index % 2 === 0 ? 5_000 + gap : gap);
            expected += gap;
            const reply = shard.ask(ref, { type: 'add', n: gap }, 10_000);
            shard.advance(250);
            expect(await reply).toEqual({ ok: true, value: expected as never });
          }
          expect(shard.shard.deadLetters.total).toBe(0);
          expect(stats()?.live).toBe(1);
        },
      ),
      { numRuns: 40 },
    );
  });

  test('[PAS3] a system stop meanwhile answers them instead', async () => {
    const shard = new TestShard();
    const { ref, live } = counter(shard, 2_000);
    shard.tell(ref, { type: 'add', n: 1 });
    shard.advance(6_500);
    const reply = shard.ask(ref, { type: 'add', n: 1 }, 10_000);
    const stopped = shard.shard.stopKinds(['counter'], 5_000);
    shard.advance(5_000);
    expect(await reply).toMatchObject({ ok: false, fault: { code: 'unavailable' } });
    expect(await stopped).toBe(0);
    expect(live()).toBe(0);
  });

  test('[PAS4] a large population is swept a part at a time', () => {
    const shard = new TestShard();
    const { stats } = counter(shard, 0);
    const kind = defineKind<Message>({ name: 'counter', passivateAfterMs: 5_000 });
    for (let index = 0; index < 20_000; index++) shard.tell(shard.ref(kind, `c${index}`), { type: 'add', n: 1 });
    shard.settle();
    let most = 0;
    for (let ms = 0; ms < 8_000; ms++) {
      const before = stats()?.live ?? 0;
      shard.advance(1);
      most = Math.max(most, before - (stats()?.live ?? 0));
    }
    expect(stats()?.live).toBe(0);
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(2 * 4_096);
  });
});
