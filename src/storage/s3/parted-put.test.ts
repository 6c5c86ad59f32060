import { expect, test } from 'bun:test';
import { planParts } from './parted-put.ts';

const MIB = 1024 * 1024;

test('[OBJ14] parts have the size that is wanted, and a larger one where there would be too many', () => {
  expect(planParts(8 * MIB + 1, 8 * MIB)).toEqual({ partBytes: 8 * MIB, count: 2 });
  expect(planParts(16 * MIB, 8 * MIB)).toEqual({ partBytes: 8 * MIB, count: 2 });
  expect(planParts(80_000 * MIB, 8 * MIB)).toEqual({ partBytes: 8 * MIB, count: 10_000 });
  expect(planParts(80_000 * MIB + 1, 8 * MIB)).toEqual({ partBytes: 9 * MIB, count: 8_889 });
  for (const size of [1, 5 * 1024 ** 4, 5 * 1024 ** 4 - 1]) {
    const { partBytes, count } = planParts(size, 5 * MIB);
    expect(count).toBeLessThanOrEqual(10_000);
    expect(partBytes * count).toBeGreaterThanOrEqual(size);
    expect(partBytes * (count - 1)).toBeLessThan(size);
  }
});
