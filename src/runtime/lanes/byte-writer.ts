/** A growing buffer to encode messages into. Big endian, like msgpack. */

const TWO_POW_32 = 0x1_0000_0000;
const utf8 = new TextEncoder();

export class ByteWriter {
  bytes: Uint8Array;
  length = 0;
  #view: DataView;

  constructor(capacity = 4096) {
    this.bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.bytes.buffer);
  }

  u8(value: number): void {
    this.reserve(1);
    this.bytes[this.length++] = value;
  }

  u16(value: number): void {
    this.reserve(2);
    this.#view.setUint16(this.length, value);
    this.length += 2;
  }

  u32(value: number): void {
    this.reserve(4);
    this.#view.setUint32(this.length, value);
    this.length += 4;
  }

  /** A whole number from 0 to 2^53 - 1. */
  uint(value: number): void {
    this.reserve(8);
    this.#view.setUint32(this.length, Math.floor(value / TWO_POW_32));
    this.#view.setUint32(this.length + 4, value % TWO_POW_32);
    this.length += 8;
  }

  /** A string of at most 65,535 bytes of UTF-8. */
  string(value: string): void {
    const { length } = value;
    this.reserve(2 + length * 3);
    const start = this.length + 2;
    let offset = start;
    for (let index = 0; index < length; index++) {
      const code = value.charCodeAt(index);
      if (code > 0x7f) {
        offset = start + utf8.encodeInto(value, this.bytes.subarray(start)).written;
        break;
      }
      this.bytes[offset++] = code;
    }
    if (offset - start > 0xffff) throw new RangeError('a string on a lane is over 65,535 bytes');
    this.#view.setUint16(this.length, offset - start);
    this.length = offset;
  }

  /** Bytes with their length in front. */
  block(value: Uint8Array): void {
    this.reserve(4 + value.length);
    this.#view.setUint32(this.length, value.length);
    this.bytes.set(value, this.length + 4);
    this.length += 4 + value.length;
  }

  /** Overwrites a u32 that was written before. */
  patchU32(offset: number, value: number): void {
    this.#view.setUint32(offset, value);
  }

  /** Drops the first `count` bytes. */
  consume(count: number): void {
    if (count === 0) return;
    if (count < this.length) this.bytes.copyWithin(0, count, this.length);
    this.length -= count;
  }

  /** Gives a buffer back that has grown far beyond `capacity`. Only while nothing is written. */
  shrink(capacity: number): void {
    if (this.length > 0 || this.bytes.length <= capacity * 16) return;
    this.bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.bytes.buffer);
  }

  reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return;
    let capacity = this.bytes.length * 2;
    while (capacity < needed) capacity *= 2;
    const bytes = new Uint8Array(capacity);
    bytes.set(this.bytes.subarray(0, this.length));
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }
}
