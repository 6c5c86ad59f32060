/** What every object store does with content that lies in files. */
import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { TEST_MS } from '../support/wait.ts';
import { faultOf } from './fault-of.ts';
import type { ObjectsDriver } from './objects.ts';
import { fileOf, MemoryJournal, readAll, sampleBytes, sha256Of } from './objects-samples.ts';
import { tempDir } from './temp-dir.ts';

export function fileTests(makeDriver: () => ObjectsDriver): void {
  test(
    '[OBJ24] the content of a file of any size is stored as it is, once, and leaves no journal',
    async () => {
      using dir = tempDir();
      await using driver = makeDriver();
      const store = driver.open();
      const border = driver.partBytes;
      for (const size of [0, 1, border, border + 1, 2 * border, 2 * border + 77, 5 * border + 3]) {
        const bytes = sampleBytes(size, size + 1);
        const key = `${driver.prefix}file/${size}`;
        const source = fileOf(join(dir.path, 'content'), bytes);
        const journal = new MemoryJournal();
        expect(await store.putFile(key, source, journal)).toBe('stored');
        const body = await store.get(key);
        expect(Buffer.compare(await readAll(body!.stream), bytes)).toBe(0);
        expect(await store.head(key)).toEqual({ size, sha256: sha256Of(bytes) });
        expect(await store.putFile(key, source, journal)).toBe('present');
        expect(journal.text).toBeNull();
      }
      await store.close();
    },
    TEST_MS,
  );

  for (const isLarge of [false, true]) {
    const size = isLarge ? 'in parts' : 'small';
    test(
      `[OBJ25] a file that is longer, shorter or other than said, or not there, is refused and leaves nothing (${size})`,
      async () => {
        using dir = tempDir();
        await using driver = makeDriver();
        const store = driver.open();
        const key = `${driver.prefix}wrong`;
        const bytes = sampleBytes(isLarge ? 2 * driver.partBytes + 10 : 2_000);
        const other = bytes.slice();
        other[0]! ^= 1;
        const path = join(dir.path, 'content');
        const missing = { ...fileOf(path, bytes), path: join(dir.path, 'missing') };
        const wrong = [bytes.subarray(0, -1), Buffer.concat([bytes, bytes.subarray(0, 1)]), other];
        const journal = new MemoryJournal();
        expect(await faultOf(() => store.putFile(key, missing, journal))).toBe('refused');
        for (const content of wrong) {
          expect(await faultOf(() => store.putFile(key, fileOf(path, content, bytes), journal))).toBe('refused');
          expect([await store.head(key), journal.text]).toEqual([null, null]);
        }
        const left = await store.unfinished(Date.now() + 3_600_000, 1_000);
        expect(left.filter((put) => put.key === key)).toEqual([]);
        expect(await store.putFile(key, fileOf(path, bytes), journal)).toBe('stored');
        await store.close();
      },
      TEST_MS,
    );
  }

  test(
    '[OBJ26] a put of a file that was aborted is nowhere to be read, and is done when it is asked for again',
    async () => {
      using dir = tempDir();
      await using driver = makeDriver();
      const store = driver.open();
      const key = `${driver.prefix}again`;
      const bytes = sampleBytes(3 * driver.partBytes + 5);
      const source = fileOf(join(dir.path, 'content'), bytes);
      const journal = new MemoryJournal();
      const put = store.putFile(key, source, journal, AbortSignal.abort(new TypeError('no longer wanted')));
      await expect(put).rejects.toThrow(new TypeError('no longer wanted'));
      expect(await store.head(key)).toBeNull();
      for (const torn of [null, '', '{', 'null', '[]', '{"key":1}']) {
        if (torn !== null) journal.text = torn;
        await store.delete(key);
        expect(await store.putFile(key, source, journal)).toBe('stored');
        expect(Buffer.compare(await readAll((await store.get(key))!.stream), bytes)).toBe(0);
      }
      await store.close();
    },
    TEST_MS,
  );
}
