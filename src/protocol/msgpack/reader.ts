/**
 * A MessagePack reader for bytes from strangers.
 *
 * It makes plain values only: no extension types, no key twice, nothing allocated for a length that the bytes left cannot
 * hold, a bound on depth and on the number of elements. Every breach is a `MalformedFrame`; nothing else is thrown.
 */
import { CLOSE } from '../close-codes.ts';
import { LIMITS } from '../limits.ts';
import { MalformedFrame } from '../malformed.ts';
import type { MsgpackMap } from './map.ts';
import { decodeText } from './text.ts';

const TWO_POW_32 = 0x1_0000_0000;
const scratch = new DataView(new ArrayBuffer(8));

/**
 * Reads one value after the other from one array of bytes.
 *
 * *Details.* Integers of every width and floats become numbers; one beyond ±(2^53 − 1) is malformed. A `bin` becomes a view.
 * *Gotchas.* Such views share the memory of the input: copy them before the input is used again.
 */
export class MsgpackReader {
  readonly bytes: Uint8Array;
  /** Where the next value begins. */
  offset = 0;
  private elementsLeft: number;

  /** `maxElements` bounds the values and keys of all reads together. */
  constructor(bytes: Uint8Array, maxElements: number = LIMITS.maxElements) {
    this.bytes = bytes;
    this.elementsLeft = maxElements;
  }

  get atEnd(): boolean {
    return this.offset >= this.bytes.length;
  }

  /** Reads a value of any type. `depth` is how many containers it is in already. */
  readValue(depth = 0): unknown {
    const tag = this.byte();
    if (tag < 0x80) return tag;
    if (tag >= 0xe0) return tag - 0x100;
    if (tag >= 0xa0 && tag < 0xc0) return this.text(tag & 0x1f);
    if (tag < 0x90) return this.map(tag & 0x0f, depth);
    if (tag < 0xa0) return this.array(tag & 0x0f, depth);
    return this.readTagged(tag, depth);
  }

  /** Reads the head of an array and says how many values follow; they are for the caller to read. */
  readArrayLength(): number {
    const tag = this.byte();
    if (tag >= 0x90 && tag < 0xa0) return tag & 0x0f;
    if (tag === 0xdc) return this.uint16();
    if (tag === 0xdd) return this.uint32();
    throw new MalformedFrame('an array was expected');
  }

  private readTagged(tag: number, depth: number): unknown {
    switch (tag) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
        return this.bin(this.uint8());
      case 0xc5:
        return this.bin(this.uint16());
      case 0xc6:
        return this.bin(this.uint32());
      case 0xd9:
        return this.text(this.uint8());
      case 0xda:
        return this.text(this.uint16());
      case 0xdb:
        return this.text(this.uint32());
      case 0xdc:
        return this.array(this.uint16(), depth);
      case 0xdd:
        return this.array(this.uint32(), depth);
      case 0xde:
        return this.map(this.uint16(), depth);
      case 0xdf:
        return this.map(this.uint32(), depth);
      default:
        return this.number(tag);
    }
  }

  private number(tag: number): number {
    switch (tag) {
      case 0xca:
        return this.float(4);
      case 0xcb:
        return this.float(8);
      case 0xcc:
        return this.uint8();
      case 0xcd:
        return this.uint16();
      case 0xce:
        return this.uint32();
      case 0xcf:
        return safe(this.uint32() * TWO_POW_32 + this.uint32());
      case 0xd0:
        return (this.uint8() << 24) >> 24;
      case 0xd1:
        return (this.uint16() << 16) >> 16;
      case 0xd2:
        return this.uint32() | 0;
      case 0xd3:
        return safe((this.uint32() | 0) * TWO_POW_32 + this.uint32());
      default:
        throw new MalformedFrame(tag === 0xc1 ? 'a byte that MessagePack never uses' : 'an extension type');
    }
  }

  private array(length: number, depth: number): unknown[] {
    this.enter(length, length, depth);
    const values: unknown[] = [];
    for (let index = 0; index < length; index++) values.push(this.readValue(depth + 1));
    return values;
  }

  private map(length: number, depth: number): MsgpackMap {
    this.enter(length, length * 2, depth);
    const values: Record<string, unknown> = {};
    for (let index = 0; index < length; index++) {
      const key = this.key();
      if (key === '__proto__') throw new MalformedFrame('a map key that is not allowed');
      if (Object.hasOwn(values, key)) throw new MalformedFrame('a map key that is there twice');
      values[key] = this.readValue(depth + 1);
    }
    return values;
  }

  private key(): string {
    const tag = this.byte();
    if (tag >= 0xa0 && tag < 0xc0) return this.text(tag & 0x1f);
    if (tag === 0xd9) return this.text(this.uint8());
    if (tag === 0xda) return this.text(this.uint16());
    if (tag === 0xdb) return this.text(this.uint32());
    throw new MalformedFrame('a map key that is no string');
  }

  /** A container must fit: one byte at least for every element, and no more elements and levels than are allowed. */
  private enter(length: number, elements: number, depth: number): void {
    if (depth >= LIMITS.maxDepth) throw new MalformedFrame('nested too deeply');
    if (elements > this.bytes.length - this.offset) throw new MalformedFrame('cut short');
    this.elementsLeft -= elements;
    if (length > 0 && this.elementsLeft < 0)
      throw new MalformedFrame('too many elements', { closeCode: CLOSE.tooLarge });
  }

  private text(length: number): string {
    return decodeText(this.bytes, this.take(length), length);
  }

  private bin(length: number): Uint8Array {
    const start = this.take(length);
    return this.bytes.subarray(start, start + length);
  }

  private float(width: 4 | 8): number {
    const start = this.take(width);
    for (let index = 0; index < width; index++) scratch.setUint8(index, this.bytes[start + index] as number);
    return width === 4 ? scratch.getFloat32(0) : scratch.getFloat64(0);
  }

  private byte(): number {
    const value = this.bytes[this.offset];
    if (value === undefined) throw new MalformedFrame('cut short');
    this.offset += 1;
    return value;
  }

  private uint8(): number {
    return this.byte();
  }

  private uint16(): number {
    const at = this.take(2);
    return ((this.bytes[at] as number) << 8) | (this.bytes[at + 1] as number);
  }

  private uint32(): number {
    const at = this.take(4);
    const { bytes } = this;
    const low = ((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number);
    return (bytes[at] as number) * 0x100_0000 + low;
  }

  /** Steps over `length` bytes and says where they begin. */
  private take(length: number): number {
    const start = this.offset;
    if (length > this.bytes.length - start) throw new MalformedFrame('cut short');
    this.offset = start + length;
    return start;
  }
}

function safe(value: number): number {
  if (!Number.isSafeInteger(value)) throw new MalformedFrame('an integer beyond 2^53');
  return value;
}
