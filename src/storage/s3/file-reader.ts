/** A file in large pieces, for who looks at each of them at once: all share one buffer. */
import { type FileHandle, open } from 'node:fs/promises';
import { StorageFault } from '../ports/faults.ts';

const PIECE_BYTES = 1024 * 1024;

/** A piece is good until the next one is asked for. */
export async function* filePieces(path: string): AsyncGenerator<Uint8Array, void, undefined> {
  const file = await guarded(`open the file ${path}`, () => open(path, 'r'));
  try {
    const buffer = Buffer.allocUnsafe(PIECE_BYTES);
    for (let at = 0; ; ) {
      const bytesRead = await guarded(`read the file ${path}`, () => readAt(file, buffer, at));
      if (bytesRead === 0) return;
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

async function readAt(file: FileHandle, buffer: Buffer, at: number): Promise<number> {
  return (await file.read(buffer, 0, buffer.length, at)).bytesRead;
}

/** A file that is not there is refused: it is not going to come. */
async function guarded<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw faultOf(doing, error);
  }
}

function faultOf(doing: string, error: unknown): StorageFault {
  const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
  return new StorageFault(isMissing ? 'refused' : 'unavailable', `cannot ${doing}`, error);
}
