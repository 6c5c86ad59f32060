/** The hash of an id: places it in a slot, and finds its actor. */

/** 32 bits, signed: FNV-1a with a final mix, since ids of one kind may differ in their last characters only. */
export function hashOf(id: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < id.length; index++) hash = Math.imul(hash ^ id.charCodeAt(index), 0x01000193);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d);
  return hash ^ (hash >>> 13);
}
