/** Reading an object as a stream that is taken up again where it breaks off. */
import { StorageFault } from '../ports/faults.ts';
import { checkedContent, streamOf } from '../ports/object-content.ts';
import { type ByteRange, cutRange, type ObjectBody } from '../ports/objects.ts';
import type { Bucket, OpenedRange } from './bucket.ts';
import { meaningOf, toStorageFault } from './faults.ts';
import { pause, repeated, withDeadline } from './requests.ts';

/** A connection that ended before its content did. Nothing else says so: to the client it is a good end. */
class BrokenOff extends Error {
  readonly code = 'ECONNRESET';

  constructor(at: number, end: number) {
    super(`the connection ended at ${at} of ${end}`);
  }
}

/** Opens an object; null if there is none. The first bytes are on their way when it answers. */
export async function openObject(bucket: Bucket, key: string, range?: ByteRange): Promise<ObjectBody | null> {
  const wanted = cutRange(range, Number.MAX_SAFE_INTEGER);
  const opened =
    wanted.length === 0
      ? 'empty'
      : await repeated(`read object ${key}`, bucket.limits, (signal) =>
          bucket.open(key, rangeHeader(wanted), null, signal),
        );
  if (opened === null) return null;
  if (opened === 'empty') {
    const facts = await bucket.head(key);
    if (facts === null) return null;
    const cut = cutRange(range, facts.size);
    if (cut.length > 0) throw new StorageFault('corrupt', `object ${key} has nothing at ${cut.offset}`);
    return { ...facts, ...cut, stream: streamOf(checkedContent(facts, cut, nothing()), {}) };
  }
  const cut = cutRange(range, opened.facts.size);
  const reading = new Reading(bucket, key, opened, cut.offset, cut.offset + cut.length);
  const stream = streamOf(checkedContent(opened.facts, cut, reading.chunks()), {
    cancelling: () => reading.cancel(),
    ended: () => reading.end(),
  });
  return { ...opened.facts, ...cut, stream };
}

class Reading {
  readonly #bucket: Bucket;
  readonly #key: string;
  readonly #end: number;
  readonly #etag: string;
  readonly #cancelled = new AbortController();
  #at: number;
  /** The connection at work; null between one that broke off and the next. */
  #opened: OpenedRange | null;

  constructor(bucket: Bucket, key: string, opened: OpenedRange, offset: number, end: number) {
    this.#bucket = bucket;
    this.#key = key;
    this.#opened = opened;
    this.#etag = opened.etag;
    this.#at = offset;
    this.#end = end;
  }

  async *chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    const { limits } = this.#bucket;
    let failures = 0;
    while (this.#at < this.#end) {
      try {
        this.#opened ??= await withDeadline(limits.requestMs, (signal) => this.#reopen(signal), this.#cancelled.signal);
        const chunks: AsyncIterator<Uint8Array> = this.#opened.body[Symbol.asyncIterator]();
        while (this.#at < this.#end) {
          const chunk = await withDeadline(limits.requestMs, () => chunks.next(), this.#cancelled.signal);
          if (chunk.done) throw new BrokenOff(this.#at, this.#end);
          this.#at += chunk.value.length;
          failures = 0;
          yield chunk.value;
        }
      } catch (error) {
        this.#letGo();
        this.#cancelled.signal.throwIfAborted();
        failures += 1;
        if (failures >= limits.attempts || !meaningOf(error)?.isPassing) {
          throw toStorageFault(error, `read object ${this.#key}`);
        }
        await pause(limits, failures, this.#cancelled.signal);
      }
    }
  }

  cancel(): void {
    this.#cancelled.abort(new Error('the reader gave up'));
    this.#letGo();
  }

  /** A connection that has given everything is kept for the next request; any other is closed. */
  end(): Promise<void> {
    if (this.#at < this.#end) this.#letGo();
    return Promise.resolve();
  }

  /** Goes on where the last connection ended, with the very same content. */
  async #reopen(signal: AbortSignal): Promise<OpenedRange> {
    const range = rangeHeader({ offset: this.#at, length: this.#end - this.#at });
    const opened = await this.#bucket.open(this.#key, range, this.#etag, signal);
    if (opened === null || opened === 'empty') {
      throw new StorageFault('unavailable', `object ${this.#key} was deleted while it was read`);
    }
    return opened;
  }

  #letGo(): void {
    const body = this.#opened?.body;
    this.#opened = null;
    if (body === undefined) return;
    // Its end is wanted; that it is not a good one is no news.
    body.on('error', () => undefined);
    body.destroy();
  }
}

/** Null for the whole. */
function rangeHeader({ offset, length }: { readonly offset: number; readonly length: number }): string | null {
  const isOpen = offset + length >= Number.MAX_SAFE_INTEGER;
  if (isOpen) return offset === 0 ? null : `bytes=${offset}-`;
  return `bytes=${offset}-${offset + length - 1}`;
}

async function* nothing(): AsyncGenerator<Uint8Array, void, undefined> {
  yield* [];
}
