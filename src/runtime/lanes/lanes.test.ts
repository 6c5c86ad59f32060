import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { jsonCodec } from '../../testkit/json-codec.ts';
import { type LinkedOptions, linkedShards, type TestShard } from '../../testkit/test-shard.ts';
import { defineKind } from '../kind.ts';
import { pinnedId } from '../placement.ts';
import type { Request } from '../reply.ts';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';

interface Note extends Request<unknown> {
  readonly type: 'note';
  readonly n: number;
  readonly text?: string;
}

/** Two threads; actors on the second keep what they are told and answer with `answer`. */
function pair(options: LinkedOptions = {}, answer: (note: Note) => unknown = ({ n }) => n) {
  const kind = defineKind<Note>({ name: 'far', placement: 'pinned', mailbox: { capacity: 1_000_000 } });
  const [here, there] = linkedShards(2, options) as [TestShard, TestShard];
  const seen: [string, Note][] = [];
  here.register(kind, () => ({ receive: () => {} }));
  there.register(kind, (context) => ({
    receive: (message) => {
      seen.push([context.self.id, message]);
      context.reply(answer(message));
    },
  }));
  return { here, there, seen, ref: (name: string) => here.ref(kind, pinnedId(1, name)) };
}

describe('lanes', () => {
  test('[LANE3] messages of any size arrive whole and in order, also far larger than the ring', () => {
    const sizes = fc.array(fc.oneof(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 20_000 })), {
      minLength: 1,
      maxLength: 40,
    });
    fc.assert(
      fc.property(sizes, (lengths) => {
        const { here, seen, ref } = pair({ ringBytes: 1_024 });
        const far = ref('x');
        for (const [n, length] of lengths.entries()) here.tell(far, { type: 'note', n, text: 'é'.repeat(length) });
        here.settle();
        expect(seen.map(([, note]) => [note.n, note.text?.length])).toEqual([...lengths.entries()]);
      }),
      { numRuns: 30 },
    );
    const { here, seen, ref } = pair({ ringBytes: 1_024 });
    here.tell(ref('x'), { type: 'note', n: 1, text: 'a'.repeat(3_000_000) });
    here.tell(ref('x'), { type: 'note', n: 2 });
    here.settle();
    expect(seen.map(([, note]) => note.text?.length)).toEqual([3_000_000, undefined]);
  });

  test('[LANE4] past 65,536 addresses the oldest numbers are given away, and every message still finds its actor', () => {
    const { here, seen, ref } = pair({ ringBytes: 1 << 20 });
    const refs = Array.from({ length: 70_000 }, (_, index) => ref(`a${index}`));
    const order = [...refs.keys(), 0, 69_999, 1, 4_463, 4_464, 4_465, 0];
    for (const [n, index] of order.entries()) here.tell(refs[index] as never, { type: 'note', n } as never);
    here.settle();
    expect(seen).toHaveLength(order.length);
    // Actors take turns: compare what each one got.
    for (const [id, note] of seen) expect(id).toBe(`1.a${order[note.n]}`);
  });

  test('[LANE5] while the other thread stalls: pending bytes stay under their bound, senders are refused, order is kept after', async () => {
    const maxPendingBytes = 16 * 1024;
    const { here, seen, ref } = pair({ ringBytes: 1_024, maxPendingBytes });
    const far = ref('x');
    // Nothing settles, so the other thread does not read.
    const taken: number[] = [];
    for (let n = 0; n < 5_000; n++) {
      if (here.tell(far, { type: 'note', n, text: 'x'.repeat(50) })) taken.push(n);
      expect(here.shard.pendingLaneBytes).toBeLessThan(maxPendingBytes + 200);
    }
    expect(taken.length).toBeLessThan(5_000);
    expect(here.shard.refusedByLanes).toBe(5_000 - taken.length);
    const refused = here.shard.ask(far, { type: 'note', n: -1 }, 60_000);
    expect(await refused).toMatchObject({ ok: false, fault: { code: 'overloaded' } });
    here.settle();
    expect(seen.map(([, note]) => note.n)).toEqual(taken);
    expect(here.shard.pendingLaneBytes).toBe(0);
    expect(here.tell(far, { type: 'note', n: 9_999 })).toBe(true);
  });

  test('[LANE6] an answer that finds no room on the way back becomes `unavailable`, not silence', async () => {
    const { here, ref } = pair({ ringBytes: 1_024, maxPendingBytes: 4_096 }, () => 'x'.repeat(5_000));
    const replies = [1, 2, 3, 4].map((n) => here.shard.ask(ref('x'), { type: 'note', n }, 600_000));
    here.settle();
    const codes = (await Promise.all(replies)).map((reply) => (reply.ok ? 'ok' : reply.fault.message));
    expect(codes[0]).toBe('ok');
    expect(codes).toContain('the answer found no way back');
  });

  test('[LANE7] what cannot be read is one message lost: counted, logged, its asker answered; the next arrives', async () => {
    const codec = {
      ...jsonCodec,
      decode: (reader: ByteReader) => {
        const message = jsonCodec.decode(reader, jsonCodec) as Note;
        if (message.n === 13) throw new Error('garbled on purpose');
        return message;
      },
    };
    const { here, there, seen, ref } = pair({ codec });
    const replies = [12, 13, 14].map((n) => here.shard.ask(ref('x'), { type: 'note', n }, 60_000));
    here.settle();
    expect(await Promise.all(replies)).toMatchObject([{ ok: true }, { fault: { code: 'internal' } }, { ok: true }]);
    expect(seen.map(([, note]) => note.n)).toEqual([12, 14]);
    expect(there.log.with('a message from another thread cannot be read')).toHaveLength(1);
    expect(there.shard.deadLetters.total).toBe(1);
  });

  test('[LANE8] an answer that cannot be encoded fails the one who answers, and the asker hears `internal`', async () => {
    const { here, there, ref } = pair({}, ({ n }) => (n === 13 ? 13n : n));
    const replies = [13, 14].map((n) => here.shard.ask(ref('x'), { type: 'note', n }, 60_000));
    here.advance(100);
    expect(await Promise.all(replies)).toMatchObject([{ fault: { code: 'internal' } }, { ok: true, value: 14 }]);
    expect(there.log.with('an actor failed')).toHaveLength(1);
  });

  test('[LANE9] a kind that the other thread does not have is that message lost, not the lane', async () => {
    const { here, seen, ref } = pair();
    const stranger = defineKind<Note>({ name: 'stranger', placement: 'pinned' });
    here.tell(here.ref(stranger, pinnedId(1, 'x')), { type: 'note', n: 1 });
    const reply = here.shard.ask(here.ref(stranger, pinnedId(1, 'x')), { type: 'note', n: 1 }, 60_000);
    here.tell(ref('x'), { type: 'note', n: 2 });
    here.settle();
    expect(await reply).toMatchObject({ fault: { code: 'internal' } });
    expect(seen.map(([, note]) => note.n)).toEqual([2]);
  });
});

describe('bytes', () => {
  test('[LANE10] everything that is written is read again', () => {
    const value = fc.oneof(
      fc.record({ op: fc.constant('u8' as const), value: fc.nat(0xff) }),
      fc.record({ op: fc.constant('u16' as const), value: fc.nat(0xffff) }),
      fc.record({ op: fc.constant('u32' as const), value: fc.integer({ min: 0, max: 0xffff_ffff }) }),
      fc.record({ op: fc.constant('uint' as const), value: fc.maxSafeNat() }),
      fc.record({ op: fc.constant('string' as const), value: fc.string({ unit: 'grapheme', maxLength: 100 }) }),
      fc.record({ op: fc.constant('block' as const), value: fc.uint8Array({ maxLength: 100 }) }),
    );
    fc.assert(
      fc.property(fc.array(value, { maxLength: 50 }), (values) => {
        const writer = new ByteWriter(1);
        for (const each of values) (writer[each.op] as (value: unknown) => void).call(writer, each.value);
        const reader = new ByteReader();
        reader.over(writer.bytes, 0, writer.length);
        for (const each of values) expect(reader[each.op]()).toEqual(each.value);
        expect(reader.offset).toBe(writer.length);
      }),
    );
  });
});
