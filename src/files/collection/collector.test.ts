import { expect, test } from 'bun:test';
import { StorageFault } from '../../storage/ports/faults.ts';
import type { ContentRecord } from '../../storage/ports/file-records.ts';
import { VirtualHost } from '../../testkit/virtual-host.ts';
import { Collector, type CollectorOptions, type CollectorRecords } from './collector.ts';

const content = (hash: string, address: string): ContentRecord => ({
  id: hash,
  hash,
  size: 1,
  type: 't',
  address,
  generation: `g-${hash}`,
  status: 'staged',
  createdAt: 0,
  updatedAt: 0,
  hashes: {},
});

/** Records that say what they are asked, with contents that nobody refers to. */
function world(contents: readonly ContentRecord[], overrides: Partial<CollectorRecords & CollectorOptions> = {}) {
  const said: string[] = [];
  const left = new Map(contents.map((one) => [one.hash, one]));
  const note = async (text: string): Promise<void> => void said.push(text);
  const records: CollectorRecords = {
    trashedBefore: async () => [{ user: 'ann', id: 'f1' }],
    purge: async (user, id, _, before) => {
      await note(`purge ${user} ${id} ${before}`);
      return true;
    },
    collectable: async () => [...left.values()],
    content: async (hash) => left.get(hash) ?? null,
    markDeleting: async (hash) => {
      await note(`mark ${hash}`);
      return true;
    },
    removed: async (hash) => {
      await note(`removed ${hash}`);
      return left.delete(hash);
    },
    forgetShares: async () => undefined,
    ...overrides,
  };
  const host = new VirtualHost();
  const collector = new Collector({
    records,
    objects: { delete: (key) => note(`delete ${key}`) },
    staging: { free: (id) => note(`free ${id}`) },
    node: 'here',
    host,
    wallMs: () => 10_000,
    everyMs: 1_000,
    trashMs: 4_000,
    graceMs: 0,
    onCollected: ({ purged, collected }) => said.push(`purged ${purged}, collected ${collected}`),
    onFault: ({ code }) => said.push(`fault ${code}`),
    onDefect: (error) => said.push(`defect ${error}`),
    ...overrides,
  });
  const pass = async (): Promise<readonly string[]> => {
    said.length = 0;
    host.advance(1_000);
    while (!said.some((text) => text.startsWith('purged'))) await Promise.resolve();
    return said;
  };
  collector.start();
  return { collector, pass };
}

test('[FIL24] a pass empties the trash by its time, and deletes the bytes of a marked content before its row', async () => {
  const { collector, pass } = world([
    content('a', 'object:key-a'),
    content('b', 'staging:here:b'),
    content('c', 'staging:elsewhere:c'),
  ]);
  expect(await pass()).toEqual([
    'purge ann f1 6000',
    'mark a',
    'delete key-a',
    'removed a',
    'mark b',
    'free b',
    'removed b',
    'purged 1, collected 2',
  ]);
  await collector.close();
});

test('[FIL24] a content that somebody refers to again, or that has another generation by now, is left alone', async () => {
  const refused = world([content('a', 'object:key-a')], { markDeleting: async () => false });
  expect(await refused.pass()).toEqual(['purge ann f1 6000', 'purged 1, collected 0']);
  const renewed = world([content('a', 'object:key-a')], {
    content: async (hash) => ({ ...content(hash, 'object:new'), generation: 'another' }),
  });
  expect(await renewed.pass()).toEqual(['purge ann f1 6000', 'mark a', 'purged 1, collected 0']);
  const moved = world([content('a', 'staging:here:a')], { content: async (hash) => content(hash, 'object:moved') });
  expect(await moved.pass()).toContain('delete moved');
});

test('[FIL24] a pass that is cut short is gone on with by the next one', async () => {
  let away = true;
  const { pass } = world([content('a', 'object:key-a')], {
    objects: {
      delete: async () => {
        if (away) throw new StorageFault('unavailable', 'away');
      },
    },
  });
  expect(await pass()).toEqual(['purge ann f1 6000', 'mark a', 'fault unavailable', 'purged 1, collected 0']);
  away = false;
  expect(await pass()).toContain('removed a');
});
