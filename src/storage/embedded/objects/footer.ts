/**
 * The last bytes of an object's file, behind the content: a magic word, the size, the checksum. Content and facts so
 * become visible in one step, and a file that was cut off is known by its end.
 */
import type { FileHandle } from 'node:fs/promises';
import { StorageFault } from '../../ports/faults.ts';
import type { ObjectFacts } from '../../ports/objects.ts';

const MAGIC = Buffer.from('MLROBJ01', 'latin1');
const SIZE_AT = MAGIC.length;
const HASH_AT = SIZE_AT + 8;

export const FOOTER_BYTES = HASH_AT + 32;

export function encodeFooter({ size, sha256 }: ObjectFacts): Uint8Array {
  const footer = Buffer.alloc(FOOTER_BYTES);
  MAGIC.copy(footer);
  footer.writeBigUInt64BE(BigInt(size), SIZE_AT);
  footer.write(sha256, HASH_AT, 'hex');
  return footer;
}

/** Reads the facts of an open file. Throws `corrupt` for one that was not written whole. */
export async function readFooter(file: FileHandle, key: string): Promise<ObjectFacts> {
  const { size: fileBytes } = await file.stat();
  const size = fileBytes - FOOTER_BYTES;
  const footer = Buffer.alloc(FOOTER_BYTES);
  const { bytesRead } = size < 0 ? { bytesRead: 0 } : await file.read(footer, 0, FOOTER_BYTES, size);
  const whole =
    bytesRead === FOOTER_BYTES &&
    footer.subarray(0, SIZE_AT).equals(MAGIC) &&
    footer.readBigUInt64BE(SIZE_AT) === BigInt(size);
  if (!whole) throw new StorageFault('corrupt', `the file of object ${key} has no footer that fits it`);
  return { size, sha256: footer.toString('hex', HASH_AT) };
}
