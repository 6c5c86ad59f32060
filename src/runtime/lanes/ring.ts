/**
 * A ring of bytes in shared memory between one writing and one reading thread.
 *
 * Free space is the credit: a writer that finds none keeps its bytes (bounded, in its `OutgoingLane`) and asks to be woken
 * once the reader has made room. Positions count bytes modulo 2^32; each side writes only its own.
 */

const READ = 0;
const WRITTEN = 1;
const READER_SLEEPS = 2;
const WRITER_WAITS = 3;
const CONTROL_BYTES = 64;

export class Ring {
  readonly capacity: number;
  readonly #control: Int32Array;
  readonly #data: Uint8Array;

  /** A view of shared memory made by `Ring.memory`. */
  constructor(memory: SharedArrayBuffer) {
    this.#control = new Int32Array(memory, 0, CONTROL_BYTES / 4);
    this.#data = new Uint8Array(memory, CONTROL_BYTES);
    this.capacity = this.#data.length;
  }

  /** Shared memory for a ring of `capacity` bytes, a power of two. The reader counts as asleep at first. */
  static memory(capacity: number): SharedArrayBuffer {
    if (capacity < 1024 || (capacity & (capacity - 1)) !== 0)
      throw new RangeError('a ring holds a power of two of bytes');
    const memory = new SharedArrayBuffer(CONTROL_BYTES + capacity);
    new Int32Array(memory)[READER_SLEEPS] = 1;
    return memory;
  }

  /** Bytes that wait to be read. */
  get used(): number {
    return (Atomics.load(this.#control, WRITTEN) - Atomics.load(this.#control, READ)) >>> 0;
  }

  /** Writes as much of `bytes[0..length)` as there is room for; returns how much. */
  write(bytes: Uint8Array, length: number): number {
    const written = Atomics.load(this.#control, WRITTEN);
    const count = Math.min(length, this.capacity - this.used);
    if (count === 0) return 0;
    const start = (written >>> 0) & (this.capacity - 1);
    const first = Math.min(count, this.capacity - start);
    this.#data.set(bytes.subarray(0, first), start);
    if (first < count) this.#data.set(bytes.subarray(first, count), 0);
    Atomics.store(this.#control, WRITTEN, (written + count) | 0);
    return count;
  }

  /** Reads as much of what waits as `into` has room for behind `offset`; returns how much. */
  read(into: Uint8Array, offset: number): number {
    const read = Atomics.load(this.#control, READ);
    const count = Math.min((Atomics.load(this.#control, WRITTEN) - read) >>> 0, into.length - offset);
    if (count === 0) return 0;
    const start = (read >>> 0) & (this.capacity - 1);
    const first = Math.min(count, this.capacity - start);
    into.set(this.#data.subarray(start, start + first), offset);
    if (first < count) into.set(this.#data.subarray(0, count - first), offset + first);
    Atomics.store(this.#control, READ, (read + count) | 0);
    return count;
  }

  /** The reader says that it will look only when woken. It must look once more after saying so. */
  readerSleeps(): void {
    Atomics.store(this.#control, READER_SLEEPS, 1);
  }

  readerAwake(): void {
    Atomics.store(this.#control, READER_SLEEPS, 0);
  }

  /** True for exactly one writer's call after the reader went to sleep: that call must wake it. */
  takeReaderSleeps(): boolean {
    return (
      Atomics.load(this.#control, READER_SLEEPS) === 1 &&
      Atomics.compareExchange(this.#control, READER_SLEEPS, 1, 0) === 1
    );
  }

  /** The writer asks to be woken once there is room. It must try once more after asking. */
  writerWaits(): void {
    Atomics.store(this.#control, WRITER_WAITS, 1);
  }

  takeWriterWaits(): boolean {
    return (
      Atomics.load(this.#control, WRITER_WAITS) === 1 &&
      Atomics.compareExchange(this.#control, WRITER_WAITS, 1, 0) === 1
    );
  }
}
