/**
 * Staging: bytes on the local disk of this node. An upload's bytes are there from the first one on, with a journal beside
 * them that is authoritative; once the whole is there and verified it is a *content*, and stays until whoever moves it to
 * the object store frees it. Others name a content by its address, `staging:<node>:<id>`; its id is that of its upload.
 */
import type { UploadEntry } from './upload-journal.ts';

/** Something staged, found by looking through the directory. */
export interface StagedThing {
  readonly id: string;
  /** Milliseconds since the epoch: when it changed last. */
  readonly changedAt: number;
}

export interface StagedContent extends StagedThing {
  /** Bytes. */
  readonly size: number;
}

/**
 * Writes the bytes of one upload. Any number of writes may be under way at once, at any positions.
 *
 * *Gotchas.* What was written survives the death of the process, but is safe only after `sync`.
 */
export interface StagedWriter {
  /** Writes the pieces one behind the other from `offset` on. */
  write(pieces: readonly Uint8Array[], offset: number): Promise<void>;
  /** Resolves when everything that was written before the call is on the disk. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** Reads the bytes of one upload or content. It goes on reading the same bytes if they are kept or discarded meanwhile. */
export interface StagedReader {
  /** How many bytes there are now. */
  size(): Promise<number>;
  /** Fills the buffer from `offset` on as far as there are bytes; says how many there were. */
  read(buffer: Uint8Array, offset: number): Promise<number>;
  close(): Promise<void>;
}

/**
 * What is staged on this node. Methods reject with a `StorageFault`: `unavailable` for a disk that is full or away, which
 * leaves everything as it was; `refused` for what is not there.
 */
export interface Staging {
  // ── uploads ────────────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Begins an upload with the first entries of its journal. Refused if there is one of this id. With `durable`, bytes and
   * journal survive a power cut when it answers.
   */
  create(id: string, entries: readonly UploadEntry[], durable: boolean): Promise<void>;
  /** Adds an entry to the journal; on the disk when it answers, or, without `durable`, out of the process's hands. */
  append(id: string, entry: UploadEntry, durable: boolean): Promise<void>;
  /** Null where there is no such upload. An entry that a crash has cut off is left out, and so is what follows it. */
  journal(id: string): Promise<readonly UploadEntry[] | null>;
  /** Opens the upload's bytes for writing; makes them if there are none. */
  writer(id: string): Promise<StagedWriter>;
  /** Opens the bytes of an upload or, once it is kept, of the content. */
  reader(id: string): Promise<StagedReader>;
  /**
   * Makes the upload's first `length` bytes a content, durably. Again for one that is a content already, nothing happens.
   * Refused where bytes are missing.
   */
  keep(id: string, length: number): Promise<void>;
  /** Removes the upload's bytes, durably; a content is left alone. Succeeds if there are none. */
  discardBytes(id: string): Promise<void>;
  /** Removes the upload's bytes and journal; a content is left alone. Succeeds if there is nothing. */
  discard(id: string): Promise<void>;
  /** All uploads that have a journal, in no order. */
  uploads(): AsyncIterable<StagedThing>;
  /** Removes bytes of uploads that have no journal and have not changed since `before`; says how many. */
  sweep(before: number): Promise<number>;

  // ── contents ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Where the content's bytes are in the file system of this node, for whoever hands files to the kernel. */
  pathOf(id: string): string;
  /**
   * All contents, in no order.
   *
   * *Gotchas.* A content is there before its row is: between the two lies a question to the records, which may be away for
   * as long as an upload lives. Who removes contents without a row leaves alone those that changed within that time.
   */
  contents(): AsyncIterable<StagedContent>;
  /** Removes a content, durably. Succeeds if there is none. Who reads it at the moment reads on. */
  free(id: string): Promise<void>;

  /** Resolves if the directories can be used. */
  ping(): Promise<void>;
}

const ID = /^[A-Za-z0-9_-]{1,64}$/;

export function isStagedId(id: string): boolean {
  return ID.test(id);
}
