/** Thumbnails: made when they are first asked for, once however many ask, and kept on this node's disk. */
import type { ContentRecord } from '../../storage/ports/file-records.ts';
import {
  MAX_PICTURE_BYTES,
  PICTURE_TYPES,
  THUMBNAIL_SIZES,
  type Thumbnail,
  type ThumbnailMaker,
  type Variant,
} from '../../storage/ports/thumbnails.ts';
import { PictureRefused, PictureWorker, type PictureWorkerOptions } from './picture-worker.ts';
import { ThumbnailStore } from './thumbnail-store.ts';

/** The original as a file on this node, until it is let go of. */
export interface PictureFile {
  readonly path: string;
  release(): Promise<void>;
}

export interface ThumbnailsOptions {
  readonly directory: string;
  readonly maxBytes: number;
  /** Originals that are decoded at once. */
  readonly workers: number;
  readonly worker: PictureWorkerOptions;
  /** Originals that may wait for their turn. */
  readonly maxWaiting: number;
  readonly open: (content: ContentRecord) => Promise<PictureFile>;
}

/** Damaged originals that are remembered, so that they are not decoded again and again. */
const MAX_DAMAGED = 10_000;

export class Thumbnails implements ThumbnailMaker {
  readonly #options: ThumbnailsOptions;
  readonly #store: ThumbnailStore;
  readonly #workers: readonly PictureWorker[];
  readonly #making = new Map<string, Promise<Thumbnail>>();
  readonly #damaged = new Set<string>();
  #turn = 0;

  private constructor(options: ThumbnailsOptions, store: ThumbnailStore) {
    this.#options = options;
    this.#store = store;
    this.#workers = Array.from({ length: options.workers }, () => new PictureWorker(options.worker));
  }

  static async open(options: ThumbnailsOptions): Promise<Thumbnails> {
    return new Thumbnails(options, await ThumbnailStore.open(options.directory, options.maxBytes));
  }

  /** Rejects with what opening the original rejects with. */
  async of(content: ContentRecord, variant: Variant): Promise<Thumbnail> {
    const { hash, type, size } = content;
    if (!PICTURE_TYPES.has(type) || size > MAX_PICTURE_BYTES) return 'no-picture';
    if (this.#damaged.has(hash)) return 'damaged';
    const path = await this.#store.find(hash, variant);
    if (path !== undefined) return { path };
    const key = `${hash}-${variant.size}-${variant.format}`;
    const underWay = this.#making.get(key);
    if (underWay !== undefined) return await underWay;
    if (this.#making.size >= this.#options.maxWaiting) return 'busy';
    const made = this.#make(content, variant).finally(() => this.#making.delete(key));
    this.#making.set(key, made);
    return await made;
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.close()));
  }

  async #make(content: ContentRecord, variant: Variant): Promise<Thumbnail> {
    const original = await this.#options.open(content);
    const draft = this.#store.draft();
    try {
      const { size, format } = variant;
      await this.#nextWorker().make({ source: original.path, target: draft, edge: THUMBNAIL_SIZES[size], format });
      return { path: await this.#store.keep(draft, content.hash, variant) };
    } catch (error) {
      if (!(error instanceof PictureRefused)) throw error;
      this.#rememberDamaged(content.hash);
      return 'damaged';
    } finally {
      await this.#store.discard(draft);
      await original.release();
    }
  }

  #nextWorker(): PictureWorker {
    this.#turn = (this.#turn + 1) % this.#workers.length;
    return this.#workers[this.#turn] as PictureWorker;
  }

  #rememberDamaged(hash: string): void {
    this.#damaged.add(hash);
    if (this.#damaged.size <= MAX_DAMAGED) return;
    for (const oldest of this.#damaged) {
      this.#damaged.delete(oldest);
      return;
    }
  }
}
