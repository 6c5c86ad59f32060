/** One open file of staged bytes, for writing or for reading. */
import type { FileHandle } from 'node:fs/promises';
import type { StagedReader, StagedWriter } from '../../ports/staging.ts';
import { guardedAsync } from '../objects/guarded-async.ts';

export class FileWriter implements StagedWriter {
  readonly #file: FileHandle;
  readonly #id: string;

  constructor(file: FileHandle, id: string) {
    this.#file = file;
    this.#id = id;
  }

  async write(pieces: readonly Uint8Array[], offset: number): Promise<void> {
    await guardedAsync(`write to upload ${this.#id}`, async () => {
      let left = pieces.filter(({ length }) => length > 0);
      let at = offset;
      while (left.length > 0) {
        const { bytesWritten } = await this.#file.writev(left, at);
        at += bytesWritten;
        left = behind(left, bytesWritten);
      }
    });
  }

  async sync(): Promise<void> {
    await guardedAsync(`write upload ${this.#id} to the disk`, () => this.#file.datasync());
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

export class FileReader implements StagedReader {
  readonly #file: FileHandle;
  readonly #id: string;

  constructor(file: FileHandle, id: string) {
    this.#file = file;
    this.#id = id;
  }

  async size(): Promise<number> {
    return (await guardedAsync(`look at upload ${this.#id}`, () => this.#file.stat())).size;
  }

  async read(buffer: Uint8Array, offset: number): Promise<number> {
    return await guardedAsync(`read upload ${this.#id}`, async () => {
      let filled = 0;
      while (filled < buffer.length) {
        const { bytesRead } = await this.#file.read(buffer, filled, buffer.length - filled, offset + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return filled;
    });
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

/** What is left of the pieces after so many bytes; a write may take a part of them only. */
function behind(pieces: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let passed = 0;
  const left: Uint8Array[] = [];
  for (const piece of pieces) {
    const skip = Math.min(Math.max(0, bytes - passed), piece.length);
    if (skip < piece.length) left.push(piece.subarray(skip));
    passed += piece.length;
  }
  return left;
}
