import { describe, expect, test } from 'bun:test';
import { Probe } from '../../src/testkit/probe.ts';
import { TestShard } from '../../src/testkit/test-shard.ts';
import { counter, counterKind, storeKind } from './counter.ts';

function world() {
  const shard = new TestShard();
  const store = new Probe(shard, storeKind);
  shard.register(counterKind, counter);
  return { shard, store, ref: shard.ref(counterKind, 'visits') };
}

describe('example: counter', () => {
  test('[KIT1] it loads before its first message and answers', async () => {
    const { shard, store, ref } = world();
    shard.tell(ref, { type: 'add', by: 2 });
    const value = shard.ask(ref, { type: 'get' });
    store.expectAsk('load').replyTo?.settle(40, undefined);
    shard.settle();
    expect(await value).toEqual({ ok: true, value: 42 });
  });

  test('[KIT1] it saves once a second, and once more before it ends', () => {
    const { shard, store, ref } = world();
    store.answer('load', () => 0);
    store.answer('save', () => null);
    for (const by of [1, 2, 3]) shard.tell(ref, { type: 'add', by });
    store.expect('load');
    shard.advance(999);
    store.expectNothing();
    shard.advance(1);
    expect(store.expect('save')).toMatchObject({ name: 'visits', value: 6 });
    shard.tell(ref, { type: 'add', by: 4 });
    shard.settle();
    void shard.shard.stopKinds(['counter'], 1_000);
    expect(store.expect('save').value).toBe(10);
  });

  test('[KIT1] a bad message costs that message; a store that is away is tried again', async () => {
    const { shard, store, ref } = world();
    store.fail('load', { code: 'unavailable', message: 'away' });
    const value = shard.ask(ref, { type: 'get' }, 10_000);
    store.expect('load');
    store.answer('load', () => 5);
    shard.advance(100);
    expect(await value).toEqual({ ok: true, value: 5 });
    shard.tell(ref, { type: 'add', by: 0.5 });
    shard.advance(100);
    expect(await shard.ask(ref, { type: 'get' })).toEqual({ ok: true, value: 5 });
    expect(shard.log.with('an actor failed')).toHaveLength(2);
  });
});
