/**
 * Where objects lie: a key's path is its directories, and its last part with an `@` is the file. No key contains an `@`,
 * so that the keys `a` and `a/b` can both exist.
 */
import type { Dirent } from 'node:fs';
import { mkdir, open, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { StorageFault } from '../../ports/faults.ts';
import type { ListedObject } from '../../ports/objects.ts';
import { FOOTER_BYTES } from './footer.ts';
import { orNull } from './guarded-async.ts';

const FILE_MARK = '@';
/** Past this many, the directories known to be durable are forgotten, which costs their next use a few syncs. */
const MAX_KNOWN = 10_000;

export class Tree {
  readonly #root: string;
  /** Directories whose names this process has made durable up to the root. */
  readonly #durable = new Set<string>();

  constructor(root: string) {
    this.#root = root;
  }

  get root(): string {
    return this.#root;
  }

  path(key: string): string {
    return join(this.#root, `${key}${FILE_MARK}`);
  }

  /**
   * Makes the directory of a path, and every name on the way to it durable.
   *
   * That it exists proves nothing: another put may have made it a moment ago and not synced it yet.
   */
  async ensureDirectory(path: string): Promise<void> {
    const directory = dirname(path);
    if (this.#durable.has(directory)) return;
    await mkdir(directory, { recursive: true, mode: 0o700 });
    for (let at = directory; at !== this.#root; at = dirname(at)) await syncDirectory(dirname(at));
    if (this.#durable.size >= MAX_KNOWN) this.#durable.clear();
    this.#durable.add(directory);
  }

  /** Makes what happened to a name durable. */
  async syncParent(path: string): Promise<void> {
    await syncDirectory(dirname(path));
  }

  /** The objects below a prefix and after a key, ascending by key. */
  async *walk(prefix: string, after: string, below = ''): AsyncGenerator<ListedObject, void, undefined> {
    for (const { name, isDirectory } of await this.#entries(below)) {
      const key = below + name;
      if (isDirectory) {
        const mayMatch = key.startsWith(prefix) || prefix.startsWith(key);
        const mayFollow = key > after || after.startsWith(key);
        if (mayMatch && mayFollow) yield* this.walk(prefix, after, key);
      } else if (key.startsWith(prefix) && key > after) {
        const listed = await this.#look(key);
        if (listed !== null) yield listed;
      }
    }
  }

  /** Directories with a slash behind their name, files without their mark, in the order of the keys that they lead to. */
  async #entries(below: string): Promise<{ name: string; isDirectory: boolean }[]> {
    const found = await orNull<Dirent[]>(readdir(join(this.#root, below), { withFileTypes: true }));
    return (found ?? [])
      .filter((entry) => entry.isDirectory() || entry.name.endsWith(FILE_MARK))
      .map((entry) =>
        entry.isDirectory()
          ? { name: `${entry.name}/`, isDirectory: true }
          : { name: entry.name.slice(0, -FILE_MARK.length), isDirectory: false },
      )
      .sort((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)));
  }

  /** Null for one that was deleted meanwhile. */
  async #look(key: string): Promise<ListedObject | null> {
    const found = await orNull(stat(this.path(key)));
    if (found === null) return null;
    const size = found.size - FOOTER_BYTES;
    if (size < 0) throw new StorageFault('corrupt', `the file of object ${key} is cut off`);
    return { key, size, storedAt: Math.floor(found.mtimeMs) };
  }
}

export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
