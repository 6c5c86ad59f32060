import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { newProbe } from '../testkit/probe.ts';
import { TestShard } from '../testkit/test-shard.ts';
import type { Context } from './context.ts';
import { type Actor, defineKind } from './kind.ts';

type Note = { readonly type: 'note'; readonly n: number };

/** An actor that keeps what it was told and lets a test act in its turns. */
function recorder(shard: TestShard, options: Parameters<typeof defineKind<Note>>[0] = { name: 'recorder' }) {
  const kind = defineKind<Note>(options);
  const seen: number[] = [];
  const events: string[] = [];
  let context: Context<Note> | undefined;
  let onNote: (n: number) => void = () => {};
  shard.register(kind, (given): Actor<Note> => {
    context = given;
    events.push('made');
    return {
      started: () => void events.push('started'),
      receive: ({ n }) => {
        seen.push(n);
        onNote(n);
      },
      stopping: () => void events.push('stopping'),
    };
  });
  return {
    ref: shard.ref(kind, 'a'),
    kind,
    seen,
    events,
    context: () => context as Context<Note>,
    on(callback: (n: number) => void) {
      onNote = callback;
    },
  };
}

const note = (n: number): Note => ({ type: 'note', n });

describe('telling', () => {
  test('[ACT1] a name costs nothing until it is told something; the first message makes the actor', () => {
    const shard = new TestShard();
    const { ref, events } = recorder(shard);
    shard.settle();
    expect(events).toEqual([]);
    shard.tell(ref, note(1));
    shard.settle();
    expect(events).toEqual(['made', 'started']);
  });

  test('[ACT2] each message is handled at most once, and in the order of sending per sender', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 200 }), { maxLength: 30 }), (bursts) => {
        const shard = new TestShard({ dispatcher: { messagesPerTurn: 7 } });
        const { ref, seen } = recorder(shard, { name: 'recorder', mailbox: { capacity: 100 } });
        const taken: number[] = [];
        let next = 0;
        for (const burst of bursts) {
          for (let index = 0; index < burst; index++) {
            const n = next++;
            if (shard.tell(ref, note(n))) taken.push(n);
          }
          shard.settle();
        }
        expect(seen).toEqual(taken);
      }),
      { numRuns: 30 },
    );
  });

  test('[ACT3] an actor is activated in a turn of its own, so that a chain of first messages is no deep recursion', () => {
    const shard = new TestShard();
    const kind = defineKind<Note>({ name: 'chain' });
    let last = 0;
    shard.register(kind, (context) => ({
      started: () => {
        const n = Number(context.self.id);
        last = Math.max(last, n);
        if (n < 50_000) context.tell(context.ref(kind, String(n + 1)), note(n));
      },
      receive: () => {},
    }));
    shard.tell(shard.ref(kind, '0'), note(0));
    shard.settle();
    expect(last).toBe(50_000);
    expect(shard.log.lines).toEqual([]);
  });

  test('[ACT4] started runs before the first message, also where it takes its time', () => {
    const shard = new TestShard();
    const kind = defineKind<Note>({ name: 'loading' });
    const order: string[] = [];
    shard.register(kind, (context) => ({
      started: () => {
        context.suspend();
        context.after(30, () => {
          order.push('loaded');
          context.resume();
        });
      },
      receive: ({ n }) => void order.push(`note ${n}`),
    }));
    const ref = shard.ref(kind, 'a');
    shard.tell(ref, note(1));
    shard.tell(ref, note(2));
    shard.advance(29);
    expect(order).toEqual([]);
    shard.advance(1);
    expect(order).toEqual(['loaded', 'note 1', 'note 2']);
  });
});

describe('suspending', () => {
  test('[ACT5] a suspended actor keeps its messages and gets replies and timers', async () => {
    const shard = new TestShard();
    const { ref, seen, context, on } = recorder(shard);
    const probe = newProbe<Note>(shard);
    const heard: string[] = [];
    on((n) => {
      if (n !== 1) return;
      context().suspend();
      context().after(10, () => heard.push('timer'));
      context().ask(probe.ref, note(0), 1_000, (reply) => heard.push(reply.ok ? 'reply' : 'fault'));
    });
    for (const n of [1, 2, 3]) shard.tell(ref, note(n));
    probe.expectAsk('note').replyTo?.settle(1, undefined);
    shard.advance(10);
    expect(seen).toEqual([1]);
    expect(heard).toEqual(['reply', 'timer']);
    context().resume();
    shard.settle();
    expect(seen).toEqual([1, 2, 3]);
  });
});

describe('signals', () => {
  test('[MBX4] a reply, a timer and a stop overtake a full mailbox', async () => {
    const shard = new TestShard({ dispatcher: { messagesPerTurn: 1, sliceMs: 0 } });
    const { ref, seen, events } = recorder(shard, { name: 'recorder', mailbox: { capacity: 100 } });
    shard.tell(ref, note(0));
    shard.settle();
    for (let n = 1; n <= 100; n++) shard.tell(ref, note(n));
    expect(shard.tell(ref, note(101))).toBe(false);
    // What a reply and a timer come as.
    shard.shard.activeCell(ref)?.signal({ deliver: () => events.push(`a signal after ${seen.length}`) });
    shard.settle();
    expect(events.at(-1)).toBe('a signal after 1');
    expect(seen).toHaveLength(101);
    for (let n = 1; n <= 100; n++) shard.tell(ref, note(n));
    const before = seen.length;
    const stop = shard.shard.stopKinds(['recorder'], 1_000);
    shard.settle();
    expect(seen.length).toBe(before);
    expect(events.at(-1)).toBe('stopping');
    shard.advance(10);
    expect(await stop).toBe(0);
  });

  test('[MBX5] an actor that signals itself for ever lets others have their turn', () => {
    const shard = new TestShard();
    const { ref, context, on } = recorder(shard);
    let rounds = 0;
    const again = (): void => {
      rounds += 1;
      // The target's kind is stopped, so the answer is there before the turn ends.
      if (rounds < 5_000) context().ask(gone, note(0), 1_000, again);
    };
    const goneKind = defineKind<Note>({ name: 'gone' });
    shard.register(goneKind, () => ({ receive: () => {} }));
    void shard.shard.stopKinds(['gone'], 10);
    const gone = shard.ref(goneKind, 'x');
    on(again);
    let roundsBefore = -1;
    const otherKind = defineKind<Note>({ name: 'other' });
    shard.register(otherKind, () => ({
      receive: () => {
        roundsBefore = rounds;
      },
    }));
    shard.tell(ref, note(1));
    shard.tell(shard.ref(otherKind, 'x'), note(2));
    shard.settle();
    expect(rounds).toBe(5_000);
    expect(roundsBefore).toBeLessThan(10);
  });

  test('[ACT6] callbacks of an incarnation that has ended are dropped', async () => {
    const shard = new TestShard();
    const kind = defineKind<Note>({ name: 'fragile', supervision: { minBackoffMs: 10, jitter: 0 } });
    const probe = newProbe<Note>(shard);
    const heard: string[] = [];
    let finish: (value: string) => void = () => {};
    shard.register(kind, (context) => ({
      receive: ({ n }) => {
        if (n === 2) throw new Error('broken on purpose');
        context.after(50, () => heard.push('timer'));
        context.endOfSlice(() => heard.push('end of slice'));
        context.ask(probe.ref, note(0), 1_000, () => heard.push('reply'));
        context.pipe(new Promise<string>((resolve) => (finish = resolve)), () => heard.push('promise'));
        context.watch(probe.ref);
      },
      terminated: () => void heard.push('terminated'),
    }));
    const ref = shard.ref(kind, 'a');
    shard.tell(ref, note(1));
    shard.tell(ref, note(2));
    const asked = probe.expectAsk('note');
    asked.replyTo?.settle(1, undefined);
    finish('done');
    await shard.clock.settleWithPromises();
    void shard.shard.stopKinds(['probe'], 10);
    shard.advance(100);
    expect(heard).toEqual([]);
  });

  test('[ACT7] what is put off to the end of the slice runs once, after the messages that are ready', () => {
    const shard = new TestShard();
    const { ref, seen, context, on } = recorder(shard);
    const flushes: number[] = [];
    on((n) => {
      if (n === 1) context().endOfSlice(() => flushes.push(seen.length));
    });
    for (const n of [1, 2, 3]) shard.tell(ref, note(n));
    shard.settle();
    expect(flushes).toEqual([3]);
  });
});
