import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { Ring } from './ring.ts';

describe('ring', () => {
  test('[LANE1] bytes come out as they went in, over any wrap-around and any sizes of writes and reads', () => {
    const step = fc.record({ write: fc.integer({ min: 0, max: 3_000 }), read: fc.integer({ min: 0, max: 3_000 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const memory = Ring.memory(1_024);
        const [writer, reader] = [new Ring(memory), new Ring(memory)];
        // Positions count modulo 2^32: start near their end, so that they pass it.
        new Int32Array(memory).fill(-1_500, 0, 2);
        let sent = 0;
        let got = 0;
        for (const { write, read } of steps) {
          const bytes = Uint8Array.from({ length: write }, (_, index) => (sent + index) % 251);
          const room = 1_024 - (sent - got);
          const written = writer.write(bytes, write);
          expect(written).toBe(Math.min(write, room));
          sent += written;
          expect(reader.used).toBe(sent - got);
          const into = new Uint8Array(read);
          const count = reader.read(into, 0);
          expect(count).toBe(Math.min(read, sent - got));
          for (let index = 0; index < count; index++) expect(into[index]).toBe((got + index) % 251);
          got += count;
        }
      }),
      { numRuns: 200 },
    );
  });

  test('[LANE2] a sleeping reader and a waiting writer are woken by exactly one call', () => {
    const ring = new Ring(Ring.memory(1_024));
    expect([ring.takeReaderSleeps(), ring.takeReaderSleeps()]).toEqual([true, false]);
    ring.readerSleeps();
    ring.readerAwake();
    expect(ring.takeReaderSleeps()).toBe(false);
    ring.writerWaits();
    expect([ring.takeWriterWaits(), ring.takeWriterWaits()]).toEqual([true, false]);
  });

  test('[LANE1] a ring holds a power of two of bytes', () => {
    expect(() => Ring.memory(1_000)).toThrow(RangeError);
    expect(() => Ring.memory(512)).toThrow(RangeError);
  });
});
