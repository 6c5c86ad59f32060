/**
 * The hashes of one upload, which follow its bytes: what has come so far is hashed while the rest is still on its way, so
 * that little is left to do at the end. Nothing of it survives: whoever lost it begins at the first byte again.
 */
import { StorageFault } from '../../storage/ports/faults.ts';
import type { StagedReader } from '../../storage/ports/staging.ts';
import type { ContentHasher, ContentHashes } from './content-hasher.ts';
import { contentTypeOf, SNIFFED_BYTES } from './content-type.ts';

/** The bytes that are hashed at once; two buffers of this size belong to each pass. */
export const STEP_BYTES = 1024 * 1024;

export interface WholeHashes extends ContentHashes {
  readonly contentType: string;
}

/** Sees the bytes as they pass, and is waited for before the next ones come. */
export type Passing = (bytes: Uint8Array, offset: number) => Promise<void>;

export class Frontier {
  readonly #hasher: ContentHasher;
  #head = new Uint8Array(0);
  #offset = 0;

  constructor(hasher: ContentHasher) {
    this.#hasher = hasher;
  }

  /** All bytes below are hashed. */
  get offset(): number {
    return this.#offset;
  }

  /**
   * Hashes up to `end` what lies in the reader from `from` on. While one piece is hashed the next one is read. `pause`
   * lets others have the thread after each piece.
   */
  async pass(
    reader: StagedReader,
    from: number,
    end: number,
    pause: () => Promise<void>,
    passing?: Passing,
  ): Promise<void> {
    const buffers = [new Uint8Array(STEP_BYTES), new Uint8Array(STEP_BYTES)];
    const readAt = (offset: number, turn: number): Promise<Uint8Array> =>
      readExactly(reader, (buffers[turn % 2] as Uint8Array).subarray(0, Math.min(STEP_BYTES, end - offset)), offset);
    let next = from < end ? readAt(from, 0) : undefined;
    for (let at = from, turn = 0; at < end; turn++) {
      const bytes = (await next) as Uint8Array;
      const after = at + bytes.length;
      next = after < end ? readAt(after, turn + 1) : undefined;
      // Where hashing fails nobody waits for this read any more.
      next?.catch(() => undefined);
      const passed = passing?.(bytes, this.#offset);
      passed?.catch(() => undefined);
      this.#take(bytes);
      await passed;
      at = after;
      await pause();
    }
  }

  /** Ends it. */
  async digest(): Promise<WholeHashes> {
    return { ...this.#hasher.digest(), contentType: await contentTypeOf(this.#head) };
  }

  #take(bytes: Uint8Array): void {
    if (this.#head.length < SNIFFED_BYTES) {
      this.#head = Buffer.concat([this.#head, bytes.subarray(0, SNIFFED_BYTES - this.#head.length)]);
    }
    this.#hasher.update(bytes);
    this.#offset += bytes.length;
  }
}

async function readExactly(reader: StagedReader, buffer: Uint8Array, offset: number): Promise<Uint8Array> {
  const read = await reader.read(buffer, offset);
  if (read < buffer.length) throw new StorageFault('corrupt', `the bytes end after ${offset + read}`);
  return buffer;
}
