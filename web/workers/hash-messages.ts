/** What the page and its hashing worker say to each other. */

/** Bytes that the server asks about. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

export type HashTask =
  | { readonly type: 'hash'; readonly file: Blob }
  /** The hex SHA-256 of the id's ASCII, the nonce, and the ranges' bytes in order. */
  | {
      readonly type: 'prove';
      readonly file: Blob;
      readonly id: string;
      readonly nonce: Uint8Array;
      readonly ranges: readonly ByteRange[];
    };

export type HashNews =
  | { readonly type: 'progress'; readonly bytes: number }
  | { readonly type: 'done'; readonly sha256: string }
  /** The file cannot be read any more, or has changed. */
  | { readonly type: 'failed'; readonly reason: string };
