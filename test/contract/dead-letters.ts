/** What every home of dead letters does. */
import { describe, expect, test } from 'bun:test';
import type { DeadLetters, NewDeadLetter } from '../../src/storage/ports/dead-letters.ts';

/** One empty home of dead letters. It may be opened more than once. */
export interface DeadLettersDriver extends AsyncDisposable {
  open(): DeadLetters;
}

const letter = (text: string, reason = 'a reason'): NewDeadLetter => ({
  kind: 'record',
  reason,
  at: 1_700_000_000_000,
  bytes: new TextEncoder().encode(text),
});

export function deadLettersContract(name: string, makeDriver: () => DeadLettersDriver): void {
  describe(`dead letters: ${name}`, () => {
    test('[DLQ1] letters are listed as they were added, the oldest first, up to the limit', async () => {
      await using driver = makeDriver();
      const letters = driver.open();
      await letters.add([letter('a', 'ä reason'), { ...letter('b'), kind: 'group' }]);
      await letters.add([letter('c')]);
      const listed = await letters.list(10);
      expect(listed.map(({ id, ...rest }) => ({ ...rest, bytes: Buffer.from(rest.bytes).toString() }))).toEqual([
        { kind: 'record', reason: 'ä reason', at: 1_700_000_000_000, bytes: 'a' },
        { kind: 'group', reason: 'a reason', at: 1_700_000_000_000, bytes: 'b' },
        { kind: 'record', reason: 'a reason', at: 1_700_000_000_000, bytes: 'c' },
      ]);
      expect(listed.every(({ id }) => /^[a-zA-Z0-9]+$/.test(id))).toBe(true);
      expect(await letters.list(2)).toEqual(listed.slice(0, 2));
      await letters.close();
    });

    test('[DLQ2] the same bytes are one letter, and letters of different kinds are two', async () => {
      await using driver = makeDriver();
      const letters = driver.open();
      await letters.add([letter('a'), letter('a')]);
      await letters.add([letter('a'), { ...letter('a'), kind: 'group' }]);
      expect((await letters.list(10)).map(({ kind }) => kind)).toEqual(['record', 'group']);
      await letters.close();
    });

    test('[DLQ3] a letter is removed with all its copies, the others stay, and unknown ids are left out', async () => {
      await using driver = makeDriver();
      const letters = driver.open();
      await letters.add([letter('a'), letter('b'), letter('a'), letter('c')]);
      const [a] = await letters.list(1);
      expect(await letters.remove([a!.id, 'unknown'])).toBe(1);
      const texts = (await letters.list(10)).map(({ bytes }) => Buffer.from(bytes).toString());
      expect(texts.toSorted()).toEqual(['b', 'c']);
      expect(await letters.remove([a!.id])).toBe(0);
      await letters.close();
    });

    test('[DLQ4] letters outlive whoever added them', async () => {
      await using driver = makeDriver();
      const writer = driver.open();
      await writer.add([letter('a')]);
      await writer.close();
      const reader = driver.open();
      expect(await reader.list(10)).toHaveLength(1);
      await reader.close();
    });
  });
}
