import { expect, test } from 'bun:test';
import { lengthOf, sizeOf } from './sizes.ts';

test('[WEB31] sizes and times are said as people say them', () => {
  expect([0, 1, 999, 1_000, 1_234, 99_449, 999_499, 999_500, 1_500_000, 3e9, 5e15].map(sizeOf)).toEqual([
    '0 bytes',
    '1 byte',
    '999 bytes',
    '1.0 kB',
    '1.2 kB',
    '99.4 kB',
    '999 kB',
    '1.0 MB',
    '1.5 MB',
    '3.0 GB',
    '5000 TB',
  ]);
  expect([0.2, 59, 90, 3_600, 5_400].map(lengthOf)).toEqual(['1 s', '59 s', '2 min', '1 h 0 min', '1 h 30 min']);
});
