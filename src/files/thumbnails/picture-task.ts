/** What the process that decodes pictures is asked, and what it answers: one JSON line each. */
import type { ThumbnailFormat } from '../../storage/ports/thumbnails.ts';

export interface PictureTask {
  readonly id: number;
  /** Paths of the original and of the file to write. */
  readonly source: string;
  readonly target: string;
  /** Longest edge of the result: pixels. */
  readonly edge: number;
  readonly format: ThumbnailFormat;
}

export type PictureAnswer =
  | { readonly id: number; readonly ok: true }
  | { readonly id: number; readonly ok: false; readonly reason: string };
