import { expect, test } from 'bun:test';
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { chooseRanges } from './ranges.ts';

test('[INS1] ranges are few, within the content, one in each part of it, and together at most 256 KiB', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2 ** 20, max: 2 ** 45 }), (size) => {
      const ranges = chooseRanges(size, randomBytes);
      expect(ranges.length).toBe(size > 64 * 2 ** 20 ? 64 : 20);
      expect(ranges.reduce((sum, { length }) => sum + length, 0)).toBeLessThanOrEqual(256 * 1_024);
      const part = Math.floor(size / ranges.length);
      for (const [index, { offset, length }] of ranges.entries()) {
        expect(length).toBe(4_096);
        expect(offset).toBeWithin(index * part, (index + 1) * part + ranges.length);
        expect(offset + length).toBeLessThanOrEqual(size);
      }
    }),
  );
});

test('[INS1] the first and the last byte can be asked for, and two choices differ', () => {
  const lowest = chooseRanges(2 ** 20, (length) => new Uint8Array(length));
  const highest = chooseRanges(2 ** 20 + 7, (length) => new Uint8Array(length).fill(255));
  expect(lowest[0]?.offset).toBe(0);
  expect((highest.at(-1)?.offset ?? 0) + 4_096).toBe(2 ** 20 + 7);
  expect(chooseRanges(2 ** 30, randomBytes)).not.toEqual(chooseRanges(2 ** 30, randomBytes));
});
