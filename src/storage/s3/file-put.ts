/**
 * A put of a file in parts, which goes on where it was after any interruption. The file is read once, in order: for the
 * checksum of each part, with which its request is signed, and for that of the whole. What the back end has accepted is
 * therefore what the whole's checksum was made of.
 */
import { StorageFault } from '../ports/faults.ts';
import type { FileSource, PutJournal } from '../ports/objects.ts';
import type { Bucket } from './bucket.ts';
import type { FilePart, FileParts } from './file-parts.ts';
import { filePieces } from './file-reader.ts';
import type { PartPlan } from './parted-put.ts';
import { decodePutState, encodePutState, type PutState } from './put-state.ts';

export interface FilePutOptions {
  readonly bucket: Bucket;
  readonly parts: FileParts;
  readonly key: string;
  readonly source: FileSource;
  readonly journal: PutJournal;
  readonly plan: PartPlan;
  readonly maxInFlight: number;
  /** Ends the put when it aborts; the put aborts it with the first failure. */
  readonly stop: AbortController;
}

export class FilePut {
  readonly #options: FilePutOptions;
  readonly #inFlight = new Set<Promise<void>>();
  /** Ends with the last write of the journal that was asked for. */
  #writing: Promise<void> = Promise.resolve();
  #isWriteWaiting = false;

  constructor(options: FilePutOptions) {
    this.#options = options;
  }

  async run(): Promise<void> {
    const { key, journal } = this.#options;
    const state = await this.#begin();
    try {
      await this.#sendAll(state);
      await this.#complete(state);
      await this.#confirm();
    } catch (error) {
      const outcome = isUploadGone(error) ? gone(key, error) : error;
      if (outcome !== error || !mayGoOn(error)) await this.#abandon(state);
      throw outcome;
    }
    await journal.clear();
  }

  async #begin(): Promise<PutState> {
    const { bucket, key, source, journal, plan, stop } = this.#options;
    const known = decodePutState(await journal.read(), key, source);
    if (known !== null && known.partBytes === plan.partBytes) return known;
    const uploadId = await bucket.beginParts(key, source, stop.signal);
    const { size, sha256 } = source;
    const state = { key, size, sha256, uploadId, partBytes: plan.partBytes, parts: new Map() };
    await journal.write(encodePutState(state));
    return state;
  }

  async #sendAll(state: PutState): Promise<void> {
    const { source, stop } = this.#options;
    try {
      await this.#read(state);
      await Promise.all(this.#inFlight);
    } catch (error) {
      stop.abort(error);
      await Promise.all(this.#inFlight);
      await this.#writing;
      throw error;
    }
    stop.signal.throwIfAborted();
    await this.#writing;
    if (state.parts.size !== Math.max(1, Math.ceil(source.size / state.partBytes))) {
      throw new StorageFault('refused', 'the content ended early');
    }
  }

  /** Reads the file and sends its parts as their checksums are known. */
  async #read(state: PutState): Promise<void> {
    const { source, stop } = this.#options;
    const whole = new Bun.CryptoHasher('sha256');
    let hasher = new Bun.CryptoHasher('sha256');
    let [read, offset] = [0, 0];
    for await (const chunk of filePieces(source.path)) {
      stop.signal.throwIfAborted();
      if (read + chunk.length > source.size) throw new StorageFault('refused', 'the content is longer than was said');
      whole.update(chunk);
      for (let at = 0; at < chunk.length; ) {
        const piece = chunk.subarray(at, at + state.partBytes - (read - offset));
        hasher.update(piece);
        at += piece.length;
        read += piece.length;
        if (read - offset < state.partBytes && read < source.size) continue;
        const number = offset / state.partBytes + 1;
        await this.#offer(state, {
          number,
          path: source.path,
          offset,
          length: read - offset,
          sha256: hasher.digest('hex'),
        });
        offset = read;
        hasher = new Bun.CryptoHasher('sha256');
      }
    }
    if (read < source.size)
      throw new StorageFault('refused', `the content ended after ${read} of ${source.size} bytes`);
    if (whole.digest('hex') !== source.sha256) throw new StorageFault('refused', 'the content has another checksum');
  }

  /** Waits for room and lets the part go on its way, unless the back end has it. */
  async #offer(state: PutState, part: FilePart): Promise<void> {
    const { parts, key, maxInFlight, stop } = this.#options;
    if (state.parts.get(part.number)?.sha256 === part.sha256) return;
    while (this.#inFlight.size >= maxInFlight) await Promise.race(this.#inFlight);
    stop.signal.throwIfAborted();
    const sending = parts.send(key, state.uploadId, part, stop.signal).then(
      ({ etag }) => {
        state.parts.set(part.number, { etag, sha256: part.sha256 });
        this.#inFlight.delete(sending);
        this.#note(state);
      },
      (error) => {
        this.#inFlight.delete(sending);
        stop.abort(error);
      },
    );
    this.#inFlight.add(sending);
  }

  /** Parts that are confirmed while the journal is being written share the next write. */
  #note(state: PutState): void {
    if (this.#isWriteWaiting) return;
    this.#isWriteWaiting = true;
    this.#writing = this.#writing
      .then(() => {
        this.#isWriteWaiting = false;
        return this.#options.journal.write(encodePutState(state));
      })
      .catch((error: unknown) => this.#options.stop.abort(error));
  }

  /** As in a put from memory: a completion without a clear answer is judged by the object. */
  async #complete({ uploadId, parts }: PutState): Promise<void> {
    const { bucket, key, stop } = this.#options;
    const list = [...parts].map(([number, { etag }]) => ({ number, etag })).sort((a, b) => a.number - b.number);
    try {
      await bucket.completeParts(key, uploadId, list, stop.signal);
    } catch (error) {
      if (!(error instanceof StorageFault)) throw error;
      const there = await bucket.head(key, stop.signal);
      if (there === null) throw error;
    }
  }

  /** What the back end put together must be what was sent. */
  async #confirm(): Promise<void> {
    const { bucket, key, source, stop } = this.#options;
    const there = await bucket.head(key, stop.signal);
    if (there?.size === source.size && there.sha256 === source.sha256) return;
    if (there === null) throw new StorageFault('unavailable', `object ${key} was deleted while it was stored`);
    await bucket.delete(key);
    throw new StorageFault('corrupt', `object ${key} was put together wrong, with ${there.size} bytes`);
  }

  /** Frees the parts, none of which is on its way any more; what cannot be freed is cleaned up by its age. */
  async #abandon({ uploadId }: PutState): Promise<void> {
    const { bucket, key, journal } = this.#options;
    await journal.clear();
    try {
      await bucket.abortParts(key, uploadId);
    } catch (error) {
      if (!(error instanceof StorageFault)) throw error;
    }
  }
}

/** Only what can never succeed makes the parts worthless that are there already. */
function mayGoOn(error: unknown): boolean {
  return !(error instanceof StorageFault) || error.code === 'unavailable';
}

/** What S3 says where somebody has abandoned the put, or has lost parts of it: it has to begin anew. */
const GONE: ReadonlySet<string> = new Set(['NoSuchUpload', 'InvalidPart', 'InvalidPartOrder', 'EntityTooSmall']);

function gone(key: string, error: unknown): StorageFault {
  return new StorageFault('unavailable', `the parts of object ${key} are gone`, error);
}

function isUploadGone(error: unknown): boolean {
  return error instanceof StorageFault && error.cause instanceof Error && GONE.has(error.cause.name);
}
