/** Reads what a `ByteWriter` wrote. The bytes come from another thread of this program, so they are trusted. */

const TWO_POW_32 = 0x1_0000_0000;
const CACHED_STRINGS = 4096;
const LONGEST_CACHED = 64;
const text = new TextDecoder();

export class ByteReader {
  bytes: Uint8Array = new Uint8Array(0);
  offset = 0;
  end = 0;
  #view: DataView = new DataView(this.bytes.buffer);
  /** Ids come again and again: the last string of each hash is kept. */
  readonly #strings: (string | undefined)[] = new Array<string | undefined>(CACHED_STRINGS).fill(undefined);

  /** Reads from `bytes` next. They must not change until everything is read. */
  over(bytes: Uint8Array, start: number, end: number): void {
    if (bytes !== this.bytes) {
      this.bytes = bytes;
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    this.offset = start;
    this.end = end;
  }

  u8(): number {
    return this.bytes[this.offset++] as number;
  }

  u16(): number {
    const value = this.#view.getUint16(this.offset);
    this.offset += 2;
    return value;
  }

  u32(): number {
    const value = this.#view.getUint32(this.offset);
    this.offset += 4;
    return value;
  }

  uint(): number {
    const value = this.#view.getUint32(this.offset) * TWO_POW_32 + this.#view.getUint32(this.offset + 4);
    this.offset += 8;
    return value;
  }

  string(): string {
    const length = this.u16();
    const start = this.offset;
    this.offset += length;
    if (length > LONGEST_CACHED) return text.decode(this.bytes.subarray(start, start + length));
    let hash = length;
    for (let index = start; index < start + length; index++) {
      hash = Math.imul(hash ^ (this.bytes[index] as number), 0x01000193);
    }
    const place = (hash ^ (hash >>> 15)) & (CACHED_STRINGS - 1);
    const cached = this.#strings[place];
    if (cached !== undefined && this.#equals(cached, start, length)) return cached;
    const value = text.decode(this.bytes.subarray(start, start + length));
    this.#strings[place] = value;
    return value;
  }

  /** A copy of the bytes, the caller's to keep. */
  block(): Uint8Array {
    const length = this.u32();
    const start = this.offset;
    this.offset += length;
    return this.bytes.slice(start, this.offset);
  }

  /** Whether an ASCII string stands at `start`; a string with other characters is never equal and is decoded anew. */
  #equals(value: string, start: number, length: number): boolean {
    if (value.length !== length) return false;
    for (let index = 0; index < length; index++) {
      if (value.charCodeAt(index) !== this.bytes[start + index]) return false;
    }
    return true;
  }
}
