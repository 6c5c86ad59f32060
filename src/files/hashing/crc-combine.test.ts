import { expect, test } from 'bun:test';
import { crc32 } from 'node:zlib';
import { createCRC64 } from 'hash-wasm';
import { CRC64, combineCrc, combineCrc32 } from './crc-combine.ts';

const LENGTHS = [0, 1, 2, 3, 7, 8, 255, 4_096, 65_537, 1_000_003];

function bytesOf(length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = seed;
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[at] = state >>> 16;
  }
  return bytes;
}

test('[HSH1] the CRC32 of a whole follows from those of its parts, whatever their lengths', () => {
  for (const first of LENGTHS) {
    for (const second of LENGTHS) {
      const [a, b] = [bytesOf(first, 1), bytesOf(second, 2)];
      expect(combineCrc32(crc32(a), crc32(b), second)).toBe(crc32(Buffer.concat([a, b])));
    }
  }
});

test('[HSH1] the CRC64 of a whole follows from those of its parts; it is CRC-64/XZ', async () => {
  const hasher = await createCRC64();
  const crc64 = (bytes: Buffer): bigint => BigInt(`0x${hasher.init().update(bytes).digest('hex')}`);
  expect(crc64(Buffer.from('123456789'))).toBe(0x995dc9bbdf1939fan);
  for (const first of LENGTHS) {
    const [a, b] = [bytesOf(first, 3), bytesOf(10_007, 4)];
    expect(combineCrc(CRC64, crc64(a), crc64(b), b.length)).toBe(crc64(Buffer.concat([a, b])));
  }
});
