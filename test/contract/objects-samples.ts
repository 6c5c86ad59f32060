/** Content for tests of the object store. */
import { writeFileSync } from 'node:fs';
import type { FileSource, ObjectSource, PutJournal } from '../../src/storage/ports/objects.ts';

/** Bytes that differ from place to place and from seed to seed, so that no two parts are alike. */
export function sampleBytes(size: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(size);
  let state = (seed * 2_654_435_761) >>> 0 || 1;
  for (let at = 0; at < size; at += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[at] = state;
  }
  return bytes;
}

export function sha256Of(bytes: Uint8Array): string {
  return new Bun.CryptoHasher('sha256').update(bytes).digest('hex');
}

/** Bytes as a source that hands them out in pieces. */
export function sourceOf(bytes: Uint8Array, pieceBytes = 64 * 1024): ObjectSource {
  return { size: bytes.length, sha256: sha256Of(bytes), content: pieces(bytes, pieceBytes) };
}

/** The facts of `bytes` with other content. */
export function disguised(bytes: Uint8Array, content: AsyncIterable<Uint8Array>): ObjectSource {
  return { size: bytes.length, sha256: sha256Of(bytes), content };
}

export async function* pieces(bytes: Uint8Array, pieceBytes: number): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.slice(at, at + pieceBytes);
}

export async function readAll(stream: ReadableStream<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Bytes as a file, which is said to hold `said`. */
export function fileOf(path: string, bytes: Uint8Array, said = bytes): FileSource {
  writeFileSync(path, bytes);
  return { path, size: said.length, sha256: sha256Of(said) };
}

/** A journal in memory. */
export class MemoryJournal implements PutJournal {
  text: string | null = null;
  writes = 0;

  read(): Promise<string | null> {
    return Promise.resolve(this.text);
  }

  write(text: string): Promise<void> {
    this.text = text;
    this.writes += 1;
    return Promise.resolve();
  }

  clear(): Promise<void> {
    this.text = null;
    return Promise.resolve();
  }
}
