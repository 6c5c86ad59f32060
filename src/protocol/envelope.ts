/** The MessagePack-RPC envelope, read from the bytes of a socket: requests and notifications, or responses. */
import { CLOSE } from './close-codes.ts';
import { type Fault, fault, isFaultCode } from './faults.ts';
import { LIMITS } from './limits.ts';
import { MalformedFrame } from './malformed.ts';
import { isMap, type MsgpackMap } from './msgpack/map.ts';
import { MsgpackReader } from './msgpack/reader.ts';

export interface RpcRequest {
  readonly type: 'request';
  /** uint32, chosen by the sender. */
  readonly id: number;
  readonly method: string;
  /** Not checked yet; `bin`s are views of the bytes that were read. */
  readonly params: MsgpackMap;
}

export interface RpcNotification {
  readonly type: 'notification';
  readonly method: string;
  readonly params: MsgpackMap;
}

/** `fault` and `result` exclude each other: where there is a fault, `result` is null. */
export interface RpcResponse {
  readonly type: 'response';
  readonly id: number;
  readonly fault: Fault | null;
  readonly result: MsgpackMap | null;
}

/** What a client may send. */
export type RpcCall = RpcRequest | RpcNotification;
/** What a server may send. */
export type RpcReply = RpcResponse | RpcNotification;

const REQUEST = 0;
const RESPONSE = 1;
const NOTIFICATION = 2;

/** Reads one request or notification at the reader's offset. Throws a `MalformedFrame` on anything else. */
export function readCall(reader: MsgpackReader): RpcCall {
  const length = reader.readArrayLength();
  const type = reader.readValue(1);
  if (type === REQUEST && length === 4) {
    const id = readId(reader);
    const method = readMethod(reader);
    return { type: 'request', id, method, params: readParams(reader) };
  }
  if (type === NOTIFICATION && length === 3) return readNotification(reader);
  throw new MalformedFrame('neither a request nor a notification');
}

/** Reads one response or notification at the reader's offset. Throws a `MalformedFrame` on anything else. */
export function readReply(reader: MsgpackReader): RpcReply {
  const length = reader.readArrayLength();
  const type = reader.readValue(1);
  if (type === RESPONSE && length === 4) return readResponse(reader);
  if (type === NOTIFICATION && length === 3) return readNotification(reader);
  throw new MalformedFrame('neither a response nor a notification');
}

/**
 * All that one WebSocket message to the server holds, in order.
 * Throws a `MalformedFrame` where it is empty, broken at any place, or holds more messages than are allowed.
 */
export function decodeCalls(bytes: Uint8Array): RpcCall[] {
  return decodeAll(new MsgpackReader(bytes), readCall, LIMITS.maxMessagesPerSocketMessage);
}

/** All that one WebSocket message to a client holds, in order. Throws a `MalformedFrame` where it is empty or broken. */
export function decodeReplies(bytes: Uint8Array): RpcReply[] {
  return decodeAll(new MsgpackReader(bytes, bytes.length), readReply, Number.POSITIVE_INFINITY);
}

function decodeAll<T>(reader: MsgpackReader, read: (reader: MsgpackReader) => T, maxMessages: number): T[] {
  const messages: T[] = [];
  do {
    if (messages.length >= maxMessages) throw new MalformedFrame('too many messages', { closeCode: CLOSE.tooLarge });
    messages.push(read(reader));
  } while (!reader.atEnd);
  return messages;
}

function readNotification(reader: MsgpackReader): RpcNotification {
  const method = readMethod(reader);
  return { type: 'notification', method, params: readParams(reader) };
}

function readResponse(reader: MsgpackReader): RpcResponse {
  const id = readId(reader);
  const error = reader.readValue(1);
  const result = reader.readValue(1);
  if (error === null) {
    if (!isMap(result)) throw new MalformedFrame('a result that is no map');
    return { type: 'response', id, fault: null, result };
  }
  if (!isMap(error) || typeof error.code !== 'string' || typeof error.message !== 'string') {
    throw new MalformedFrame('an error that is none');
  }
  // A code that a newer server added is a failure all the same; its message is for people and still says more.
  const code = isFaultCode(error.code) ? error.code : 'internal';
  const retryAfter = typeof error.retryAfter === 'number' ? error.retryAfter : undefined;
  return { type: 'response', id, fault: fault(code, error.message, retryAfter), result: null };
}

function readId(reader: MsgpackReader): number {
  const id = reader.readValue(1);
  if (typeof id === 'number' && id >>> 0 === id) return id >>> 0;
  throw new MalformedFrame('an id that is no uint32');
}

function readMethod(reader: MsgpackReader): string {
  const method = reader.readValue(1);
  if (typeof method === 'string') return method;
  throw new MalformedFrame('a method that is no string');
}

function readParams(reader: MsgpackReader): MsgpackMap {
  if (reader.readArrayLength() !== 1) throw new MalformedFrame('params are not exactly one map');
  const params = reader.readValue(2);
  if (isMap(params)) return params;
  throw new MalformedFrame('params are no map');
}
