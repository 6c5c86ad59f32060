import { expect, test } from 'bun:test';
import { checkKey, objectKey, partsOfKey } from './objects.ts';

const HASH = 'ab'.repeat(32);

test('[OBJ6] the key of a content is made of its hash and generation, and tells them again', () => {
  for (const generation of ['1', 'V1StGXR8_Z5jdHi6B-myT', '-', '_'.repeat(64)]) {
    const key = objectKey(HASH, generation);
    checkKey(key);
    expect(key).toBe(`o/ab/${HASH}.${generation}`);
    expect(partsOfKey(key)).toEqual({ hash: HASH, generation });
  }
  for (const generation of ['', '.', 'a/b', 'a.b', 'a'.repeat(65)]) {
    expect(() => objectKey(HASH, generation)).toThrow(RangeError);
  }
  expect(() => objectKey(HASH.toUpperCase(), '1')).toThrow(RangeError);
  for (const key of ['o/ab/x.1', `x/ab/${HASH}.1`, `o/ab/${HASH}`, `o/ab/${HASH}.1.2`])
    expect(partsOfKey(key)).toBeNull();
});
