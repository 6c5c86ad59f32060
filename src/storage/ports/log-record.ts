/**
 * One record of the message log: what a room decided, encoded once by the room and never re-encoded on its way to disk.
 *
 * Layout (big endian): u8 version=1, u8 stream, u16 slot, u32 epoch, u48 seq, u48 at, u8+room, u8+sender, u8+nonce, rest = frame.
 * Strings are UTF-8 with a length byte.
 */

/** Which of a room's two ordered streams a record belongs to. */
export type RecordStream = 'messages' | 'changes';

export interface LogRecord {
  readonly stream: RecordStream;
  /** The room's slot: 0 … 1023. */
  readonly slot: number;
  /** Epoch in which its writer owned the slot; the store drops records of a lower epoch than the slot's. */
  readonly epoch: number;
  readonly room: string;
  /** Number in the stream: 1, 2, 3 … per room without a hole. */
  readonly seq: number;
  readonly sender: string;
  /** At most 64 bytes of UTF-8. */
  readonly nonce: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** The encoded `message` (or `changed`) notification, byte for byte as sockets receive it. */
  readonly frame: Uint8Array;
}

const VERSION = 1;
const STRINGS_AT = 2 + 2 + 4 + 6 + 6;
const FIXED_BYTES = STRINGS_AT + 3;
const TWO_POW_32 = 0x1_0000_0000;
const utf8 = new TextEncoder();
const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Encodes a record into bytes of its own. Throws a RangeError if a string is over 255 bytes. */
export function encodeLogRecord(record: LogRecord): Uint8Array {
  const room = utf8.encode(record.room);
  const sender = utf8.encode(record.sender);
  const nonce = utf8.encode(record.nonce);
  if (room.length > 255 || sender.length > 255 || nonce.length > 255) {
    throw new RangeError('a log record holds strings of at most 255 bytes');
  }
  const bytes = new Uint8Array(FIXED_BYTES + room.length + sender.length + nonce.length + record.frame.length);
  const view = new DataView(bytes.buffer);
  bytes[0] = VERSION;
  bytes[1] = record.stream === 'messages' ? 0 : 1;
  view.setUint16(2, record.slot);
  view.setUint32(4, record.epoch);
  writeUint48(view, 8, record.seq);
  writeUint48(view, 14, record.at);
  let offset = STRINGS_AT;
  for (const part of [room, sender, nonce]) {
    bytes[offset] = part.length;
    bytes.set(part, offset + 1);
    offset += 1 + part.length;
  }
  bytes.set(record.frame, offset);
  return bytes;
}

/** Decodes a record. `frame` is a view of `bytes`. Throws a RangeError on bytes that are no record. */
export function decodeLogRecord(bytes: Uint8Array): LogRecord {
  if (bytes.length < FIXED_BYTES || bytes[0] !== VERSION || (bytes[1] as number) > 1) {
    throw new RangeError('not a log record');
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let offset = STRINGS_AT;
  const next = (): string => {
    const length = bytes[offset] as number;
    const end = offset + 1 + length;
    if (length === undefined || end > bytes.length) throw new RangeError('a log record is cut short');
    const value = text.decode(bytes.subarray(offset + 1, end));
    offset = end;
    return value;
  };
  const room = next();
  const sender = next();
  const nonce = next();
  return {
    stream: bytes[1] === 0 ? 'messages' : 'changes',
    slot: view.getUint16(2),
    epoch: view.getUint32(4),
    seq: readUint48(view, 8),
    at: readUint48(view, 14),
    room,
    sender,
    nonce,
    frame: bytes.subarray(offset),
  };
}

function writeUint48(view: DataView, offset: number, value: number): void {
  view.setUint16(offset, Math.floor(value / TWO_POW_32));
  view.setUint32(offset + 2, value % TWO_POW_32);
}

function readUint48(view: DataView, offset: number): number {
  return view.getUint16(offset) * TWO_POW_32 + view.getUint32(offset + 2);
}
