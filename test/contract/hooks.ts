/** What every driver of hooks does, whatever it is made of. */
import { describe, expect, test } from 'bun:test';
import type { Hook, Hooks } from '../../src/storage/ports/hooks.ts';
import { FOREVER, type Moderation, type NewAudit } from '../../src/storage/ports/moderation.ts';

/** Without a row in them. */
export interface HooksDriver extends AsyncDisposable {
  open(): OpenHooks | Promise<OpenHooks>;
}

interface OpenHooks {
  readonly hooks: Hooks;
  readonly moderation: Moderation;
}

const did = (action: string, target: string): NewAudit => ({ at: 7, actor: 'root', action, target, detail: '{}' });
const first: Hook = { id: 'zz', url: 'https://a.example/hook?q=ä', secret: 'geheim ü', rooms: [], createdAt: 5 };
const second: Hook = { id: 'aa', url: 'http://b.example/', secret: 's', rooms: ['room', 'a~b'], createdAt: 4 };

export function hooksContract(name: string, makeDriver: () => HooksDriver | Promise<HooksDriver>): void {
  describe(`hooks: ${name}`, () => {
    test('[HOK2] hooks are kept whole, in the order of their making, each with its entry in the log', async () => {
      await using driver = await makeDriver();
      const { hooks, moderation } = await driver.open();
      expect(await hooks.hooks()).toEqual([]);
      expect(await hooks.addHook(first, 2, did('add', 'zz'))).toBe(true);
      expect(await hooks.addHook(second, 2, did('add', 'aa'))).toBe(true);
      expect(await hooks.hooks()).toEqual([first, second]);
      const entries = await moderation.audit(FOREVER, 10);
      expect(entries.map(({ action, target }) => `${action} ${target}`)).toEqual(['add aa', 'add zz']);
    });

    test('[HOK2] past their bound none is added, one is removed once, and nothing is logged of what was not done', async () => {
      await using driver = await makeDriver();
      const { hooks, moderation } = await driver.open();
      await hooks.addHook(first, 1, did('add', 'zz'));
      expect(await hooks.addHook(second, 1, did('add', 'aa'))).toBe(false);
      expect(await hooks.removeHook('aa', did('remove', 'aa'))).toBe(false);
      expect(await hooks.removeHook('zz', did('remove', 'zz'))).toBe(true);
      expect(await hooks.removeHook('zz', did('remove', 'zz'))).toBe(false);
      expect(await hooks.addHook(second, 1, did('add', 'aa'))).toBe(true);
      expect(await hooks.hooks()).toEqual([second]);
      const entries = await moderation.audit(FOREVER, 10);
      expect(entries.map(({ action, target }) => `${action} ${target}`)).toEqual(['add aa', 'remove zz', 'add zz']);
    });
  });
}
