/**
 * Objects: finished content of any size under a key, for good. They are written once, read in ranges and deleted; an
 * object never changes. Keys end in a generation (see {@link objectKey}), so that content which was deleted and comes
 * again gets a key of its own, and a late delete of the old one cannot meet the new one.
 */
import { StorageFault } from './faults.ts';

/** What is known of an object besides its key. */
export interface ObjectFacts {
  /** Bytes. */
  readonly size: number;
  /** Lower-case hex SHA-256 of the whole content. */
  readonly sha256: string;
}

/** Content on its way in. Size and checksum are known before the first byte. */
export interface ObjectSource extends ObjectFacts {
  /** Read once, in order, and no faster than it can be stored. A `ReadableStream` will do. */
  readonly content: AsyncIterable<Uint8Array>;
}

/** Content that lies in a file which nobody changes any more. */
export interface FileSource extends ObjectFacts {
  readonly path: string;
}

/** What a put of a file has done so far, kept by whoever asks for it, beside the file. Its text means something to the driver alone. */
export interface PutJournal {
  /** Null where there is none, or it cannot be used. */
  read(): Promise<string | null>;
  /** Takes the place of what was there, as a whole or not at all. It may be lost with the machine: that costs time only. */
  write(text: string): Promise<void>;
  /** Forgets it. */
  clear(): Promise<void>;
}

/** Bytes from `offset` on; without `length`, to the end. What lies behind the end is left out. */
export interface ByteRange {
  readonly offset: number;
  readonly length?: number;
}

/** An object, or a range of it, on its way out. */
export interface ObjectBody extends ObjectFacts {
  /** Where the range begins. */
  readonly offset: number;
  /** How many bytes the stream has; 0 where the range lies behind the end. */
  readonly length: number;
  /** Must be read to its end or cancelled: until then it holds a file or a connection. */
  readonly stream: ReadableStream<Uint8Array>;
}

export interface ObjectQuery {
  /** What the keys begin with; not necessarily whole parts of the path. Empty: all. */
  readonly prefix: string;
  /** As the last page gave it. */
  readonly cursor?: string;
  /** 1 … 1,000. */
  readonly limit: number;
}

export interface ListedObject {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since the epoch, by the clock of the back end, to the second at worst. */
  readonly storedAt: number;
}

export interface ObjectPage {
  /** Ascending by key, byte by byte. */
  readonly objects: readonly ListedObject[];
  /** Where the next page begins; null at the end. */
  readonly cursor: string | null;
}

/** A put that has begun and not ended: under way, or left behind by a process that died. */
export interface UnfinishedPut {
  readonly key: string;
  /** The back end's name for it. */
  readonly id: string;
  /** Milliseconds since the epoch, by the clock of the back end, to the second at worst. */
  readonly startedAt: number;
}

/**
 * The object store. Every method rejects with a `StorageFault`: `unavailable` once the deadlines and the few repetitions
 * of the driver are used up, `refused` for what can never be done, `corrupt` for content that is not what was stored.
 */
export interface ObjectStore {
  /**
   * Stores content. Durable, and readable as a whole, when it answers.
   *
   * *Details.* `present`: the same content was there already; the source is not read then. The content is refused if it
   * is longer or shorter than said or has another checksum, and a key is refused that holds other content. Memory is
   * bounded by the parts in flight, whatever the size. When `signal` aborts, the put rejects with the signal's reason.
   *
   * *Gotchas.* A put that fails leaves nothing that can be read, never a part of the content. Only `unavailable` may turn
   * out to have stored the whole after all; repeating it is safe, and then answers `present`. What a dead process leaves
   * behind takes up room until somebody abandons it. Of two puts of *different* content under one key at once, both may
   * succeed and one wins: keys are made from the content's checksum.
   */
  put(key: string, source: ObjectSource, signal?: AbortSignal): Promise<'stored' | 'present'>;

  /**
   * Stores the content of a file, with the promises of `put`. Only one at a time may have the journal.
   *
   * *Details.* A large put that ended in `unavailable`, was aborted, or died with its process goes on where it was when it
   * is asked for again with the same journal, as far as the back end has parts; meanwhile it is among the unfinished. The
   * journal is cleared by every other end. A file that is not there, or has other content than said, is refused.
   */
  putFile(key: string, source: FileSource, journal: PutJournal, signal?: AbortSignal): Promise<'stored' | 'present'>;

  /**
   * Opens an object for reading; null if there is none.
   *
   * *Details.* A read of the whole is compared with the checksum as it passes: its last bytes come only if it agrees,
   * else the stream ends in `corrupt`. A stream that breaks off is taken up again where it was, a few times.
   *
   * *Gotchas.* A range cannot be compared with the checksum. A read that meets the deletion of its object may end in
   * `unavailable`.
   */
  get(key: string, range?: ByteRange): Promise<ObjectBody | null>;

  /**
   * Where an object would be if it is in a file of this machine, whose first bytes are the object's; null where objects are
   * elsewhere. Who sends files through the kernel looks there first; such a read is not compared with the checksum.
   */
  localPath(key: string): string | null;

  /** Null if there is none. */
  head(key: string): Promise<ObjectFacts | null>;

  /** Deletes an object. Succeeds if there is none. Durable when it answers. */
  delete(key: string): Promise<void>;

  /** Objects in the order of their keys. What is put or deleted while pages are read may be in them or not. */
  list(query: ObjectQuery): Promise<ObjectPage>;

  /**
   * Puts that began before `startedBefore` (milliseconds since the epoch, by the back end's clock) and have not ended, at
   * most `limit` (1 … 1,000). Small puts may be none: they begin and end at once.
   *
   * *Gotchas.* A put of a living process looks like any other, so that the age to clean up by must be well above the
   * longest transfer; a day is usual.
   */
  unfinished(startedBefore: number, limit: number): Promise<readonly UnfinishedPut[]>;

  /** Ends an unfinished put and frees its room. Whoever still runs it gets `unavailable`. Succeeds if it is gone. */
  abandon(put: UnfinishedPut): Promise<void>;

  /** Resolves if the back end answers and the place of the objects can be used. */
  ping(): Promise<void>;

  /** Lets connections go. Reads and puts are ended before; one that is not may fail in any way. */
  close(): Promise<void>;
}

/** Longest key, in bytes. */
export const MAX_KEY_BYTES = 200;
/** Most entries of one page. */
export const MAX_LIST_LIMIT = 1_000;

const KEY = /^[A-Za-z0-9_-][A-Za-z0-9._-]*(?:\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/;
const PREFIX = /^(?:[A-Za-z0-9_-][A-Za-z0-9._-]*\/)*(?:[A-Za-z0-9_-][A-Za-z0-9._-]*)?$/;
const SHA256 = /^[0-9a-f]{64}$/;
const GENERATION = /^[A-Za-z0-9_-]{1,64}$/;
const CONTENT_KEY = /^o\/[0-9a-f]{2}\/([0-9a-f]{64})\.([A-Za-z0-9_-]{1,64})$/;

/** The keys of all contents of files begin with it. */
export const CONTENT_PREFIX = 'o/';

/** The key of a file's content: `o/<first two digits>/<sha256>.<generation>`. */
export function objectKey(sha256: string, generation: string): string {
  if (!isSha256(sha256)) throw new RangeError(`not a SHA-256 in lower-case hex: ${sha256}`);
  if (!GENERATION.test(generation)) throw new RangeError(`not a generation: ${JSON.stringify(generation)}`);
  return `${CONTENT_PREFIX}${sha256.slice(0, 2)}/${sha256}.${generation}`;
}

/** What the key of a file's content was made from; null for any other key. */
export function partsOfKey(key: string): { readonly hash: string; readonly generation: string } | null {
  const [, hash, generation] = CONTENT_KEY.exec(key) ?? [];
  return hash === undefined || generation === undefined ? null : { hash, generation };
}

export function isSha256(text: string): boolean {
  return SHA256.test(text);
}

/**
 * Refuses what is no key: parts of letters, digits, `.`, `_` and `-` with `/` between them, none of which is empty or
 * begins with a dot, at most {@link MAX_KEY_BYTES} in all. Such a key can neither leave a directory nor need escaping.
 */
export function checkKey(key: string): void {
  if (key.length > MAX_KEY_BYTES || !KEY.test(key)) throw refusal(`not a key: ${JSON.stringify(key.slice(0, 300))}`);
}

/** Refuses facts that no content can have. */
export function checkFacts({ size, sha256 }: ObjectFacts): void {
  if (!Number.isSafeInteger(size) || size < 0) throw refusal(`not a size: ${size}`);
  if (!isSha256(sha256)) throw refusal(`not a SHA-256 in lower-case hex: ${JSON.stringify(sha256)}`);
}

/** The answer to a put whose key is taken: `present` for the same content, else refused. */
export function presentOrRefused(key: string, there: ObjectFacts, wanted: ObjectFacts): 'present' {
  if (there.size === wanted.size && there.sha256 === wanted.sha256) return 'present';
  throw refusal(`object ${key} has other content`);
}

/** Refuses a range that makes no sense, and cuts one to the object: offset and length of what is there. */
export function cutRange(range: ByteRange | undefined, size: number): { offset: number; length: number } {
  const { offset, length = Number.MAX_SAFE_INTEGER } = range ?? { offset: 0 };
  for (const number of [offset, length]) {
    if (!Number.isSafeInteger(number) || number < 0) throw refusal(`not a range: ${offset}, ${length}`);
  }
  return { offset, length: Math.min(length, Math.max(0, size - offset)) };
}

/** Refuses a prefix that no key can begin with, a foreign cursor, and a limit out of bounds. */
export function checkQuery({ prefix, cursor, limit }: ObjectQuery): void {
  if (prefix.length > MAX_KEY_BYTES || !PREFIX.test(prefix)) throw refusal(`not a prefix: ${JSON.stringify(prefix)}`);
  if (cursor !== undefined) checkKey(cursor);
  checkLimit(limit);
}

export function checkLimit(limit: number): void {
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIST_LIMIT) throw refusal(`not a limit: ${limit}`);
}

function refusal(message: string): StorageFault {
  return new StorageFault('refused', message);
}
