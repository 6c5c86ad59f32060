/** What the generated checks are made of. */
import { type Fault, fault } from './faults.ts';

const utf8 = new TextEncoder();

/** A refusal that names the place and what belongs there. It never repeats the value: that may be a secret. */
export function invalid(path: string, expected: string): Fault {
  return fault('invalid', `${path}: ${expected} was expected`);
}

/** A refusal of bytes that are of the right type and too many. */
export function tooLarge(path: string, expected: string): Fault {
  return fault('too_large', `${path}: ${expected} was expected`);
}

/** Whether a string has at most `limit` code points, which is what people count as characters. */
export function fitsCodePoints(text: string, limit: number): boolean {
  if (text.length <= limit) return true;
  if (text.length > limit * 2) return false;
  let count = 0;
  for (const _ of text) count += 1;
  return count <= limit;
}

/** Whether a string has at most `limit` bytes of UTF-8. */
export function fitsBytes(text: string, limit: number): boolean {
  if (text.length * 3 <= limit) return true;
  return text.length <= limit && utf8.encode(text).length <= limit;
}

/** Whether it is an integer within bounds; a float that holds one counts. */
export function isInteger(value: unknown, minimum: number, maximum: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= minimum && (value as number) <= maximum;
}
