/** The pictures that are made of a picture. */

import type { ContentRecord } from './file-records.ts';

/** Longest edge in pixels; smaller originals keep their size. */
export const THUMBNAIL_SIZES = { small: 160, medium: 480, large: 1_280 } as const;
export type ThumbnailSize = keyof typeof THUMBNAIL_SIZES;

export const THUMBNAIL_FORMATS = ['webp', 'avif'] as const;
export type ThumbnailFormat = (typeof THUMBNAIL_FORMATS)[number];

export interface Variant {
  readonly size: ThumbnailSize;
  readonly format: ThumbnailFormat;
}

/** Contents of which thumbnails are made, by their sniffed type: what the decoders are built for and nothing else. */
export const PICTURE_TYPES: ReadonlySet<string> = new Set([
  'image/jpeg',
  'image/png',
  'image/gif',
  'image/webp',
  'image/avif',
  'image/tiff',
]);

/** No larger file is decoded: bytes. */
export const MAX_PICTURE_BYTES = 64 * 1024 * 1024;

/**
 * - `no-picture`: of contents of this type or size there are none.
 * - `damaged`: it says that it is a picture and cannot be decoded, or would be too large decoded.
 * - `busy`: too many wait.
 */
export type Thumbnail = { readonly path: string } | 'no-picture' | 'damaged' | 'busy';

/** Makes thumbnails, as files of this node. */
export interface ThumbnailMaker {
  /** The same one for all who ask at once. Rejects with a `StorageFault` where the original cannot be read now. */
  of(content: ContentRecord, variant: Variant): Promise<Thumbnail>;
}
