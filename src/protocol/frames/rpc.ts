/** All frames that are written seldom, through one msgpackr encoder. */
import { Packr } from 'msgpackr';
import type { Fault } from '../faults.ts';
import type { Method, NotificationName, NotificationParams, ParamsOf, ResultOf } from '../types.ts';

const packr = new Packr({ useRecords: false, variableMapSize: true });

/** `[0, id, method, [params]]`. `id` is a uint32 that no other open request of the socket has. */
export function encodeRequest<M extends Method>(id: number, method: M, params: ParamsOf<M>): Uint8Array {
  return encode([0, id, method, [params]]);
}

/** `[1, id, nil, result]`. Keys whose value is `undefined` are left out, here and below. */
export function encodeResult<M extends Method>(id: number, result: ResultOf<M>): Uint8Array {
  return encode([1, id, null, result]);
}

/** `[1, id, error, nil]`. */
export function encodeFault(id: number, fault: Fault): Uint8Array {
  return encode([1, id, fault, null]);
}

/** `[2, method, [params]]`. For `message` there is `encodeMessage`, which is many times faster. */
export function encodeNotification<N extends NotificationName>(method: N, params: NotificationParams<N>): Uint8Array {
  return encode([2, method, [params]]);
}

/** Several frames as one WebSocket message. A single one is handed back as it is. */
export function concat(frames: readonly Uint8Array[]): Uint8Array {
  const [first] = frames;
  if (frames.length === 1 && first) return first;
  let length = 0;
  for (const frame of frames) length += frame.length;
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const frame of frames) {
    bytes.set(frame, offset);
    offset += frame.length;
  }
  return bytes;
}

/**
 * Several frames as few WebSocket messages, each of at most `maxBytes`; a single frame over that goes alone. Order is kept.
 */
export function packed(frames: readonly Uint8Array[], maxBytes: number): Uint8Array[] {
  const messages: Uint8Array[] = [];
  let start = 0;
  let bytes = 0;
  for (const [index, frame] of frames.entries()) {
    if (index > start && bytes + frame.length > maxBytes) {
      messages.push(concat(frames.slice(start, index)));
      start = index;
      bytes = 0;
    }
    bytes += frame.length;
  }
  if (start < frames.length) messages.push(concat(start === 0 ? frames : frames.slice(start)));
  return messages;
}

/**
 * Encodes a value of the wire's types into bytes of its own.
 *
 * *Gotchas.* Only plain maps, arrays, strings, numbers, booleans, null and `Uint8Array` are for the wire. Other objects would
 * become extension types, which no reader takes.
 */
export function encode(value: unknown): Uint8Array {
  // msgpackr hands out views of a pool; a copy can be kept and transferred without holding or detaching the pool.
  return new Uint8Array(packr.pack(withoutUndefined(value)));
}

/** msgpackr writes `undefined` as an extension type; a missing key says the same in every language. */
function withoutUndefined(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map(withoutUndefined);
  const entries: Record<string, unknown> = {};
  for (const [key, entry] of Object.entries(value)) {
    if (entry !== undefined) entries[key] = withoutUndefined(entry);
  }
  return entries;
}
