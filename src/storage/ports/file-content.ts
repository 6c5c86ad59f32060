/** The content of a file as a source for an object. */
import { StorageFault } from './faults.ts';

/** Reads a file from its start to its end, no faster than it is asked for. */
export async function* fileContent(path: string): AsyncGenerator<Uint8Array, void, undefined> {
  const chunks = opened(path);
  try {
    for (;;) {
      const { done, value } = await next(chunks, path);
      if (done) return;
      yield value;
    }
  } finally {
    await chunks.return?.();
  }
}

function opened(path: string): AsyncIterator<Uint8Array> {
  try {
    return Bun.file(path).stream()[Symbol.asyncIterator]();
  } catch (error) {
    throw faultOf(error, `cannot open the file ${path}`);
  }
}

async function next(chunks: AsyncIterator<Uint8Array>, path: string): Promise<IteratorResult<Uint8Array>> {
  try {
    return await chunks.next();
  } catch (error) {
    throw faultOf(error, `cannot read the file ${path}`);
  }
}

/** A file that is not there is refused: it is not going to come. */
function faultOf(error: unknown, text: string): StorageFault {
  const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
  return new StorageFault(isMissing ? 'refused' : 'unavailable', text, error);
}
