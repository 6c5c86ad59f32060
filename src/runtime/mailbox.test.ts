import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { TestShard } from '../testkit/test-shard.ts';
import { defineKind, type Overflow } from './kind.ts';
import { Mailbox } from './mailbox.ts';
import type { Fault, ReplyTo } from './reply.ts';

class Asker implements ReplyTo {
  fault: Fault | undefined;
  settle(_value: unknown, fault: Fault | undefined): void {
    this.fault = fault;
  }
}

describe('mailbox', () => {
  test('[MBX1] it is a bounded queue: any pushes and shifts agree with a plain array', () => {
    const step = fc.oneof(fc.constant('push' as const), fc.constant('shift' as const));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 70 }), fc.array(step, { maxLength: 400 }), (capacity, steps) => {
        const mailbox = new Mailbox<number>(capacity);
        const model: { message: number; asker: Asker | undefined }[] = [];
        for (const [message, each] of steps.entries()) {
          const asker = message % 3 === 0 ? new Asker() : undefined;
          if (each === 'push') {
            expect(mailbox.push(message, asker)).toBe(model.length < capacity);
            if (model.length < capacity) model.push({ message, asker });
          } else if (model.length > 0) {
            const oldest = model.shift();
            expect(mailbox.headReplyTo()).toBe(oldest?.asker);
            expect(mailbox.shift()).toBe(oldest?.message as number);
          }
          expect(mailbox.size).toBe(model.length);
        }
      }),
    );
  });

  test('[MBX2] a kind whose mailbox holds nothing is refused', () => {
    expect(() => defineKind({ name: 'none', mailbox: { capacity: 0 } })).toThrow('must hold a message');
  });
});

describe('a full mailbox', () => {
  type Note = { readonly type: 'note'; readonly n: number };

  async function flood(overflow: Overflow) {
    const shard = new TestShard();
    const kind = defineKind<Note>({ name: 'small', mailbox: { capacity: 3, overflow } });
    const seen: number[] = [];
    shard.register(kind, (context) => ({
      receive: ({ n }) => {
        seen.push(n);
        context.reply(n);
      },
    }));
    const ref = shard.ref(kind, 'a');
    const replies = [0, 1, 2, 3].map((n) => shard.shard.ask(ref, { type: 'note', n }, 1_000));
    const told = shard.tell(ref, { type: 'note', n: 4 });
    shard.settle();
    const codes = (await Promise.all(replies)).map((reply) => (reply.ok ? reply.value : reply.fault.code));
    const [entry] = [...shard.shard.kinds()];
    return { seen, told, codes, overflows: entry?.stats.overflows };
  }

  test('[MBX3] refuse: the message is not taken, tell says false and an asker hears `overloaded`', async () => {
    expect(await flood('refuse')).toEqual({
      seen: [0, 1, 2],
      told: false,
      codes: [0, 1, 2, 'overloaded'] as never[],
      overflows: 2,
    });
  });

  test('[MBX3] drop-newest: the message is dropped and counted, tell says true', async () => {
    expect(await flood('drop-newest')).toEqual({
      seen: [0, 1, 2],
      told: true,
      codes: [0, 1, 2, 'overloaded'] as never[],
      overflows: 2,
    });
  });

  test('[MBX3] drop-oldest: the oldest makes room and its asker hears `overloaded`', async () => {
    expect(await flood('drop-oldest')).toEqual({
      seen: [2, 3, 4],
      told: true,
      codes: ['overloaded', 'overloaded', 2, 3] as never[],
      overflows: 2,
    });
  });
});
