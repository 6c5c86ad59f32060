/**
 * Checksums of a whole from those of its parts, without its bytes: a CRC is linear over GF(2), so that the CRC of the first
 * part is moved over the length of the second by multiplying with a matrix, which is squared for each bit of that length.
 */

/** Reflected CRCs, as all in use here are. `polynomial` is in reflected form. */
export interface CrcForm {
  readonly bits: 32 | 64;
  readonly polynomial: bigint;
}

export const CRC32: CrcForm = { bits: 32, polynomial: 0xedb88320n };
/** CRC-64/XZ: the one whose CRC of `123456789` is 995dc9bbdf1939fa. */
export const CRC64: CrcForm = { bits: 64, polynomial: 0xc96c5795d7870f42n };

/** The CRC of one part behind the other. `lengthOfSecond` is in bytes. */
export function combineCrc(form: CrcForm, first: bigint, second: bigint, lengthOfSecond: number): bigint {
  let crc = first;
  let matrix = byteMatrix(form);
  for (let left = BigInt(lengthOfSecond); left > 0n; left >>= 1n) {
    if ((left & 1n) === 1n) crc = times(matrix, crc);
    if (left > 1n) matrix = square(matrix);
  }
  return crc ^ second;
}

/** `combineCrc` for CRC32s that are plain numbers. */
export function combineCrc32(first: number, second: number, lengthOfSecond: number): number {
  return Number(combineCrc(CRC32, BigInt(first), BigInt(second), lengthOfSecond));
}

/** Column by column: what one zero byte makes of each bit. */
function byteMatrix({ bits, polynomial }: CrcForm): bigint[] {
  let matrix = Array.from({ length: bits }, (_, bit) => (bit === 0 ? polynomial : 1n << BigInt(bit - 1)));
  for (let doubled = 0; doubled < 3; doubled++) matrix = square(matrix);
  return matrix;
}

function times(matrix: readonly bigint[], vector: bigint): bigint {
  let product = 0n;
  let left = vector;
  for (const column of matrix) {
    if ((left & 1n) === 1n) product ^= column;
    left >>= 1n;
  }
  return product;
}

function square(matrix: readonly bigint[]): bigint[] {
  return matrix.map((column) => times(matrix, column));
}
