/**
 * What lies in a cached value: whether there is something or nothing, and what early renewal needs to know.
 *
 * Layout (big endian): u8 kind (1 something, 0 nothing), u32 milliseconds that loading took, f64 wall time of expiry, then
 * the payload.
 */

export interface Entry {
  /** Undefined: the store had nothing under the key. */
  readonly payload: Uint8Array | undefined;
  readonly loadMs: number;
  /** Milliseconds since the epoch by the clock of who filled. A wrong clock moves an early renewal, never the expiry. */
  readonly expiresAt: number;
}

const HEAD_BYTES = 13;

export function encodeEntry({ payload, loadMs, expiresAt }: Entry): Uint8Array {
  const bytes = new Uint8Array(HEAD_BYTES + (payload?.length ?? 0));
  const view = new DataView(bytes.buffer);
  bytes[0] = payload === undefined ? 0 : 1;
  view.setUint32(1, Math.min(Math.ceil(loadMs), 0xffff_ffff));
  view.setFloat64(5, expiresAt);
  if (payload !== undefined) bytes.set(payload, HEAD_BYTES);
  return bytes;
}

/** `payload` is a view of `bytes`. Undefined where the bytes are no entry: another release may have written them. */
export function decodeEntry(bytes: Uint8Array): Entry | undefined {
  const kind = bytes[0];
  if (bytes.length < HEAD_BYTES || (kind !== 0 && kind !== 1)) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    payload: kind === 0 ? undefined : bytes.subarray(HEAD_BYTES),
    loadMs: view.getUint32(1),
    expiresAt: view.getFloat64(5),
  };
}
