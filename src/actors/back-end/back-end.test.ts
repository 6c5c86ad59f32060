import { describe, expect, test } from 'bun:test';
import { pinnedId } from '../../runtime/placement.ts';
import { StorageFault } from '../../storage/ports/faults.ts';
import { TestShard } from '../../testkit/test-shard.ts';
import { VirtualHost } from '../../testkit/virtual-host.ts';
import { BackEnd } from './back-end.ts';
import { backEndActor, backEndKind } from './back-end-actor.ts';

const away = (): Promise<never> => Promise.reject(new StorageFault('unavailable', 'connection refused'));
const hanging = (): Promise<never> => new Promise(() => undefined);

function world(options: { readonly maxInFlight?: number; readonly maxWaiting?: number } = {}) {
  const host = new VirtualHost();
  const states: string[] = [];
  let isUp = true;
  const backEnd = new BackEnd({
    name: 'mysql',
    host,
    probe: () => (isUp ? Promise.resolve() : away()),
    maxInFlight: 2,
    maxWaiting: 3,
    deadlineMs: 1_000,
    onState: (state) => states.push(state),
    ...options,
  });
  return {
    host,
    backEnd,
    states,
    setUp(up: boolean) {
      isUp = up;
    },
  };
}

/** What became of the calls: values, fault texts, or `open` for those without an outcome yet. */
async function outcomes(calls: readonly Promise<unknown>[]): Promise<unknown[]> {
  const open = Symbol('open');
  const settled = calls.map((call) => call.catch((error: Error) => error.message));
  const now = await Promise.all(settled.map((call) => Promise.race([call, immediately(open)])));
  return now.map((value) => (value === open ? 'open' : value));
}

const immediately = <T>(value: T): Promise<T> => new Promise((resolve) => setImmediate(resolve, value));

describe('a back end', () => {
  test('[BE1] before the first connection calls wait, and go on once it stands', async () => {
    const { backEnd, states } = world();
    const calls = [backEnd.call(() => Promise.resolve('a')), backEnd.call(() => Promise.resolve('b'))];
    expect(await outcomes(calls)).toEqual(['open', 'open']);
    expect(backEnd.report()).toMatchObject({ state: 'connecting', waiting: 2 });
    await backEnd.probe();
    expect(await outcomes(calls)).toEqual(['a', 'b']);
    expect(states).toEqual(['ready']);
  });

  test('[BE2] what waits is bounded: past the bound a call is refused at once', async () => {
    const { backEnd } = world();
    const calls = Array.from({ length: 5 }, (_, n) => backEnd.call(() => Promise.resolve(n)));
    expect(await outcomes(calls)).toEqual(['open', 'open', 'open', ...new Array(2).fill('too much waits for mysql')]);
    expect(backEnd.report()).toMatchObject({ waiting: 3, refused: 2 });
  });

  test('[BE2] calls under way are bounded, and the next ones start in order', async () => {
    const { backEnd } = world();
    await backEnd.probe();
    const begun: number[] = [];
    const ends: (() => void)[] = [];
    const calls = [0, 1, 2, 3].map((n) =>
      backEnd.call(() => {
        begun.push(n);
        return new Promise<void>((resolve) => ends.push(resolve));
      }),
    );
    expect(begun).toEqual([0, 1]);
    ends[0]?.();
    await outcomes(calls);
    expect(begun).toEqual([0, 1, 2]);
    expect(backEnd.report()).toMatchObject({ inFlight: 2, waiting: 1 });
  });

  test('[BE3] each call has a deadline, waiting included', async () => {
    const { backEnd, host } = world({ maxInFlight: 1 });
    await backEnd.probe();
    const calls = [backEnd.call(hanging), backEnd.call(() => Promise.resolve('second'))];
    host.advance(1_000);
    expect(await outcomes(calls)).toEqual(new Array(2).fill('mysql did not answer in time'));
    expect(backEnd.report()).toMatchObject({ failures: 1, waiting: 0, state: 'degraded' });
  });

  test('[BE4] failures in a row open the circuit: calls are refused at once, those that wait too', async () => {
    const { backEnd, states } = world({ maxInFlight: 1 });
    await backEnd.probe();
    for (let n = 0; n < 4; n++) await outcomes([backEnd.call(away)]);
    expect(states).toEqual(['ready', 'degraded']);
    const last = [backEnd.call(away), backEnd.call(() => Promise.resolve('waits'))];
    expect(await outcomes(last)).toEqual(['connection refused', 'mysql is away: connection refused']);
    let asked = false;
    const refused = backEnd.call(() => {
      asked = true;
      return Promise.resolve();
    });
    expect(await outcomes([refused])).toEqual(['mysql is away: connection refused']);
    expect(asked).toBe(false);
    expect(states).toEqual(['ready', 'degraded', 'open']);
  });

  test('[BE5] only a probe closes the circuit, and a calm while makes it ready', async () => {
    const { backEnd, host, states } = world();
    await backEnd.probe();
    for (let n = 0; n < 5; n++) await outcomes([backEnd.call(away)]);
    await backEnd.probe();
    expect(states.at(-1)).toBe('degraded');
    expect(await outcomes([backEnd.call(() => Promise.resolve('again'))])).toEqual(['again']);
    host.advance(5_000);
    await backEnd.probe();
    expect(states.at(-1)).toBe('ready');
  });

  test('[BE6] the pause between probes of an absent back end grows, with a bound and with jitter', async () => {
    const { backEnd, setUp } = world();
    setUp(false);
    const pauses: number[] = [];
    for (let n = 0; n < 12; n++) {
      await backEnd.probe();
      pauses.push(backEnd.probeDelayMs);
    }
    expect(Math.max(...pauses)).toBeLessThanOrEqual(5_000);
    expect(pauses.at(-1)).toBeGreaterThanOrEqual(2_500);
    expect(pauses[0]).toBeLessThanOrEqual(200);
    expect(new Set(pauses.slice(-4)).size).toBe(4);
  });

  test('[BE7] what it refuses, and defects, say nothing of its being there', async () => {
    const { backEnd } = world();
    await backEnd.probe();
    for (let n = 0; n < 10; n++) {
      await outcomes([
        backEnd.call(() => Promise.reject(new StorageFault('refused', 'never'))),
        backEnd.call(() => Promise.reject(new TypeError('a defect'))),
      ]);
    }
    expect(backEnd.report()).toMatchObject({ state: 'ready', failures: 0 });
  });
});

describe("a back end's actor", () => {
  test('[BE8] probes until the back end is there, and notices without traffic that it went', async () => {
    const { backEnd, host, setUp, states } = world();
    const shard = new TestShard({ clock: host });
    shard.register(backEndKind, backEndActor(new Map([['mysql', backEnd]])));
    setUp(false);
    shard.tell(shard.ref(backEndKind, pinnedId(0, 'mysql')), { type: 'look-after' });
    const pass = async (ms: number): Promise<void> => {
      for (let passed = 0; passed < ms; passed += 100) {
        shard.advance(100);
        await immediately(undefined);
        shard.settle();
      }
    };
    await pass(10_000);
    expect(states).toEqual(['open']);
    setUp(true);
    await pass(20_000);
    expect(states).toEqual(['open', 'degraded', 'ready']);
    setUp(false);
    await pass(30_000);
    expect(states).toEqual(['open', 'degraded', 'ready', 'degraded', 'open']);
  });
});
