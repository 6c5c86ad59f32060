/** Bytes that have arrived and wait to be read, in the pieces in which they came. */
export class ByteQueue {
  readonly #pieces: Uint8Array[] = [];
  #length = 0;

  /** Bytes that wait. */
  get length(): number {
    return this.#length;
  }

  /** The bytes must not change any more. */
  push(bytes: Uint8Array): void {
    this.#pieces.push(bytes);
    this.#length += bytes.length;
  }

  /** Fills `into` from `offset` on with as much as there is room for and waits; how many bytes that were. */
  read(into: Uint8Array, offset: number): number {
    const count = Math.min(this.#length, into.length - offset);
    let left = count;
    while (left > 0) {
      const piece = this.#pieces[0] as Uint8Array;
      const part = piece.subarray(0, left);
      into.set(part, offset + count - left);
      left -= part.length;
      if (part.length === piece.length) this.#pieces.shift();
      else this.#pieces[0] = piece.subarray(part.length);
    }
    this.#length -= count;
    return count;
  }
}
