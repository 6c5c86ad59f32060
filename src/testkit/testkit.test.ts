import { describe, expect, test } from 'bun:test';
import { defineKind } from '../runtime/kind.ts';
import { newProbe, Probe } from './probe.ts';
import { TestShard } from './test-shard.ts';
import { VirtualHost } from './virtual-host.ts';

type Note = { readonly type: 'note'; readonly n: number } | { readonly type: 'other'; readonly n: number };

describe('virtual host', () => {
  test('[KIT2] time moves only when told to, timer by timer, and equal seeds give equal chance', () => {
    const host = new VirtualHost(7);
    const fired: number[] = [];
    host.setTimer(10, () => {
      fired.push(host.monotonicMs());
      host.setTimer(5, () => fired.push(host.monotonicMs()));
    });
    host.setTimer(11, () => fired.push(-1))();
    host.settle();
    expect(fired).toEqual([]);
    host.advance(20);
    expect(fired).toEqual([10, 15]);
    expect(host.monotonicMs()).toBe(20);
    const wall = host.wallMs();
    host.jumpWall(-5_000);
    expect([host.wallMs() - wall, host.monotonicMs()]).toEqual([-5_000, 20]);
    const other = new VirtualHost(7);
    expect([host.random(), host.random()]).toEqual([other.random(), other.random()]);
  });

  test('[KIT2] work that never ends is an error, not a hang', () => {
    const host = new VirtualHost();
    const again = (): void => host.defer(again);
    again();
    expect(() => host.settle()).toThrow('still busy');
  });
});

describe('probe', () => {
  test('[KIT3] it says what came instead of what was expected', () => {
    const shard = new TestShard();
    const probe = newProbe<Note>(shard);
    expect(() => probe.expect('note')).toThrow('expected note, but there is nothing');
    shard.tell(probe.ref, { type: 'other', n: 1 });
    expect(() => probe.expect('note')).toThrow('expected note, but there is other');
    expect(() => probe.expectNothing()).toThrow('expected nothing, but there is other');
    expect(probe.expect('other').n).toBe(1);
    probe.expectNothing();
  });

  test('[KIT3] it stands for all actors of a kind and answers what it is told to', async () => {
    const shard = new TestShard();
    const kind = defineKind<Note>({ name: 'store' });
    const probe = new Probe(shard, kind);
    probe.answer('note', ({ n }) => n + 1);
    probe.fail('other', { code: 'unavailable', message: 'away' });
    expect(await shard.ask(shard.ref(kind, 'x'), { type: 'note', n: 1 })).toEqual({ ok: true, value: 2 as never });
    expect(await shard.ask(shard.ref(kind, 'y'), { type: 'other', n: 1 })).toMatchObject({
      fault: { code: 'unavailable' },
    });
    expect(probe.waiting.map(({ id }) => id)).toEqual(['x', 'y']);
  });
});
