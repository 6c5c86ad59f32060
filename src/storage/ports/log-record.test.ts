import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { type ChangeEffect, decodeLogRecord, encodeLogRecord, type LogRecord } from './log-record.ts';

const uint48 = fc.integer({ min: 0, max: 2 ** 48 - 1 });
const text = fc.string({ unit: 'binary', maxLength: 60 }).filter((value) => value.isWellFormed());
const record: fc.Arbitrary<LogRecord> = fc.record({
  stream: fc.constantFrom('messages', 'changes'),
  slot: fc.integer({ min: 0, max: 1_023 }),
  epoch: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  room: text,
  seq: uint48,
  sender: text,
  nonce: text,
  at: uint48,
  frame: fc.uint8Array({ maxLength: 100 }),
});

const effect: fc.Arbitrary<ChangeEffect> = fc.record({
  seq: uint48,
  state: fc.uint8Array({ maxLength: 100 }),
  recalls: fc.boolean(),
  pinned: fc.boolean(),
});

test('[CHG20] the effect of a change is decoded as it was encoded, and a record that is cut inside it is refused', () => {
  fc.assert(
    fc.property(record, effect, (some, written) => {
      const bytes = encodeLogRecord({ ...some, stream: 'changes', effect: written });
      const read = decodeLogRecord(bytes);
      expect({ ...read.effect, state: [...(read.effect?.state ?? [])] }).toEqual({
        ...written,
        state: [...written.state],
      });
      expect([read.stream, ...read.frame]).toEqual(['changes', ...some.frame]);
      const cut = bytes.subarray(0, bytes.length - some.frame.length - 1);
      expect(() => decodeLogRecord(cut)).toThrow(RangeError);
    }),
  );
});

test('[LOG14] a record is decoded as it was encoded, byte-order marks and all', () => {
  const marked = { room: '\ufeffroom', sender: '\ufeff', nonce: '\ufeff\ufeffn' };
  fc.assert(
    fc.property(record, (written) => {
      for (const one of [written, { ...written, ...marked }]) {
        const read = decodeLogRecord(encodeLogRecord(one));
        expect({ ...read, frame: [...read.frame] }).toEqual({ ...one, frame: [...one.frame] });
      }
    }),
  );
});

test('[LOG14] bytes that are no record are refused, and so are strings that are too long', () => {
  const good = encodeLogRecord({
    stream: 'messages',
    slot: 3,
    epoch: 1,
    room: 'room',
    seq: 1,
    sender: 'ann',
    nonce: 'nonce',
    at: 1,
    frame: new Uint8Array(0),
  });
  for (let length = 0; length < good.length; length += 1) {
    expect(() => decodeLogRecord(good.subarray(0, length))).toThrow(RangeError);
  }
  expect(() => decodeLogRecord(Uint8Array.from(good, (byte, index) => (index === 0 ? 9 : byte)))).toThrow(RangeError);
  const decoded = decodeLogRecord(good);
  expect(() => encodeLogRecord({ ...decoded, room: 'r'.repeat(256) })).toThrow(RangeError);
});
