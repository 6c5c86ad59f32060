/**
 * Which ranges of a content a claimant has to have: few, small, and spread over all of it, so that the proof costs little and
 * a part of the content is not enough. Who has the share `p` of the bytes passes with about `p` to the power of the count.
 */

export interface Range {
  readonly offset: number;
  readonly length: number;
}

const RANGE_BYTES = 4_096;
const FEW = 20;
const MANY = 64;
const LARGE_BYTES = 64 * 2 ** 20;
/** Enough of an offset within 48 bits: larger contents than 2^48 bytes there are none. */
const RANDOM_BYTES = 6;

/** One range at a random place in each of as many equal parts. `randomBytes` cannot be foreseen by anybody. */
export function chooseRanges(size: number, randomBytes: (length: number) => Uint8Array): readonly Range[] {
  const count = size > LARGE_BYTES ? MANY : FEW;
  const part = Math.floor(size / count);
  const length = Math.min(RANGE_BYTES, part);
  return Array.from({ length: count }, (_, index) => {
    // The last part also has what the division leaves over.
    const end = index === count - 1 ? size : (index + 1) * part;
    const start = index * part;
    return { offset: start + below(end - start - length + 1, randomBytes), length };
  });
}

function below(bound: number, randomBytes: (length: number) => Uint8Array): number {
  const random = randomBytes(RANDOM_BYTES).reduce((sum, byte) => sum * 256 + byte, 0);
  return Math.floor((random / 256 ** RANDOM_BYTES) * bound);
}
