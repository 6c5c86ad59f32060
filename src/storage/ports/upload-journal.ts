/**
 * The journal of an upload: what has happened to it, entry by entry. It is authoritative: whoever takes the upload up
 * again knows what its entries say and nothing else.
 */

/** What is known when an upload begins. */
export interface UploadCreated {
  readonly type: 'created';
  readonly id: string;
  readonly user: string;
  /** Milliseconds since the epoch, as all times here. */
  readonly at: number;
  readonly expiresAt: number;
  /** Null while the client has not said it. */
  readonly length: number | null;
  /** Name of the file to be. */
  readonly name: string;
  /** Header `Upload-Metadata` as it was sent; null where it was not. */
  readonly metadata: string | null;
  /** Header `Upload-Concat` as it was sent; null where it was not. */
  readonly concat: string | null;
  /** Of a final upload: the ids of its parts in order. */
  readonly parts: readonly string[] | null;
  /** Hash of the whole that the client has promised, in lower-case hex. */
  readonly sha256: string | null;
  /** Other hashes that the client wants to know. */
  readonly hashes: readonly WantedHash[];
}

export type WantedHash = 'md5' | 'sha1' | 'crc32' | 'crc64';

/** The client has said how long the whole is. */
export interface UploadLengthKnown {
  readonly type: 'length';
  readonly length: number;
}

/** All bytes below the offset are on the disk. */
export interface UploadReceived {
  readonly type: 'received';
  readonly offset: number;
  /** CRC32 of all bytes below the offset as they came in, before they went to the disk. */
  readonly crc32: number;
  readonly expiresAt: number;
}

/** The whole is there and has this hash; from here on it goes to the records under these ids, however often it takes. */
export interface UploadVerified {
  readonly type: 'verified';
  readonly sha256: string;
  readonly contentType: string;
  readonly hashes: Readonly<Partial<Record<WantedHash, string>>>;
  readonly fileId: string;
  readonly userFileId: string;
}

/** The records have it: the user's file. */
export interface UploadFinished {
  readonly type: 'finished';
  readonly file: string;
  readonly expiresAt: number;
}

/** A partial upload whose bytes have become part of a finished one. */
export interface UploadUsed {
  readonly type: 'used';
}

/** The upload has ended without a file, and this is why; what is left of it may go. */
export interface UploadEnded {
  readonly type: 'ended';
  readonly reason: 'terminated' | 'expired' | 'mismatch' | 'damaged' | 'invalid';
}

export type UploadEntry =
  | UploadCreated
  | UploadLengthKnown
  | UploadReceived
  | UploadVerified
  | UploadFinished
  | UploadUsed
  | UploadEnded;

/** What all entries together say. */
export interface UploadState {
  readonly created: UploadCreated;
  readonly length: number | null;
  readonly offset: number;
  readonly crc32: number;
  readonly expiresAt: number;
  readonly verified: UploadVerified | null;
  readonly file: string | null;
  readonly used: boolean;
  readonly ended: UploadEnded['reason'] | null;
}

/** Null where the entries do not begin with `created`: nobody was told of such an upload. */
export function replayJournal(entries: readonly UploadEntry[]): UploadState | null {
  const [created, ...later] = entries;
  if (created?.type !== 'created') return null;
  return later.reduce(applyEntry, newUploadState(created));
}

export function newUploadState(created: UploadCreated): UploadState {
  const { length, expiresAt } = created;
  return { created, length, offset: 0, crc32: 0, expiresAt, verified: null, file: null, used: false, ended: null };
}

export function applyEntry(state: UploadState, entry: UploadEntry): UploadState {
  switch (entry.type) {
    case 'created':
      return newUploadState(entry);
    case 'length':
      return { ...state, length: entry.length };
    case 'received':
      return { ...state, offset: entry.offset, crc32: entry.crc32, expiresAt: entry.expiresAt };
    case 'verified':
      return { ...state, verified: entry };
    case 'finished':
      return { ...state, file: entry.file, expiresAt: entry.expiresAt };
    case 'used':
      return { ...state, used: true };
    case 'ended':
      return { ...state, ended: entry.reason };
  }
}
