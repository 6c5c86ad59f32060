import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { Packr } from 'msgpackr';
import { LIMITS } from '../limits.ts';
import { MalformedFrame } from '../malformed.ts';
import { MsgpackReader } from './reader.ts';

const packr = new Packr({ useRecords: false, variableMapSize: true });
const fixedMaps = new Packr({ useRecords: false, variableMapSize: false });

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const read = (text: string): unknown => new MsgpackReader(hex(text)).readValue();

function closeCodeOf(bytes: Uint8Array): number {
  try {
    new MsgpackReader(bytes).readValue();
  } catch (error) {
    if (error instanceof MalformedFrame) return error.closeCode;
    throw error;
  }
  return 0;
}

const malformed = (text: string): void => expect(closeCodeOf(hex(text))).toBe(4400);

/** What may stand on the wire; keys that the reader refuses are refused by tests of their own. */
const wireValue = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(null, true, false),
    fc.maxSafeInteger(),
    fc.integer(),
    // msgpackr writes −0 as the integer 0.
    fc.double({ noNaN: true }).map((value) => (value === 0 ? 0 : value)),
    fc.string({ unit: 'binary', maxLength: 80 }),
    fc.string({ unit: 'grapheme-ascii', maxLength: 400 }),
    fc.uint8Array({ maxLength: 300 }),
    fc.array(tie('value'), { maxLength: 20, depthIdentifier: 'wire' }),
    fc.dictionary(
      fc.string({ maxLength: 40 }).filter((key) => key !== '__proto__'),
      tie('value'),
      { maxKeys: 20, depthIdentifier: 'wire', noNullPrototype: true },
    ),
  ),
})).value;

describe('what any encoder may write', () => {
  test('[WIRE7] values come out as msgpackr wrote them, in both of its map forms', () => {
    fc.assert(
      fc.property(wireValue, (value) => {
        for (const encoder of [packr, fixedMaps]) {
          const reader = new MsgpackReader(encoder.pack(value));
          expect(bufferless(reader.readValue())).toEqual(value);
          expect(reader.atEnd).toBe(true);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test.each([
    ['cc ff', 255],
    ['cd 00 05', 5],
    ['ce ff ff ff ff', 4_294_967_295],
    ['cf 00 00 00 00 00 00 00 07', 7],
    ['cf 00 1f ff ff ff ff ff ff', Number.MAX_SAFE_INTEGER],
    ['ff', -1],
    ['d0 80', -128],
    ['d1 80 00', -32_768],
    ['d2 80 00 00 00', -2_147_483_648],
    ['d3 ff ff ff ff ff ff ff fe', -2],
    ['d3 ff e0 00 00 00 00 00 01', Number.MIN_SAFE_INTEGER],
    ['ca 3f c0 00 00', 1.5],
    ['cb 40 08 00 00 00 00 00 00', 3],
    ['d9 01 61', 'a'],
    ['da 00 01 61', 'a'],
    ['db 00 00 00 01 61', 'a'],
    ['dd 00 00 00 01 c0', [null]],
    ['df 00 00 00 01 a1 61 c3', { a: true }],
    ['c6 00 00 00 01 07', Uint8Array.of(7)],
  ])('[WIRE7] %s is read in its width', (text, value) => {
    expect(read(text)).toEqual(value);
  });

  test('[WIRE12] a byte order mark is a character like any other', () => {
    expect(read('a4 ef bb bf 61')).toBe('\ufeffa');
    const long = `\ufeff${'a'.repeat(60)}`;
    expect(new MsgpackReader(packr.pack(long)).readValue()).toBe(long);
  });

  test('[WIRE12] strings that share a slot of the cache stay themselves', () => {
    for (let round = 0; round < 3; round++) {
      for (let index = 0; index < 10_000; index++) {
        const text = `room-${index}`;
        expect(new MsgpackReader(packr.pack(text)).readValue()).toBe(text);
      }
    }
  });

  test('[WIRE15] a bin is a view of the bytes that were read', () => {
    const bytes = hex('c4 02 01 02');
    const bin = new MsgpackReader(bytes).readValue() as Uint8Array;
    bytes[2] = 9;
    expect([...bin]).toEqual([9, 2]);
  });
});

describe('what no peer may write', () => {
  test('[WIRE8] extension types', () => {
    for (const text of ['d4 00 00', 'd5 01 00 00', 'd6 ff 00 00 00 00', 'd7 01 00 00 00 00 00 00 00 00'])
      malformed(text);
    for (const text of [`d8 01 ${'00'.repeat(16)}`, 'c7 01 05 00', 'c8 00 01 05 00', 'c9 00 00 00 01 05 00'])
      malformed(text);
    for (const value of [/a/, new Error('x'), new Set([1]), new Date(0), undefined]) {
      expect(closeCodeOf(new Packr({ moreTypes: true, structuredClone: true }).pack(value))).toBe(4400);
    }
    malformed('c1');
  });

  test('[WIRE9] more than 16 containers inside each other', () => {
    const nested = (levels: number): Uint8Array =>
      Uint8Array.from({ length: levels + 1 }, (_, i) => (i < levels ? 0x91 : 0xc0));
    expect(closeCodeOf(nested(LIMITS.maxDepth))).toBe(0);
    expect(closeCodeOf(nested(LIMITS.maxDepth + 1))).toBe(4400);
    expect(closeCodeOf(new Uint8Array(100_000).fill(0x91))).toBe(4400);
    expect(closeCodeOf(hex(`${'81 a1 61'.repeat(17)} c0`))).toBe(4400);
  });

  test('[WIRE10] lengths that the bytes left cannot hold', () => {
    for (const tag of ['c6', 'db', 'dd', 'df']) {
      for (const length of ['ff ff ff ff', '7f ff ff ff', '00 00 00 02']) malformed(`${tag} ${length} c0`);
    }
    for (const text of ['', 'cc', 'cd 00', 'ce 00 00 00', 'cb 00', 'a2 61', 'c4 01', '92 c0', '82 a1 61 c0', 'dc 00'])
      malformed(text);
  });

  test('[WIRE10] more elements than are allowed, however small', () => {
    const nils = (count: number): Uint8Array => {
      const bytes = new Uint8Array(5 + count).fill(0xc0);
      bytes.set([0xdd, count >>> 24, (count >>> 16) & 0xff, (count >>> 8) & 0xff, count & 0xff]);
      return bytes;
    };
    expect(closeCodeOf(nils(LIMITS.maxElements))).toBe(0);
    expect(closeCodeOf(nils(LIMITS.maxElements + 1))).toBe(4413);
    const inner = new Uint8Array(3 + 30_000).fill(0x80);
    inner.set([0xdc, 0x75, 0x30]);
    expect(closeCodeOf(Uint8Array.of(0x92, ...inner, ...inner))).toBe(0);
    expect(closeCodeOf(Uint8Array.of(0x93, ...inner, ...inner, ...inner))).toBe(4413);
  });

  test('[WIRE11] map keys that are no strings, twice there, or __proto__', () => {
    malformed('81 01 c0');
    malformed('81 c0 c0');
    malformed('81 91 c0 c0');
    malformed('82 a1 61 c0 a1 61 c0');
    malformed('82 a1 61 c0 d9 01 61 c0');
    malformed(`81 a9 ${Buffer.from('__proto__').toString('hex')} 81 a1 61 c3`);
    const map = new MsgpackReader(packr.pack({ constructor: 1, toString: 2 })).readValue() as object;
    expect(Object.keys(map)).toEqual(['constructor', 'toString']);
    expect(Object.getPrototypeOf(map)).toBe(Object.prototype);
  });

  test('[WIRE12] strings that are not UTF-8', () => {
    for (const bad of ['ff', 'c0 80', 'ed a0 80', 'f5 80 80 80', 'e2 82', '80']) {
      const bytes = hex(bad);
      malformed(`a${bytes.length} ${bad}`);
      malformed(`d9 ${(bytes.length + 60).toString(16)} ${'61'.repeat(60)} ${bad}`);
    }
  });

  test('[WIRE13] integers beyond 2^53', () => {
    malformed('cf 00 20 00 00 00 00 00 00');
    malformed('cf ff ff ff ff ff ff ff ff');
    malformed('d3 7f ff ff ff ff ff ff ff');
    malformed('d3 80 00 00 00 00 00 00 00');
  });
});

function bufferless(value: unknown): unknown {
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (Array.isArray(value)) return value.map(bufferless);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, bufferless(entry)]));
}
