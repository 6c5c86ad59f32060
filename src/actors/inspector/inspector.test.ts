import { describe, expect, test } from 'bun:test';
import { defineKind } from '../../runtime/kind.ts';
import { pinnedId } from '../../runtime/placement.ts';
import { TestShard } from '../../testkit/test-shard.ts';
import { inspector } from './inspector.ts';
import { inspectorKind } from './messages.ts';

type Work = { readonly type: 'work' | 'break' | 'suspend' };

function world() {
  const shard = new TestShard();
  const kind = defineKind<Work>({ name: 'worker', supervision: { onFailure: 'resume' } });
  shard.register(kind, (context) => {
    let done = 0;
    return {
      receive: ({ type }) => {
        shard.clock.spend(0.1);
        if (type === 'break') throw new Error('broken on purpose');
        if (type === 'suspend') context.suspend();
        done += 1;
      },
      summary: () => {
        if (context.self.id === 'shy') throw new Error('says nothing');
        return { done };
      },
    };
  });
  shard.register(inspectorKind, inspector(shard.shard, { sockets: () => 7, backEnds: () => [], samples: () => [] }));
  const tell = (id: string, ...types: Work['type'][]): void => {
    for (const type of types) shard.tell(shard.ref(kind, id), { type });
    shard.settle();
  };
  return { shard, tell, ref: shard.ref(inspectorKind, pinnedId(0, 0)) };
}

describe('inspector', () => {
  test('[INSP1] the report has the counters of every kind and the histogram of time per message', async () => {
    const { shard, tell, ref } = world();
    for (let n = 0; n < 40; n++) tell('a', 'work');
    const reply = await shard.ask(ref, { type: 'report' });
    if (!reply.ok) throw new Error(reply.fault.message);
    expect(reply.value).toMatchObject({ thread: 0, sockets: 7, deadLetters: 0 });
    const worker = reply.value.kinds.find(({ kind }) => kind === 'worker');
    expect(worker).toMatchObject({ live: 1, activations: 1, messages: 40, mailboxHighWater: 1 });
    expect(worker?.timeBuckets).toHaveLength(24);
    // 0.1 ms is between 2^6 and 2^7 µs.
    expect(worker?.timeBuckets[7]).toBe(worker?.sampledMessages as number);
    expect(worker?.sampledMessages).toBeGreaterThan(0);
  });

  test('[INSP2] actors of a kind are listed, the deepest mailboxes first, bounded', async () => {
    const { shard, tell, ref } = world();
    tell('idle', 'work');
    tell('stuck', 'suspend', 'work', 'work');
    tell('failing', 'break');
    expect(await shard.ask(ref, { type: 'list', kind: 'worker', limit: 2 })).toEqual({
      ok: true,
      value: [
        { id: 'stuck', status: 'suspended', depth: 2, failures: 0 },
        { id: 'idle', status: 'running', depth: 0, failures: 0 },
      ],
    });
    expect(await shard.ask(ref, { type: 'list', kind: 'nobody', limit: 2 })).toEqual({ ok: true, value: [] });
  });

  test('[INSP3] one actor shows its state, its mailbox and its last failures; looking activates nobody', async () => {
    const { shard, tell, ref } = world();
    tell('a', 'work', 'break');
    const reply = await shard.ask(ref, { type: 'look', kind: 'worker', id: 'a' });
    expect(reply).toMatchObject({ ok: true, value: { status: 'running', depth: 0, state: { done: 1 } } });
    expect(reply.ok && reply.value?.lastFailures[0]).toContain('broken on purpose');
    expect(await shard.ask(ref, { type: 'look', kind: 'worker', id: 'b' })).toEqual({ ok: true, value: null });
    tell('shy', 'work');
    const shy = await shard.ask(ref, { type: 'look', kind: 'worker', id: 'shy' });
    expect(shy).toMatchObject({ ok: true, value: { state: { summaryFailed: 'Error: says nothing' } } });
  });
});
