/**
 * Thumbnails on this node's disk: a directory of files that can all be made again. It is bounded; those that were not asked
 * for longest go first.
 */
import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { Variant } from '../../storage/ports/thumbnails.ts';

interface Kept {
  readonly bytes: number;
}

export class ThumbnailStore {
  readonly #directory: string;
  readonly #maxBytes: number;
  /** In the order of their last use. */
  readonly #kept = new Map<string, Kept>();
  #bytes = 0;
  #drafts = 0;

  private constructor(directory: string, maxBytes: number) {
    this.#directory = directory;
    this.#maxBytes = maxBytes;
  }

  /** Makes the directory if need be, and finds what earlier processes left there. */
  static async open(directory: string, maxBytes: number): Promise<ThumbnailStore> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const store = new ThumbnailStore(directory, maxBytes);
    await store.#look();
    return store;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Path of a thumbnail that is there. */
  async find(hash: string, variant: Variant): Promise<string | undefined> {
    const name = nameOf(hash, variant);
    const kept = this.#kept.get(name);
    if (kept === undefined) return undefined;
    this.#kept.delete(name);
    this.#kept.set(name, kept);
    const path = join(this.#directory, name);
    const now = new Date();
    try {
      await utimes(path, now, now);
      return path;
    } catch {
      // Somebody has tidied up: it is made again.
      this.#forget(name);
      return undefined;
    }
  }

  /** Where to write a new one, which `keep` then puts in its place. */
  draft(): string {
    this.#drafts += 1;
    return join(this.#directory, `${DRAFT}${process.pid}-${this.#drafts}`);
  }

  async keep(draft: string, hash: string, variant: Variant): Promise<string> {
    const name = nameOf(hash, variant);
    const path = join(this.#directory, name);
    const { size } = await stat(draft);
    await rename(draft, path);
    this.#forget(name);
    this.#kept.set(name, { bytes: size });
    this.#bytes += size;
    await this.#shrink();
    return path;
  }

  async discard(draft: string): Promise<void> {
    await rm(draft, { force: true });
  }

  async #shrink(): Promise<void> {
    for (const name of this.#kept.keys()) {
      if (this.#bytes <= this.#maxBytes || this.#kept.size === 1) return;
      this.#forget(name);
      await rm(join(this.#directory, name), { force: true });
    }
  }

  #forget(name: string): void {
    this.#bytes -= this.#kept.get(name)?.bytes ?? 0;
    this.#kept.delete(name);
  }

  async #look(): Promise<void> {
    const found: { readonly name: string; readonly bytes: number; readonly usedMs: number }[] = [];
    for (const name of await readdir(this.#directory)) {
      const path = join(this.#directory, name);
      if (name.startsWith(DRAFT)) await rm(path, { force: true });
      else if (NAME.test(name)) {
        const { size, mtimeMs } = await stat(path);
        found.push({ name, bytes: size, usedMs: mtimeMs });
      }
    }
    found.sort((a, b) => a.usedMs - b.usedMs);
    for (const { name, bytes } of found) {
      this.#kept.set(name, { bytes });
      this.#bytes += bytes;
    }
    await this.#shrink();
  }
}

const DRAFT = 'draft-';
const NAME = /^[0-9a-f]{64}-(?:small|medium|large)\.(?:webp|avif)$/;

function nameOf(hash: string, { size, format }: Variant): string {
  return `${hash}-${size}.${format}`;
}
