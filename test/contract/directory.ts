/** What every directory does, whatever it is made of. */
import { describe, expect, test } from 'bun:test';
import type { Directory } from '../../src/storage/ports/directory.ts';

/** One empty directory. */
export interface DirectoryDriver extends AsyncDisposable {
  readonly directory: Directory;
}

const ann = { node: 'Ann', beat: 1 };
const bob = { node: 'ann', beat: 1 };

export function directoryContract(name: string, makeDriver: () => Promise<DirectoryDriver>): void {
  describe(`directory: ${name}`, () => {
    test('[DIR1] at first nobody claims it, and a claim is read as it was put', async () => {
      await using driver = await makeDriver();
      const { directory } = driver;
      expect((await directory.read()).claim).toBeNull();
      expect(await directory.replace(null, ann)).toBe(true);
      expect((await directory.read()).claim).toEqual(ann);
      const life = (await directory.read()).life;
      expect((await directory.read()).life).toBe(life);
    });

    test('[DIR2] a claim is replaced by who has seen it, node and beat, and by nobody else', async () => {
      await using driver = await makeDriver();
      const { directory } = driver;
      expect(await directory.replace(ann, bob)).toBe(false);
      expect(await directory.replace(null, ann)).toBe(true);
      for (const wrong of [null, bob, { ...ann, beat: 2 }]) expect(await directory.replace(wrong, bob)).toBe(false);
      expect(await directory.replace(ann, { ...ann, beat: 2 ** 40 })).toBe(true);
      expect((await directory.read()).claim).toEqual({ ...ann, beat: 2 ** 40 });
    });

    test('[DIR2] a claim that was given back is nobody’s', async () => {
      await using driver = await makeDriver();
      const { directory } = driver;
      await directory.replace(null, ann);
      expect(await directory.replace(ann, null)).toBe(true);
      expect((await directory.read()).claim).toBeNull();
      expect(await directory.replace(null, bob)).toBe(true);
    });

    test('[DIR2] of many who replace the same claim one succeeds', async () => {
      await using driver = await makeDriver();
      const { directory } = driver;
      await directory.replace(null, ann);
      const claims = Array.from({ length: 20 }, (_, index) => ({ node: `node ${index}`, beat: 2 }));
      const outcomes = await Promise.all(claims.map((claim) => directory.replace(ann, claim)));
      expect(outcomes.filter(Boolean)).toHaveLength(1);
      expect((await directory.read()).claim).toEqual(claims[outcomes.indexOf(true)] as never);
    });
  });
}
