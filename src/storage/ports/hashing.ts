/** Hashing: what a content is called and how it is checked, computed from staged bytes away from those who wait. */
import type { WantedHash } from './upload-journal.ts';

/** A part of an upload that is made of others. */
export interface LentPart {
  readonly id: string;
  readonly size: number;
  /** Of its bytes as they came in. */
  readonly crc32: number;
}

export interface HashWish {
  readonly id: string;
  readonly size: number;
  readonly hashes: readonly WantedHash[];
  /** Where there are some, the upload is made of them first. */
  readonly parts: readonly LentPart[] | null;
}

export interface WholeHashed {
  /** Lower-case hex, as all hashes. */
  readonly sha256: string;
  readonly crc32: number;
  /** What the CRC32 has to be by those of the parts; null where there are none. */
  readonly partsCrc32: number | null;
  /** Those that were asked for. */
  readonly others: Readonly<Partial<Record<WantedHash, string>>>;
  /** As sniffed from the first bytes. */
  readonly contentType: string;
}

/** Reads files, and yields the thread between the pieces. */
export interface Hashing {
  /** Hints that so many bytes of an upload are on the disk: hashing them may begin. Nothing is lost if nobody does. */
  advance(wish: { readonly id: string; readonly offset: number; readonly hashes: readonly WantedHash[] }): void;
  /**
   * Hashes the first `size` bytes of an upload. Where it has parts, their bytes are copied behind each other first, and are
   * on the disk when this answers. Rejects with a `StorageFault` where bytes cannot be read or written.
   */
  hashWhole(wish: HashWish): Promise<WholeHashed>;
  /** The upload has ended. */
  forget(id: string): void;
}
