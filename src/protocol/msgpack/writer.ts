/** A MessagePack writer for the frames that are written often enough to be laid out by hand. */

const INITIAL_BYTES = 1024;
/** A scratch array beyond this is let go after use, so that one large frame does not hold memory for ever. */
const KEPT_BYTES = 256 * 1024;
const TWO_POW_32 = 0x1_0000_0000;
const utf8 = new TextEncoder();

/**
 * Writes values one after the other into a scratch array and hands out copies of it.
 *
 * *Details.* The encodings are the shortest, as msgpackr chooses them: integers from 2^32 on travel as float64, which every
 * decoder reads as a plain number.
 */
export class MsgpackWriter {
  private bytes = new Uint8Array(INITIAL_BYTES);
  private view = new DataView(this.bytes.buffer);
  private length = 0;

  /** Begins a frame. Whatever an interrupted one left behind is forgotten. */
  begin(): void {
    this.length = 0;
  }

  /** A copy of what was written since `begin`. */
  finish(): Uint8Array {
    const result = this.bytes.slice(0, this.length);
    this.length = 0;
    if (this.bytes.length > KEPT_BYTES) this.resize(INITIAL_BYTES);
    return result;
  }

  nil(): void {
    this.reserve(1);
    this.bytes[this.length++] = 0xc0;
  }

  boolean(value: boolean): void {
    this.reserve(1);
    this.bytes[this.length++] = value ? 0xc3 : 0xc2;
  }

  /** Writes an integer from 0 to 2^53 − 1. */
  uint(value: number): void {
    this.reserve(9);
    if (value < 0x80) {
      this.bytes[this.length++] = value;
    } else if (value < 0x100) {
      this.head(0xcc, 1, value);
    } else if (value < 0x1_0000) {
      this.head(0xcd, 2, value);
    } else if (value < TWO_POW_32) {
      this.head(0xce, 4, value);
    } else {
      this.bytes[this.length] = 0xcb;
      this.view.setFloat64(this.length + 1, value);
      this.length += 9;
    }
  }

  array(length: number): void {
    this.reserve(5);
    if (length < 0x10) this.bytes[this.length++] = 0x90 | length;
    else if (length < 0x1_0000) this.head(0xdc, 2, length);
    else this.head(0xdd, 4, length);
  }

  /** Writes the head of a map; its entries follow. */
  smallMap(entries: number): void {
    this.reserve(3);
    if (entries < 16) this.bytes[this.length++] = 0x80 | entries;
    else this.head(0xde, 2, entries);
  }

  text(value: string): void {
    const chars = value.length;
    // Three bytes a UTF-16 unit is the most that UTF-8 takes.
    this.reserve(5 + chars * 3);
    if (chars < 0x20 && this.shortAscii(value, chars)) return;
    const encoded = utf8.encode(value);
    this.textHead(encoded.length);
    this.bytes.set(encoded, this.length);
    this.length += encoded.length;
  }

  bin(value: Uint8Array): void {
    const { length } = value;
    this.reserve(5 + length);
    if (length < 0x100) this.head(0xc4, 1, length);
    else if (length < 0x1_0000) this.head(0xc5, 2, length);
    else this.head(0xc6, 4, length);
    this.bytes.set(value, this.length);
    this.length += length;
  }

  /** Copies bytes that are encoded already. */
  raw(encoded: Uint8Array): void {
    this.reserve(encoded.length);
    this.bytes.set(encoded, this.length);
    this.length += encoded.length;
  }

  /** Writes it if it is all ASCII; else leaves no trace and says so. */
  private shortAscii(value: string, chars: number): boolean {
    const { bytes } = this;
    const start = this.length + 1;
    for (let index = 0; index < chars; index++) {
      const unit = value.charCodeAt(index);
      if (unit > 0x7f) return false;
      bytes[start + index] = unit;
    }
    bytes[this.length] = 0xa0 | chars;
    this.length = start + chars;
    return true;
  }

  private textHead(bytes: number): void {
    if (bytes < 0x20) this.bytes[this.length++] = 0xa0 | bytes;
    else if (bytes < 0x100) this.head(0xd9, 1, bytes);
    else if (bytes < 0x1_0000) this.head(0xda, 2, bytes);
    else this.head(0xdb, 4, bytes);
  }

  private head(tag: number, width: 1 | 2 | 4, value: number): void {
    const { view, length } = this;
    view.setUint8(length, tag);
    if (width === 1) view.setUint8(length + 1, value);
    else if (width === 2) view.setUint16(length + 1, value);
    else view.setUint32(length + 1, value);
    this.length = length + 1 + width;
  }

  private reserve(bytes: number): void {
    const needed = this.length + bytes;
    if (needed > this.bytes.length) this.resize(Math.max(needed, this.bytes.length * 2));
  }

  private resize(size: number): void {
    const kept = this.bytes.subarray(0, this.length);
    this.bytes = new Uint8Array(size);
    this.bytes.set(kept);
    this.view = new DataView(this.bytes.buffer);
  }
}
