/** The map inside a message's body. Only clients look into it; the way of a message leaves it unread. */
import { MalformedFrame } from '../malformed.ts';
import { isMap, type MsgpackMap } from '../msgpack/map.ts';
import { MsgpackReader } from '../msgpack/reader.ts';
import type { Body } from '../types.ts';
import { encode } from './rpc.ts';

/** Encodes a body map. The result may be over the limit of a body; the server then answers `too_large`. */
export function encodeBody(body: Body): Uint8Array {
  return encode(body);
}

/**
 * Decodes a body map. Null where it is none that this version knows: encrypted by an application, newer, or broken. A client
 * shows such a message as one that it cannot show.
 */
export function decodeBody(bytes: Uint8Array): Body | null {
  const map = readMap(bytes);
  if (!map) return null;
  const { type } = map;
  if (typeof type !== 'string') return null;
  if (type === 'text') return typeof map.text === 'string' ? { type, text: map.text } : null;
  if (type === 'file') return fileBody(map);
  if (type === 'system') return { ...map, type };
  return isApplicationType(type) ? { ...map, type } : null;
}

function readMap(bytes: Uint8Array): MsgpackMap | null {
  try {
    const reader = new MsgpackReader(bytes, bytes.length);
    const value = reader.readValue();
    return reader.atEnd && isMap(value) ? value : null;
  } catch (error) {
    // Any member of a room may post any bytes: broken ones are an answer here and no failure.
    if (error instanceof MalformedFrame) return null;
    throw error;
  }
}

function fileBody(map: MsgpackMap): Body | null {
  const { file, name, size, mime } = map;
  if (typeof file !== 'string' || typeof name !== 'string') return null;
  if (typeof size !== 'number' || typeof mime !== 'string') return null;
  return { type: 'file', file, name, size, mime };
}

function isApplicationType(type: string): type is `x-${string}` {
  return type.startsWith('x-');
}
