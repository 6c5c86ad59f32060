/** Strings out of bytes: fast for the short ASCII that nearly all strings on the wire are, strict for the rest. */
import { MalformedFrame } from '../malformed.ts';

/** A byte order mark is a character like any other: two nonces that differ in one are two nonces. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Up to this length a string that was seen lately is handed out again instead of being made anew. */
const MAX_INTERNED_LENGTH = 32;
const SLOTS = 4096;

/**
 * The strings seen lately, one a slot: method names, keys and the ids of busy rooms hit nearly always. A stranger can evict
 * entries, never add slots.
 */
const interned: string[] = new Array<string>(SLOTS).fill('');

/**
 * Decodes UTF-8 at `start`, `length` bytes long; the caller has checked that they are there.
 * Throws a `MalformedFrame` on bytes that are not UTF-8.
 */
export function decodeText(bytes: Uint8Array, start: number, length: number): string {
  if (length > MAX_INTERNED_LENGTH) return decodeUtf8(bytes, start, length);
  let hash = length;
  let union = 0;
  const end = start + length;
  for (let index = start; index < end; index++) {
    const byte = bytes[index] as number;
    union |= byte;
    hash = Math.imul(hash ^ byte, 0x0100_0193);
  }
  if (union > 0x7f) return decodeUtf8(bytes, start, length);
  const slot = (hash ^ (hash >>> 15)) & (SLOTS - 1);
  const candidate = interned[slot] as string;
  if (equalsAscii(candidate, bytes, start, length)) return candidate;
  const text = decodeUtf8(bytes, start, length);
  interned[slot] = text;
  return text;
}

function equalsAscii(text: string, bytes: Uint8Array, start: number, length: number): boolean {
  if (text.length !== length) return false;
  for (let index = 0; index < length; index++) {
    if (text.charCodeAt(index) !== bytes[start + index]) return false;
  }
  return true;
}

function decodeUtf8(bytes: Uint8Array, start: number, length: number): string {
  try {
    return utf8.decode(bytes.subarray(start, start + length));
  } catch (cause) {
    throw new MalformedFrame('a string is not UTF-8', { cause });
  }
}
