/** What every keeper of downloads does: each rule once, then random histories against the one in memory. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { DownloadCursor, DownloadRecord, DownloadState, Downloads } from '../../src/storage/ports/downloads.ts';
import { MemoryDownloads } from './memory-downloads.ts';

export interface DownloadsWorld extends AsyncDisposable {
  readonly downloads: Downloads;
  /** Users `ann` and `ben` exist, and no download. */
  empty(): Promise<void>;
}

type Step =
  | {
      readonly do: 'create';
      readonly id: string;
      readonly user: string;
      readonly state: DownloadState;
      readonly at: number;
    }
  | {
      readonly do: 'change';
      readonly id: string;
      readonly from: DownloadState[];
      readonly state: DownloadState;
      readonly at: number;
    }
  | { readonly do: 'list'; readonly user: string; readonly limit: number; readonly after: DownloadCursor | null }
  | { readonly do: 'unfinished'; readonly limit: number; readonly after: string | null }
  | { readonly do: 'forget'; readonly before: number };

const STATES: readonly DownloadState[] = ['queued', 'running', 'paused', 'done', 'failed', 'cancelled'];

export function downloadsContract(driver: string, open: () => Promise<DownloadsWorld> | DownloadsWorld): void {
  describe(`downloads: ${driver}`, () => {
    let world: DownloadsWorld;
    beforeAll(async () => {
      world = await open();
    });
    beforeEach(() => world.empty());
    afterAll(() => world[Symbol.asyncDispose]());

    test('[DLR1] a download is read back as it was recorded and changed', async () => {
      const { downloads } = world;
      const first = download('d1', { url: 'https://example.com/ä?b=%00', name: '€ 文.txt', size: 2 ** 40 });
      expect(await downloads.create(first, 5)).toBe(true);
      expect(await downloads.download('d1')).toEqual(first);
      const validator = '"one"';
      const changed = await downloads.change(
        'd1',
        ['queued'],
        { state: 'done', received: 2 ** 40, file: 'f', validator, upload: 'u' },
        9,
      );
      const expected = {
        ...first,
        state: 'done',
        received: 2 ** 40,
        file: 'f',
        validator,
        upload: 'u',
        updatedAt: 9,
      } as const;
      expect(changed).toEqual(expected);
      expect(await downloads.download('d1')).toEqual(expected);
      expect(await downloads.download('D1')).toBeNull();
    });

    test('[DLR2] a change takes place only in the states that it names', async () => {
      const { downloads } = world;
      await downloads.create(download('d1', { state: 'paused' }), 5);
      expect(await downloads.change('d1', ['queued', 'running'], { state: 'done' }, 9)).toBeNull();
      expect((await downloads.download('d1'))?.state).toBe('paused');
      expect(await downloads.change('d2', ['queued'], {}, 9)).toBeNull();
      // Of many who want it at once one gets it.
      const takers = Array.from({ length: 8 }, () => downloads.change('d1', ['paused'], { state: 'queued' }, 9));
      const taken = (await Promise.all(takers)).filter((each) => each !== null);
      expect(taken.length).toBe(1);
    });

    test('[DLR3] a user has so many open ones, however many are asked for at once; those that ended do not count', async () => {
      const { downloads } = world;
      const asked = Array.from({ length: 6 }, (_, index) => downloads.create(download(`d${index}`), 3));
      const created = (await Promise.all(asked)).filter(Boolean);
      expect(created.length).toBe(3);
      expect(await downloads.create(download('other', { user: 'ben' }), 3)).toBe(true);
      const [one] = await downloads.downloadsOf('ann', 1);
      await downloads.change(one?.id ?? '', ['queued'], { state: 'cancelled' }, 9);
      expect(await downloads.create(download('late'), 3)).toBe(true);
    });

    test('[DLR4] random histories agree with those in memory', async () => {
      const id = fc.constantFrom('a', 'b', 'c', 'A', 'a-');
      const user = fc.constantFrom('ann', 'ben');
      const state = fc.constantFrom(...STATES);
      const at = fc.integer({ min: 1, max: 5 });
      const step = fc.oneof(
        fc.record({ do: fc.constant('create' as const), id, user, state, at }),
        fc.record({ do: fc.constant('change' as const), id, from: fc.subarray([...STATES]), state, at }),
        fc.record({ do: fc.constant('list' as const), user, limit: at, after: fc.option(fc.record({ at, id })) }),
        fc.record({ do: fc.constant('unfinished' as const), limit: at, after: fc.option(id) }),
        fc.record({ do: fc.constant('forget' as const), before: at }),
      );
      const run = async (downloads: Downloads, steps: readonly Step[]): Promise<unknown[]> => {
        const answers: unknown[] = [];
        const known = new Set<string>();
        for (const each of steps) {
          if (each.do === 'create') {
            if (known.has(each.id)) continue;
            const { id: name, user: owner, state: begun, at: time } = each;
            const made = download(name, { user: owner, state: begun, createdAt: time, updatedAt: time });
            const isMade = await downloads.create(made, 2);
            if (isMade) known.add(name);
            answers.push(isMade);
          } else if (each.do === 'change') {
            answers.push(await downloads.change(each.id, each.from, { state: each.state, received: each.at }, each.at));
          } else if (each.do === 'list') {
            answers.push(await downloads.downloadsOf(each.user, each.limit, each.after ?? undefined));
          } else if (each.do === 'unfinished') {
            answers.push(await downloads.unfinished(each.limit, each.after ?? undefined));
          } else {
            const count = await downloads.forgetEnded(each.before, 100);
            for (const name of [...known]) if ((await downloads.download(name)) === null) known.delete(name);
            answers.push(count);
          }
        }
        return answers;
      };
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
          await world.empty();
          expect(await run(world.downloads, steps)).toEqual(await run(new MemoryDownloads(), steps));
        }),
        { numRuns: 25 },
      );
    });
  });
}

function download(id: string, fields: Partial<DownloadRecord> = {}): DownloadRecord {
  return {
    id,
    user: 'ann',
    url: 'https://example.com/',
    name: '',
    size: null,
    received: 0,
    state: 'queued',
    problem: '',
    file: null,
    validator: null,
    upload: null,
    createdAt: 1,
    updatedAt: 1,
    ...fields,
  };
}
