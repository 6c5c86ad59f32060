import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { VirtualHost } from '../testkit/virtual-host.ts';
import { Timers } from './timers.ts';

describe('timers', () => {
  test('[TIM1] they fire once, never early, in order of time and then of setting, whatever is cancelled', () => {
    const action = fc.record({ delay: fc.integer({ min: 0, max: 50 }), cancel: fc.boolean() });
    fc.assert(
      fc.property(fc.array(action, { maxLength: 300 }), (actions) => {
        const host = new VirtualHost();
        const timers = new Timers(host);
        const fired: [number, number][] = [];
        const cancels = actions.map(({ delay }, index) =>
          timers.set(delay, () => fired.push([host.monotonicMs(), index])),
        );
        for (const [index, { cancel }] of actions.entries()) if (cancel) cancels[index]?.();
        host.advance(100);
        const expected = actions
          .map(({ delay, cancel }, index) => ({ delay, cancel, index }))
          .filter(({ cancel }) => !cancel)
          .sort((a, b) => a.delay - b.delay || a.index - b.index)
          .map(({ delay, index }) => [delay, index] as [number, number]);
        expect(fired).toEqual(expected);
        expect(timers.size).toBe(0);
      }),
    );
  });

  test('[TIM2] a hundred thousand waits cost the host one timer, and cancelled ones do not pile up', () => {
    const host = new VirtualHost();
    const timers = new Timers(host);
    for (let n = 0; n < 100_000; n++) timers.set(60_000 + n, () => {});
    expect(host.timers).toBe(1);
    for (let n = 0; n < 1_000_000; n++) timers.set(30_000, () => {})();
    expect(timers.size).toBeLessThan(250_000);
    timers.clear();
    expect([timers.size, host.timers]).toEqual([0, 0]);
  });

  test('[TIM3] a timer that sets itself at once again does not keep the thread', () => {
    const host = new VirtualHost();
    const timers = new Timers(host);
    let fired = 0;
    const again = (): void => {
      fired += 1;
      if (fired < 1_000) timers.set(0, again);
    };
    let other = 0;
    timers.set(0, again);
    host.setTimer(0, () => {
      other = fired;
    });
    host.advance(0);
    expect(other).toBe(1);
    expect(fired).toBe(1_000);
  });

  test('[TIM4] a callback that throws does not take the others with it', () => {
    const host = new VirtualHost();
    const timers = new Timers(host);
    let fired = false;
    timers.set(1, () => {
      throw new Error('on purpose');
    });
    timers.set(2, () => {
      fired = true;
    });
    expect(() => host.advance(1)).toThrow('on purpose');
    host.advance(1);
    expect(fired).toBe(true);
  });
});
