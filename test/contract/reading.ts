/** What every driver of marked rooms and hidden messages does. */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { Reading } from '../../src/storage/ports/reading.ts';
import { MemoryReading } from './memory-reading.ts';

/** A driver without a row in it. It may be opened again after it was closed. */
export interface ReadingDriver extends AsyncDisposable {
  open(): Reading | Promise<Reading>;
}

const ids = fc.constantFrom('r', 'R', 's');
const users = fc.constantFrom('ann', 'Ann', 'bob');
const seqs = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 5 });
type Step = (reading: Reading) => unknown;
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(ids, users, fc.boolean()).map(
    (args): Step =>
      (reading) =>
        reading.mark(...args),
  ),
  fc.tuple(ids, users, seqs, fc.constantFrom(4, 100)).map(
    (args): Step =>
      (reading) =>
        reading.hide(...args),
  ),
);

export function readingContract(name: string, makeDriver: () => ReadingDriver | Promise<ReadingDriver>): void {
  describe(`reading: ${name}`, () => {
    test('[RDS1] marks and hidden messages are there when they are opened again, by room and by user', async () => {
      await using driver = await makeDriver();
      const first = await driver.open();
      await first.mark('r', 'ann', true);
      await first.mark('r', 'bob', true);
      await first.mark('r', 'bob', false);
      expect(await first.hide('r', 'ann', [7, 3, 3], 10)).toBe(2);
      expect(await first.hide('R', 'ann', [1], 10)).toBe(1);
      await first.close();
      const again = await driver.open();
      expect(await again.readingOf('r')).toEqual({ marked: ['ann'], hiders: [{ user: 'ann', count: 2 }] });
      expect(await again.readingOf('nowhere')).toEqual({ marked: [], hiders: [] });
      expect(await again.hidden('r', 'ann', 1, 100)).toEqual([3, 7]);
      expect(await again.hidden('r', 'ann', 4, 7)).toEqual([7]);
      expect(await again.hidden('r', 'bob', 1, 100)).toEqual([]);
      await again.close();
    });

    test('[RDS2] past the bound nothing is hidden, and what is hidden already counts once', async () => {
      await using driver = await makeDriver();
      const reading = await driver.open();
      expect(await reading.hide('r', 'ann', [1, 2, 3], 3)).toBe(3);
      expect(await reading.hide('r', 'ann', [4], 3)).toBeNull();
      expect(await reading.hide('r', 'ann', [2, 1], 3)).toBe(3);
      expect(await reading.hide('r', 'ann', [], 3)).toBe(3);
      expect(await reading.hide('r', 'bob', [4], 3)).toBe(1);
      expect(await reading.hidden('r', 'ann', 1, 9)).toEqual([1, 2, 3]);
      await reading.close();
    });

    test('[RDS1] any sequence of writes agrees with the reference model', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
          await using driver = await makeDriver();
          const reading = await driver.open();
          const model = new MemoryReading();
          for (const apply of steps) expect((await apply(reading)) ?? null).toEqual((await apply(model)) ?? null);
          for (const room of ['r', 'R', 's']) {
            expect(await reading.readingOf(room)).toEqual(model.readingOf(room));
            for (const user of ['ann', 'Ann', 'bob']) {
              expect(await reading.hidden(room, user, 2, 8)).toEqual(model.hidden(room, user, 2, 8));
            }
          }
          await reading.close();
        }),
        { numRuns: 25 },
      );
    });
  });
}
