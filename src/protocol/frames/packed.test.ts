import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { packed } from './rpc.ts';

describe('packed', () => {
  test('[WIRE30] frames are packed in order, none is cut, and only a single large frame exceeds the size', () => {
    const frames = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 60 });
    fc.assert(
      fc.property(frames, fc.integer({ min: 1, max: 100 }), (given, maxBytes) => {
        const messages = packed(given, maxBytes);
        expect(Buffer.concat(messages)).toEqual(Buffer.concat(given));
        const lengths = new Set(given.map((frame) => frame.length));
        for (const message of messages) expect(message.length <= maxBytes || lengths.has(message.length)).toBe(true);
      }),
    );
  });
});
