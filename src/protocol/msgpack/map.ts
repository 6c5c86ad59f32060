/** What a decoded map is. */

/** A decoded map. Its keys are own properties of a plain object. */
export type MsgpackMap = Readonly<Record<string, unknown>>;

/** Whether a decoded value is a map: an object, but neither an array nor a `bin`. */
export function isMap(value: unknown): value is MsgpackMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}
