/** The object store's reference model: what the port says, in the plainest form. */
import { StorageFault } from '../../src/storage/ports/faults.ts';
import { fileContent } from '../../src/storage/ports/file-content.ts';
import { checkedContent, SourceReader, streamOf } from '../../src/storage/ports/object-content.ts';
import {
  type ByteRange,
  checkFacts,
  checkKey,
  checkLimit,
  checkQuery,
  cutRange,
  type FileSource,
  type ObjectBody,
  type ObjectFacts,
  type ObjectPage,
  type ObjectQuery,
  type ObjectSource,
  type ObjectStore,
  type PutJournal,
  presentOrRefused,
  type UnfinishedPut,
} from '../../src/storage/ports/objects.ts';

const CHUNK_BYTES = 64 * 1024;

interface Stored extends ObjectFacts {
  readonly bytes: Uint8Array;
  readonly storedAt: number;
}

export class MemoryObjects implements ObjectStore {
  readonly #objects = new Map<string, Stored>();
  readonly #unfinished = new Map<string, UnfinishedPut>();
  #puts = 0;

  async put(key: string, source: ObjectSource, signal?: AbortSignal): Promise<'stored' | 'present'> {
    checkKey(key);
    checkFacts(source);
    signal?.throwIfAborted();
    const reader = new SourceReader(source, signal);
    const id = String(++this.#puts);
    try {
      const there = this.#objects.get(key);
      if (there) return presentOrRefused(key, there, source);
      this.#unfinished.set(id, { key, id, startedAt: Date.now() });
      const bytes = await reader.fill(new Uint8Array(source.size));
      await reader.end();
      if (!this.#unfinished.has(id)) throw new StorageFault('unavailable', 'the put was abandoned');
      const other = this.#objects.get(key);
      if (other) return presentOrRefused(key, other, source);
      this.#objects.set(key, { size: source.size, sha256: source.sha256, bytes, storedAt: Date.now() });
      return 'stored';
    } finally {
      this.#unfinished.delete(id);
      reader.stop();
    }
  }

  async putFile(
    key: string,
    { path, size, sha256 }: FileSource,
    journal: PutJournal,
    signal?: AbortSignal,
  ): Promise<'stored' | 'present'> {
    try {
      return await this.put(key, { size, sha256, content: fileContent(path) }, signal);
    } finally {
      await journal.clear();
    }
  }

  async get(key: string, range?: ByteRange): Promise<ObjectBody | null> {
    checkKey(key);
    cutRange(range, 0);
    const there = this.#objects.get(key);
    if (!there) return null;
    const { bytes, size, sha256 } = there;
    const cut = cutRange(range, size);
    const chunks = async function* () {
      const end = cut.offset + cut.length;
      for (let at = cut.offset; at < end; at += CHUNK_BYTES) yield bytes.slice(at, Math.min(end, at + CHUNK_BYTES));
    };
    return { size, sha256, ...cut, stream: streamOf(checkedContent(there, cut, chunks()), {}) };
  }

  localPath(): null {
    return null;
  }

  async head(key: string): Promise<ObjectFacts | null> {
    checkKey(key);
    const there = this.#objects.get(key);
    return there ? { size: there.size, sha256: there.sha256 } : null;
  }

  async delete(key: string): Promise<void> {
    checkKey(key);
    this.#objects.delete(key);
  }

  async list(query: ObjectQuery): Promise<ObjectPage> {
    checkQuery(query);
    const { prefix, cursor = '', limit } = query;
    const keys = [...this.#objects.keys()].filter((key) => key.startsWith(prefix) && key > cursor).sort();
    const page = keys.slice(0, limit);
    const objects = page.flatMap((key) => {
      const there = this.#objects.get(key);
      return there ? [{ key, size: there.size, storedAt: there.storedAt }] : [];
    });
    return { objects, cursor: keys.length > limit ? (page.at(-1) ?? null) : null };
  }

  async unfinished(startedBefore: number, limit: number): Promise<readonly UnfinishedPut[]> {
    checkLimit(limit);
    return [...this.#unfinished.values()].filter((put) => put.startedAt < startedBefore).slice(0, limit);
  }

  async abandon(put: UnfinishedPut): Promise<void> {
    this.#unfinished.delete(put.id);
  }

  async ping(): Promise<void> {}

  async close(): Promise<void> {}

  /** Changes the stored bytes behind the store's back. */
  damage(key: string): void {
    const there = this.#objects.get(key);
    if (!there) throw new Error(`there is no object ${key}`);
    there.bytes[0] = (there.bytes[0] ?? 0) ^ 1;
  }
}
