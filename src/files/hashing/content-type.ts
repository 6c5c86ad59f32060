/** What a content is, by its first bytes. What a client says of it counts nothing. */
import { fileTypeFromBuffer } from 'file-type';

/** As much as the widest signature needs. */
export const SNIFFED_BYTES = 4_100;

const UNKNOWN = 'application/octet-stream';

/** `application/octet-stream` for what has no signature, such as text, HTML and SVG. */
export async function contentTypeOf(head: Uint8Array): Promise<string> {
  try {
    return (await fileTypeFromBuffer(head))?.mime ?? UNKNOWN;
  } catch (error) {
    // A head that is cut off inside a container makes the parser run out of bytes.
    if (error instanceof RangeError || (error as Error).name === 'EndOfStreamError') return UNKNOWN;
    throw error;
  }
}
