import { describe, expect, test } from 'bun:test';
import { newProbe } from '../testkit/probe.ts';
import { linkedShards, TestShard } from '../testkit/test-shard.ts';
import { Asks, MAX_PENDING_ASKS } from './asks.ts';
import { defineKind } from './kind.ts';
import type { Fault, Reply, Request } from './reply.ts';
import { Timers } from './timers.ts';

interface Question extends Request<string> {
  readonly type: 'question';
}
const question: Question = { type: 'question' };

describe('asking', () => {
  test('[ASK1] every ask gets exactly one reply; the first answer counts', async () => {
    const shard = new TestShard();
    const probe = newProbe<Question>(shard);
    const reply = shard.ask(probe.ref, question);
    const { replyTo } = probe.expectAsk('question');
    replyTo?.settle('first', undefined);
    replyTo?.settle('second', undefined);
    expect(await reply).toEqual({ ok: true, value: 'first' });
    shard.advance(5_000);
    expect(shard.shard.pendingAsks).toBe(0);
  });

  test('[ASK2] an ask without an answer hears `unavailable` at its deadline, give or take the sweep of 50 ms', async () => {
    const shard = new TestShard();
    const probe = newProbe<Question>(shard);
    let late: Reply<string> | undefined;
    void shard.ask(probe.ref, question, 500).then((reply) => {
      late = reply;
    });
    shard.advance(499);
    await shard.clock.settleWithPromises();
    expect(late).toBeUndefined();
    shard.advance(51);
    await shard.clock.settleWithPromises();
    expect(late).toMatchObject({ ok: false, fault: { code: 'unavailable', retryAfter: 500 } });
    expect(shard.shard.pendingAsks).toBe(0);
  });

  test('[ASK3] an ask to an actor that is stopping, or whose kind was stopped, is answered at once', async () => {
    const shard = new TestShard();
    const probe = newProbe<Question>(shard);
    const waiting = shard.ask(probe.ref, question, 60_000);
    void shard.shard.stopKinds(['probe'], 1_000);
    expect(await shard.ask(probe.ref, question, 60_000)).toMatchObject({ ok: false, fault: { code: 'unavailable' } });
    shard.shard.shutdown();
    expect(await waiting).toMatchObject({ ok: false, fault: { code: 'unavailable' } });
    expect(await shard.ask(probe.ref, question, 60_000)).toMatchObject({ ok: false, fault: { code: 'unavailable' } });
  });

  test('[ASK4] an ask that waits where an actor stops is answered when it stops', async () => {
    const shard = new TestShard();
    const kind = defineKind<Question>({ name: 'leaving' });
    shard.register(kind, (context) => ({ receive: () => context.stop() }));
    const ref = shard.ref(kind, 'a');
    shard.tell(ref, question);
    expect(await shard.ask(ref, question, 60_000)).toMatchObject({ ok: false, fault: { code: 'unavailable' } });
  });

  test('[ASK5] at most so many asks are under way on one shard; one more is answered `overloaded`', () => {
    const shard = new TestShard();
    const timers = new Timers(shard.clock);
    const asks = new Asks(timers, () => shard.clock.monotonicMs());
    const kind = defineKind<never>({ name: 'asked' });
    const faults: (Fault | undefined)[] = [];
    const onReply = (reply: Reply<never>): void => void faults.push(reply.ok ? undefined : reply.fault);
    for (let n = 0; n < MAX_PENDING_ASKS; n++) expect(asks.add(null, kind, 1_000, onReply)).toBeDefined();
    expect(asks.add(null, kind, 1_000, onReply)).toBeUndefined();
    shard.advance(1_100);
    expect(asks.pending).toBe(0);
    expect(faults).toHaveLength(MAX_PENDING_ASKS);
    expect(asks.add(null, kind, 1_000, onReply)).toBeDefined();
  });

  test('[ASK6] the number of an ask is never used again, so a late answer meets nobody', async () => {
    const [shard, other] = linkedShards(2, { services: { desk: 1 } }) as [TestShard, TestShard];
    const kind = defineKind<Question>({ name: 'desk', placement: 'service' });
    shard.register(kind, () => ({ receive: () => {} }));
    other.register(kind, (context) => ({ receive: () => context.reply('here') }));
    const ref = shard.ref(kind, 'all');
    // More asks one after the other than 15 bits of generations would tell apart.
    for (let n = 0; n < 40_000; n++) {
      const reply = shard.ask(ref, question);
      if (n % 1_000 === 0 || n > 32_760) expect(await reply).toEqual({ ok: true, value: 'here' });
    }
  });

  test('[ASK7] who asks what cannot be sent has it thrown at him, and nothing stays behind', () => {
    const [shard, other] = linkedShards(2, { services: { desk: 1 } }) as [TestShard, TestShard];
    const kind = defineKind<{ readonly type: 'big'; readonly n: bigint }>({ name: 'desk', placement: 'service' });
    for (const each of [shard, other]) each.register(kind, () => ({ receive: () => {} }));
    const ref = shard.ref(kind, 'all');
    const message = { type: 'big', n: 1n } as const;
    expect(() => shard.tell(ref, message)).toThrow();
    expect(() => shard.shard.askFrom(null, ref, message, 1_000, () => {})).toThrow();
    expect(shard.shard.pendingAsks).toBe(0);
    shard.settle();
    expect(other.log.lines).toEqual([]);
  });
});
