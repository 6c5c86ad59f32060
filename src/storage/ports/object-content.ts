/** Content as it passes: taken from a source in the pieces that a driver wants, and compared with what it is said to be. */
import { StorageFault } from './faults.ts';
import type { ObjectFacts, ObjectSource } from './objects.ts';

/** Reads a source once, counts and hashes it, and stops at once when a signal says so. */
export class SourceReader {
  readonly #facts: ObjectFacts;
  readonly #iterator: AsyncIterator<Uint8Array>;
  readonly #stopped: Promise<never>;
  readonly #hasher = new Bun.CryptoHasher('sha256');
  readonly #unlisten: () => void;
  #rest: Uint8Array = new Uint8Array(0);
  #taken = 0;

  constructor(source: ObjectSource, signal?: AbortSignal) {
    this.#facts = source;
    this.#iterator = source.content[Symbol.asyncIterator]();
    const { promise, reject } = Promise.withResolvers<never>();
    this.#stopped = promise;
    // Nobody may be waiting when the signal comes.
    promise.catch(() => undefined);
    const stop = (): void => reject(signal?.reason);
    signal?.addEventListener('abort', stop, { once: true });
    this.#unlisten = () => signal?.removeEventListener('abort', stop);
    if (signal?.aborted) stop();
  }

  /** The next bytes, as the source cuts them; null at the end, which has been compared with the facts. */
  async next(): Promise<Uint8Array | null> {
    for (;;) {
      const { done, value } = await Promise.race([this.#iterator.next(), this.#stopped]);
      if (done) {
        this.#compare();
        return null;
      }
      if (value.length === 0) continue;
      this.#taken += value.length;
      if (this.#taken > this.#facts.size) {
        throw new StorageFault('refused', `the content is longer than the ${this.#facts.size} bytes that were said`);
      }
      this.#hasher.update(value);
      return value;
    }
  }

  /** Fills `bytes` with the next ones and returns them. A content that ends before is refused. */
  async fill(bytes: Uint8Array): Promise<Uint8Array> {
    let filled = 0;
    while (filled < bytes.length) {
      if (this.#rest.length === 0) {
        const next = await this.next();
        if (next === null) throw new StorageFault('refused', 'the content ended early');
        this.#rest = next;
      }
      const piece = this.#rest.subarray(0, bytes.length - filled);
      bytes.set(piece, filled);
      filled += piece.length;
      this.#rest = this.#rest.subarray(piece.length);
    }
    return bytes;
  }

  /** Reads to the end. Refuses what comes after the last {@link fill}, and content with another checksum. */
  async end(): Promise<void> {
    const next = await this.next();
    if (next !== null) throw new StorageFault('refused', 'the content goes on after its end');
  }

  /** Tells the source that nothing more is wanted. Safe at any time, and after the end. */
  stop(): void {
    this.#unlisten();
    // The put has its outcome already. A source that is stuck in `next` may never answer, and its trouble is its own.
    this.#iterator.return?.().then(
      () => undefined,
      () => undefined,
    );
  }

  #compare(): void {
    const { size, sha256 } = this.#facts;
    if (this.#taken < size) {
      throw new StorageFault('refused', `the content ended after ${this.#taken} of ${size} bytes`);
    }
    if (this.#hasher.digest('hex') !== sha256) throw new StorageFault('refused', 'the content has another checksum');
  }
}

/**
 * Passes on an object's bytes from `offset` on, `length` of them. A short or long one ends in `corrupt`; so does a read
 * of the whole with another checksum, before its last bytes are passed on.
 */
export async function* checkedContent(
  facts: ObjectFacts,
  { offset, length }: { readonly offset: number; readonly length: number },
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const hasher = offset === 0 && length === facts.size ? new Bun.CryptoHasher('sha256') : null;
  let passed = 0;
  let held: Uint8Array | null = null;
  for await (const chunk of chunks) {
    passed += chunk.length;
    if (passed > length) throw new StorageFault('corrupt', `the object has more than the ${length} bytes expected`);
    hasher?.update(chunk);
    if (held !== null) yield held;
    held = chunk;
  }
  if (passed < length) throw new StorageFault('corrupt', `the object ended after ${passed} of ${length} bytes`);
  if (hasher !== null && hasher.digest('hex') !== facts.sha256) {
    throw new StorageFault('corrupt', 'the object has another checksum than it was stored with');
  }
  if (held !== null) yield held;
}

export interface StreamEnds {
  /** Runs first when the reader gives the stream up, so that a read under way can be cut short. */
  readonly cancelling?: () => void;
  /** Runs once, last, however the stream ends, even if nothing was ever read. */
  readonly ended?: () => Promise<void>;
}

/** A stream that takes from `chunks` only when it is read. */
export function streamOf(
  chunks: AsyncGenerator<Uint8Array, void, undefined>,
  { cancelling, ended }: StreamEnds,
): ReadableStream<Uint8Array> {
  let isOpen = true;
  const end = async (): Promise<void> => {
    if (isOpen) {
      isOpen = false;
      await ended?.();
    }
  };
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await chunks.next();
          if (!isOpen) return;
          if (!done) return controller.enqueue(value);
        } catch (error) {
          await end();
          throw error;
        }
        await end();
        controller.close();
      },
      async cancel() {
        cancelling?.();
        // Waits for a read under way: what it reads from must not be closed below it.
        await chunks.return();
        await end();
      },
    },
    { highWaterMark: 0 },
  );
}
