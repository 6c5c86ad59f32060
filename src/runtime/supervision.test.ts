import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { TestShard } from '../testkit/test-shard.ts';
import type { Context } from './context.ts';
import { type Actor, defineKind } from './kind.ts';
import type { Request } from './reply.ts';
import { nextBackoff, type Supervision } from './supervision.ts';

type Order = ({ readonly type: 'work' | 'break' | 'stop' } & Request<string>) | { readonly type: 'other' };

const PROMPT = { minBackoffMs: 10, jitter: 0 } as const;

function worker(shard: TestShard, supervision: Partial<Supervision>, start?: (incarnation: number) => void) {
  const kind = defineKind<Order>({ name: 'worker', supervision: { ...PROMPT, ...supervision } });
  const events: string[] = [];
  let incarnations = 0;
  shard.register(kind, (context): Actor<Order> => {
    const incarnation = ++incarnations;
    return {
      started() {
        events.push(`started ${incarnation}`);
        start?.(incarnation);
      },
      receive({ type }) {
        if (type === 'break') throw new Error('broken on purpose');
        if (type === 'stop') context.stop();
        events.push(`${type} in ${incarnation}`);
        context.reply(`done by ${incarnation}`);
      },
      stopping: () => void events.push(`stopping ${incarnation}`),
    };
  });
  return { ref: shard.ref(kind, 'a'), kind, events, stats: () => statsOf(shard, 'worker') };
}

function statsOf(shard: TestShard, name: string) {
  return [...shard.shard.kinds()].find((entry) => entry.kind.name === name)?.stats;
}

describe('strategies', () => {
  test('[SUP1] restart: the failing message is answered and dropped, the others wait out the back-off', async () => {
    const shard = new TestShard();
    const { ref, events, stats } = worker(shard, {});
    const replies = (['break', 'work', 'work'] as const).map((type) => shard.shard.ask(ref, { type }, 5_000));
    shard.settle();
    expect(await replies[0]).toMatchObject({ ok: false, fault: { code: 'internal' } });
    expect(events).toEqual(['started 1']);
    shard.advance(9);
    expect(events).toEqual(['started 1']);
    shard.advance(1);
    expect(events).toEqual(['started 1', 'started 2', 'work in 2', 'work in 2']);
    expect(await replies[2]).toEqual({ ok: true, value: 'done by 2' });
    expect(stats()).toMatchObject({ failures: 1, restarts: 1, live: 1 });
  });

  test('[SUP2] resume: the failing message is dropped and the same incarnation goes on', () => {
    const shard = new TestShard();
    const { ref, events } = worker(shard, { onFailure: 'resume' });
    for (const type of ['work', 'break', 'work'] as const) shard.tell(ref, { type });
    shard.settle();
    expect(events).toEqual(['started 1', 'work in 1', 'work in 1']);
  });

  test('[SUP3] stop: the actor ends in good order, waiting askers are answered at once', async () => {
    const shard = new TestShard();
    const { ref, events, stats } = worker(shard, { onFailure: 'stop' });
    const replies = (['break', 'work'] as const).map((type) => shard.shard.ask(ref, { type }, 5_000));
    shard.settle();
    expect(await replies[1]).toMatchObject({ ok: false, fault: { code: 'unavailable' } });
    expect(events).toEqual(['started 1', 'stopping 1']);
    expect(stats()).toMatchObject({ live: 0, deadLetters: 1 });
    shard.tell(ref, { type: 'work' });
    shard.settle();
    expect(events.slice(2)).toEqual(['started 2', 'work in 2']);
  });

  test('[SUP4] escalate: the child ends and the parent fails by its own strategy; without a parent it is a stop', () => {
    const shard = new TestShard();
    const parentKind = defineKind<Order>({ name: 'parent', supervision: PROMPT });
    const childKind = defineKind<Order>({ name: 'child', supervision: { onFailure: 'escalate' } });
    const events: string[] = [];
    shard.register(parentKind, (context) => {
      const child = context.spawn(childKind, 'c', (own) => ({
        started: () => void events.push(`child of ${own.self.id}`),
        receive: () => {
          throw new Error('the child broke on purpose');
        },
        stopping: () => void events.push('child stops'),
      }));
      return {
        started: () => void events.push('parent starts'),
        receive: (message) => void context.tell(child, message),
      };
    });
    const parent = shard.ref(parentKind, 'p');
    shard.tell(parent, { type: 'work' });
    shard.settle();
    expect(events).toEqual(['parent starts', 'child of parent/p/c', 'child stops']);
    shard.advance(10);
    expect(events.slice(3)).toEqual(['parent starts', 'child of parent/p/c']);
    const failures = shard.log.with('an actor failed').map(({ error }) => (error as Error).message);
    expect(failures).toEqual(['the child broke on purpose', 'a child failed: child/parent/p/c']);

    const alone = new TestShard();
    const { ref, events: seen } = worker(alone, { onFailure: 'escalate' });
    alone.tell(ref, { type: 'break' });
    alone.settle();
    expect(seen).toEqual(['started 1', 'stopping 1']);
  });

  test('[SUP4] a child that fails while it starts escalates too', () => {
    const shard = new TestShard();
    const kind = defineKind<Order>({ name: 'parent', supervision: { onFailure: 'stop' } });
    const childKind = defineKind<Order>({ name: 'child', supervision: { onFailure: 'escalate' } });
    shard.register(kind, (context) => ({
      receive: () => {
        context.spawn(childKind, 'c', () => {
          throw new Error('cannot even start');
        });
      },
    }));
    shard.tell(shard.ref(kind, 'p'), { type: 'work' });
    shard.settle();
    expect(statsOf(shard, 'parent')).toMatchObject({ failures: 1, live: 0 });
  });
});

describe('budgets', () => {
  test('[SUP5] more failures than the budget within the window stop the actor; a new activation has a new budget', () => {
    const shard = new TestShard();
    const { ref, events } = worker(shard, { maxRestarts: 2, withinMs: 10_000 });
    for (let failure = 0; failure < 3; failure++) {
      shard.tell(ref, { type: 'break' });
      shard.advance(100);
    }
    expect(events).toEqual(['started 1', 'started 2', 'started 3', 'stopping 3']);
    shard.tell(ref, { type: 'work' });
    shard.settle();
    expect(events.slice(4)).toEqual(['started 4', 'work in 4']);
  });

  test('[SUP6] the back-off doubles up to its bound, chance shortens it only, and the window forgets', () => {
    const supervision = fc.record({
      maxRestarts: fc.integer({ min: 1, max: 20 }),
      minBackoffMs: fc.integer({ min: 1, max: 100 }),
      maxBackoffMs: fc.integer({ min: 100, max: 5_000 }),
      jitter: fc.double({ min: 0, max: 1, noNaN: true }),
      chance: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    });
    fc.assert(
      fc.property(supervision, ({ chance, ...rest }) => {
        const strategy: Supervision = { onFailure: 'restart', withinMs: 60_000, ...rest };
        const history = { count: 0, windowStartMs: 0 };
        for (let restart = 0; restart < rest.maxRestarts; restart++) {
          const full = Math.min(rest.maxBackoffMs, rest.minBackoffMs * 2 ** restart);
          const backoff = nextBackoff(strategy, history, 1_000, () => chance);
          expect(backoff).toBeLessThanOrEqual(full);
          expect(backoff).toBeGreaterThanOrEqual(full * (1 - rest.jitter));
        }
        expect(nextBackoff(strategy, history, 1_000, () => chance)).toBe(-1);
        expect(nextBackoff(strategy, history, 61_001, () => chance)).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});

describe('a failing start', () => {
  test('[SUP7] it is tried again, and no message ever meets half an actor, whatever the strategy', () => {
    for (const onFailure of ['restart', 'resume'] as const) {
      const shard = new TestShard();
      const { ref, events } = worker(shard, { onFailure }, (incarnation) => {
        if (incarnation < 3) throw new Error('not yet');
      });
      shard.tell(ref, { type: 'work' });
      shard.advance(1_000);
      expect(events).toEqual(['started 1', 'started 2', 'started 3', 'work in 3']);
    }
  });

  test('[SUP7] when the budget is spent the waiting askers are answered', async () => {
    const shard = new TestShard();
    const { ref, events } = worker(shard, { maxRestarts: 1 }, () => {
      throw new Error('never');
    });
    const reply = shard.ask(ref, { type: 'work' }, 60_000);
    shard.advance(1_000);
    expect(await reply).toMatchObject({ ok: false, fault: { code: 'unavailable' } });
    expect(events).toEqual(['started 1', 'started 2']);
  });
});

describe('stopping', () => {
  type Linger = { readonly type: 'stop' | 'work' };

  function lingerer(shard: TestShard, whenAsked: (context: Context<Linger>) => void) {
    const kind = defineKind<Linger>({ name: 'lingerer' });
    const events: string[] = [];
    shard.register(kind, (context) => ({
      receive: ({ type }) => {
        events.push(type);
        if (type === 'stop') context.stop();
      },
      stopping: () => {
        events.push('stopping');
        whenAsked(context);
        return false;
      },
    }));
    return { ref: shard.ref(kind, 'a'), events };
  }

  test('[SUP8] an actor may put its end off until it calls stop; meanwhile messages are refused', async () => {
    const shard = new TestShard();
    const { ref, events } = lingerer(shard, (context) => context.after(20, () => context.stop()));
    shard.tell(ref, { type: 'stop' });
    shard.settle();
    expect(shard.tell(ref, { type: 'work' })).toBe(false);
    expect(await shard.ask(ref, { type: 'work' })).toMatchObject({ ok: false, fault: { code: 'unavailable' } });
    shard.advance(20);
    expect(statsOf(shard, 'lingerer')).toMatchObject({ live: 0, deadLetters: 2 });
    expect(events).toEqual(['stop', 'stopping']);
    expect(shard.tell(ref, { type: 'work' })).toBe(true);
  });

  test('[SUP8] an actor that fails after putting its end off ends, since nothing else would end it', () => {
    const shard = new TestShard();
    const { ref } = lingerer(shard, (context) =>
      context.after(20, () => {
        throw new Error('the last thing it did');
      }),
    );
    shard.tell(ref, { type: 'stop' });
    shard.advance(20);
    expect(statsOf(shard, 'lingerer')).toMatchObject({ live: 0, failures: 1 });
  });

  test('[SUP9] an actor that throws while stopping is logged and ends', () => {
    const shard = new TestShard();
    const { ref } = lingerer(shard, () => {
      throw new Error('no way');
    });
    shard.tell(ref, { type: 'stop' });
    shard.settle();
    expect(statsOf(shard, 'lingerer')).toMatchObject({ live: 0 });
    expect(shard.log.with('an actor failed while stopping')).toHaveLength(1);
  });

  test('[SUP10] the last failures are kept for the inspector, five at most, over restarts', () => {
    const shard = new TestShard();
    const { ref } = worker(shard, { onFailure: 'resume' });
    for (let failure = 0; failure < 7; failure++) shard.tell(ref, { type: 'break' });
    shard.settle();
    const summary = shard.shard.activeCell(ref)?.summary();
    expect(summary?.lastFailures).toHaveLength(5);
    expect(summary?.lastFailures[0]).toContain('broken on purpose');
    expect(shard.log.with('an actor failed')[0]).toMatchObject({ actor: 'worker/a', received: 'break' });
  });
});
