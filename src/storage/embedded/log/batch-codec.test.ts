import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { StorageFault } from '../../ports/faults.ts';
import { decodeGroup, encodeFence, encodeRecords } from './batch-codec.ts';

const records = fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 6 });

test('[LOG3] a group is read back as it was written', () => {
  fc.assert(
    fc.property(records, (written) => {
      expect(decodeGroup(encodeRecords(written), 1).records.map((record) => [...record])).toEqual(
        written.map((record) => [...record]),
      );
    }),
  );
});

test('[LOG15] a fence is read back as it was written', () => {
  const fence = { epoch: 4_000_000_000, slots: [0, 3, 1_023] };
  expect(decodeGroup(encodeFence(fence), 9)).toEqual({ position: 9, records: [], fence });
});

test('[LOG12] a group with any bit turned over, or cut short, is corrupt', () => {
  fc.assert(
    fc.property(records, fc.nat(), fc.integer({ min: 0, max: 7 }), (written, at, bit) => {
      const bytes = encodeRecords(written);
      const turned = bytes.slice();
      const index = at % bytes.length;
      turned[index] = (turned[index] ?? 0) ^ (1 << bit);
      expect(() => decodeGroup(turned, 7)).toThrow(StorageFault);
      if (index < bytes.length && bytes.length > 4)
        expect(() => decodeGroup(bytes.slice(0, index), 7)).toThrow(StorageFault);
    }),
  );
});
