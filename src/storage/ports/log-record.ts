/**
 * One record of the message log: what a room decided, encoded once by the room and never re-encoded on its way to disk.
 *
 * Layout (big endian): u8 version=1, u8 stream, u16 slot, u32 epoch, u48 seq, u48 at, u8+room, u8+sender, u8+nonce, rest = frame.
 * Strings are UTF-8 with a length byte. Stream 2 is a change with its effect before the frame: u48 seq, u8 flags, u32+state.
 */

/** Which of a room's two ordered streams a record belongs to. */
export type RecordStream = 'messages' | 'changes';

/** What a change makes of its message: decided by the room, so that the store need not understand it. */
export interface ChangeEffect {
  /** The message. */
  readonly seq: number;
  /** All that its changes have made of the message so far, encoded. */
  readonly state: Uint8Array;
  /** The content of the message, and of its earlier changes, is deleted with this change. */
  readonly recalls: boolean;
  /** Whether the message is pinned now. */
  readonly pinned: boolean;
}

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
  /** Of changes. */
  readonly effect?: ChangeEffect;
}

const VERSION = 1;
const STRINGS_AT = 2 + 2 + 4 + 6 + 6;
const FIXED_BYTES = STRINGS_AT + 3;
const EFFECT_BYTES = 6 + 1 + 4;
const MESSAGES = 0;
const CHANGES = 1;
const CHANGES_WITH_EFFECT = 2;
const RECALLS = 1;
const PINNED = 2;
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
  const { effect } = record;
  const effectBytes = effect === undefined ? 0 : EFFECT_BYTES + effect.state.length;
  const textBytes = room.length + sender.length + nonce.length;
  const bytes = new Uint8Array(FIXED_BYTES + textBytes + effectBytes + record.frame.length);
  const view = new DataView(bytes.buffer);
  bytes[0] = VERSION;
  bytes[1] = record.stream === 'messages' ? MESSAGES : effect === undefined ? CHANGES : CHANGES_WITH_EFFECT;
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
  if (effect !== undefined) {
    writeUint48(view, offset, effect.seq);
    bytes[offset + 6] = (effect.recalls ? RECALLS : 0) | (effect.pinned ? PINNED : 0);
    view.setUint32(offset + 7, effect.state.length);
    bytes.set(effect.state, offset + EFFECT_BYTES);
  }
  bytes.set(record.frame, offset + effectBytes);
  return bytes;
}

/** Decodes a record. `frame`, and the state of an effect, are views of `bytes`. Throws a RangeError on bytes that are no record. */
export function decodeLogRecord(bytes: Uint8Array): LogRecord {
  if (bytes.length < FIXED_BYTES || bytes[0] !== VERSION || (bytes[1] as number) > CHANGES_WITH_EFFECT) {
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
  const effect = bytes[1] === CHANGES_WITH_EFFECT ? readEffect(bytes, view, offset) : undefined;
  if (effect !== undefined) offset += EFFECT_BYTES + effect.state.length;
  return {
    stream: bytes[1] === MESSAGES ? 'messages' : 'changes',
    slot: view.getUint16(2),
    epoch: view.getUint32(4),
    seq: readUint48(view, 8),
    at: readUint48(view, 14),
    room,
    sender,
    nonce,
    frame: bytes.subarray(offset),
    ...(effect === undefined ? {} : { effect }),
  };
}

function readEffect(bytes: Uint8Array, view: DataView, offset: number): ChangeEffect {
  const start = offset + EFFECT_BYTES;
  const end = start > bytes.length ? start : start + view.getUint32(offset + 7);
  if (end > bytes.length) throw new RangeError('a log record is cut short');
  const flags = bytes[offset + 6] as number;
  return {
    seq: readUint48(view, offset),
    state: bytes.subarray(start, end),
    recalls: (flags & RECALLS) !== 0,
    pinned: (flags & PINNED) !== 0,
  };
}

function writeUint48(view: DataView, offset: number, value: number): void {
  view.setUint16(offset, Math.floor(value / TWO_POW_32));
  view.setUint32(offset + 2, value % TWO_POW_32);
}

function readUint48(view: DataView, offset: number): number {
  return view.getUint16(offset) * TWO_POW_32 + view.getUint32(offset + 2);
}
