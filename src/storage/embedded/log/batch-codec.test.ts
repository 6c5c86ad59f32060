import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { StorageFault } from '../../ports/faults.ts';
import { decodeBatch, encodeBatch } from './batch-codec.ts';

const records = fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 6 });

test('[LOG3] a group is read back as it was written', () => {
  fc.assert(
    fc.property(records, (written) => {
      expect(decodeBatch(encodeBatch(written), 1).map((record) => [...record])).toEqual(
        written.map((record) => [...record]),
      );
    }),
  );
});

test('[LOG12] a group with any bit turned over, or cut short, is corrupt', () => {
  fc.assert(
    fc.property(records, fc.nat(), fc.integer({ min: 0, max: 7 }), (written, at, bit) => {
      const bytes = encodeBatch(written);
      const turned = bytes.slice();
      const index = at % bytes.length;
      turned[index] = (turned[index] ?? 0) ^ (1 << bit);
      expect(() => decodeBatch(turned, 7)).toThrow(StorageFault);
      if (index < bytes.length && bytes.length > 4)
        expect(() => decodeBatch(bytes.slice(0, index), 7)).toThrow(StorageFault);
    }),
  );
});
