import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { StorageFault } from '../../ports/faults.ts';
import { decodeGroup, encodeFence, encodeRecords } from './group-codec.ts';
import { groupId, positionOfId } from './group-id.ts';
import { follows, MAX_EPOCH, positionOf } from './position.ts';

const partitions = fc.integer({ min: 0, max: 65_535 });
const epochs = fc.integer({ min: 1, max: MAX_EPOCH });
const numbers = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const records = fc.array(fc.uint8Array({ maxLength: 50 }), { minLength: 1, maxLength: 6 });
const slots = fc.array(fc.integer({ min: 0, max: 1_023 }), { maxLength: 20 });

test('[AMQ1] a group is read back as it was written', () => {
  fc.assert(
    fc.property(partitions, epochs, numbers, records, (partition, epoch, group, written) => {
      const position = positionOf(epoch, group);
      const read = decodeGroup(partition, encodeRecords(partition, position, written));
      expect(read.position).toBe(position);
      expect(read.records.map((record) => [...record])).toEqual(written.map((record) => [...record]));
      expect(read.fence).toBeUndefined();
    }),
  );
});

test('[AMQ1] a fence is read back as it was written', () => {
  fc.assert(
    fc.property(partitions, epochs, slots, (partition, epoch, fenced) => {
      const position = positionOf(epoch, 0);
      const read = decodeGroup(partition, encodeFence(partition, position, fenced));
      expect(read).toEqual({ position, records: [], fence: { epoch, slots: fenced } });
    }),
  );
});

test('[AMQ1] a group with any bit turned over, cut short, or of another partition is corrupt', () => {
  fc.assert(
    fc.property(partitions, records, fc.nat(), fc.integer({ min: 0, max: 7 }), (partition, written, at, bit) => {
      const bytes = encodeRecords(partition, positionOf(1, 1), written);
      const turned = Buffer.from(bytes);
      const index = at % bytes.length;
      turned[index] = (turned[index] ?? 0) ^ (1 << bit);
      expect(() => decodeGroup(partition, turned)).toThrow(StorageFault);
      expect(() => decodeGroup(partition, bytes.subarray(0, index))).toThrow(StorageFault);
      expect(() => decodeGroup((partition + 1) % 65_536, bytes)).toThrow(StorageFault);
    }),
  );
});

test('[AMQ2] positions are exact and ascend with the epoch, then with the group', () => {
  fc.assert(
    fc.property(fc.tuple(epochs, numbers), fc.tuple(epochs, numbers), (a, b) => {
      const [first, second] = [positionOf(...a), positionOf(...b)];
      expect(Number.isSafeInteger(first)).toBe(true);
      expect(Math.sign(first - second)).toBe(Math.sign(a[0] - b[0] || a[1] - b[1]));
    }),
  );
});

test('[AMQ2] only the next group or the fence of a later writer follows', () => {
  const at = positionOf(3, 7);
  expect(follows(at, positionOf(3, 8))).toBe(true);
  expect(follows(at, positionOf(4, 0))).toBe(true);
  expect(follows(at, positionOf(9, 0))).toBe(true);
  expect(follows(0, positionOf(1, 0))).toBe(true);
  for (const other of [positionOf(3, 7), positionOf(3, 9), positionOf(4, 1), positionOf(3, 0), positionOf(2, 8)]) {
    expect(follows(at, other)).toBe(false);
  }
});

test('[AMQ2] the id of a message tells its partition and position', () => {
  fc.assert(
    fc.property(partitions, epochs, numbers, (partition, epoch, group) => {
      const position = positionOf(epoch, group);
      expect(positionOfId(partition, groupId(partition, position))).toBe(position);
      expect(positionOfId((partition + 1) % 65_536, groupId(partition, position))).toBeUndefined();
    }),
  );
  for (const id of [undefined, 7, '', '1-1', '1-9999999-1', '1-1-4294967296'])
    expect(positionOfId(1, id)).toBeUndefined();
});
