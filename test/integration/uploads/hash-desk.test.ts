import { expect, test } from 'bun:test';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HashDesk } from '../../../src/files/hashing/hash-desk.ts';
import { FileStaging } from '../../../src/storage/embedded/staging/file-staging.ts';
import type { WantedHash } from '../../../src/storage/ports/upload-journal.ts';
import { tempDir } from '../../contract/temp-dir.ts';
import { sampleBytes, sha256 } from './uploader.ts';

const ALL: readonly WantedHash[] = ['md5', 'sha1', 'crc32', 'crc64'];

function deskOn(staging: FileStaging): HashDesk {
  return new HashDesk({
    staging,
    maxFollowed: 2,
    maxPasses: 2,
    pause: () => new Promise((resolve) => setImmediate(resolve)),
    onFault: (id, error) => {
      throw new Error(`${id} cannot be read`, { cause: error });
    },
  });
}

async function write(staging: FileStaging, id: string, bytes: Uint8Array, offset = 0): Promise<void> {
  const writer = await staging.writer(id);
  await writer.write([bytes], offset);
  await writer.close();
}

test('[HSH3] hashes that followed the bytes as they came are those of the whole', async () => {
  using dir = tempDir();
  const staging = new FileStaging(dir.path);
  const desk = deskOn(staging);
  const bytes = sampleBytes(20_000_003, 15);
  // More uploads than are followed: the others are hashed when they are whole.
  const ids = ['a', 'b', 'c', 'd'];
  for (let offset = 0; offset < bytes.length; offset += 5_000_000) {
    const piece = bytes.subarray(offset, offset + 5_000_000);
    for (const id of ids) {
      await write(staging, id, piece, offset);
      desk.advance({ id, offset: offset + piece.length, hashes: ALL });
    }
  }
  const hashed = await Promise.all(
    ids.map((id) => desk.hashWhole({ id, size: bytes.length, hashes: ALL, parts: null })),
  );
  for (const { sha256: hash, others } of hashed) {
    expect(hash).toBe(sha256(bytes));
    expect(others.md5).toBe(createHash('md5').update(bytes).digest('hex'));
    expect(others.sha1).toBe(createHash('sha1').update(bytes).digest('hex'));
    expect(others.crc32).toBe(Bun.hash.crc32(bytes).toString(16).padStart(8, '0'));
    expect(others.crc64).toMatch(/^[0-9a-f]{16}$/);
  }
});

test('[HSH3] joined parts are copied in order, and their CRC32s make that of the whole', async () => {
  using dir = tempDir();
  const staging = new FileStaging(dir.path);
  const pieces = [sampleBytes(3_000_001, 16), sampleBytes(0, 17), sampleBytes(1_048_576, 18)];
  for (const [at, piece] of pieces.entries()) await write(staging, `p${at}`, piece);
  const parts = pieces.map((piece, at) => ({ id: `p${at}`, size: piece.length, crc32: Bun.hash.crc32(piece) }));
  const whole = Buffer.concat(pieces);
  const hashed = await deskOn(staging).hashWhole({ id: 'whole', size: whole.length, hashes: [], parts });
  expect(hashed.sha256).toBe(sha256(whole));
  expect(hashed.partsCrc32).toBe(hashed.crc32);
  expect(readFileSync(join(dir.path, 'uploads/whole.bytes')).equals(whole)).toBe(true);
});

test('[HSH3] the type is what the first bytes say', async () => {
  using dir = tempDir();
  const staging = new FileStaging(dir.path);
  const png = Buffer.from('89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489', 'hex');
  const kinds: [string, Buffer, string][] = [
    ['png', png, 'image/png'],
    ['html', Buffer.from('<html><script>alert(1)</script>'), 'application/octet-stream'],
    ['none', Buffer.alloc(0), 'application/octet-stream'],
    ['mp3', Buffer.from('ID3'), 'application/octet-stream'],
  ];
  for (const [id, bytes, contentType] of kinds) {
    await write(staging, id, bytes);
    const hashed = await deskOn(staging).hashWhole({ id, size: bytes.length, hashes: [], parts: null });
    expect([id, hashed.contentType]).toEqual([id, contentType]);
  }
});
