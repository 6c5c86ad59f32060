/** Objects as files below one directory. One process owns it; everything else is done by the file system. */
import { constants } from 'node:fs';
import { access, type FileHandle, link, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { StorageFault } from '../../ports/faults.ts';
import { fileContent } from '../../ports/file-content.ts';
import { checkedContent, SourceReader, streamOf } from '../../ports/object-content.ts';
import {
  type ByteRange,
  checkFacts,
  checkKey,
  checkLimit,
  checkQuery,
  cutRange,
  type FileSource,
  type ListedObject,
  type ObjectBody,
  type ObjectFacts,
  type ObjectPage,
  type ObjectQuery,
  type ObjectSource,
  type ObjectStore,
  type PutJournal,
  presentOrRefused,
  type UnfinishedPut,
} from '../../ports/objects.ts';
import { createPrivateDirectory } from '../database.ts';
import { guarded } from '../faults.ts';
import { Drafts } from './drafts.ts';
import { readFooter } from './footer.ts';
import { guardedAsync, orNull } from './guarded-async.ts';
import { Tree } from './tree.ts';

export interface FileObjectsOptions {
  /** Bytes of one read. */
  readonly chunkBytes?: number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

const CHUNK_BYTES = 256 * 1024;

export class FileObjects implements ObjectStore {
  readonly #drafts: Drafts;
  readonly #tree: Tree;
  readonly #chunkBytes: number;
  readonly #now: () => number;

  /** Makes the directory if needed; its parent must be durable. Throws a `StorageFault` if it cannot. */
  constructor(directory: string, options: FileObjectsOptions = {}) {
    this.#drafts = new Drafts(join(directory, 'drafts'));
    this.#tree = new Tree(join(directory, 'content'));
    this.#chunkBytes = options.chunkBytes ?? CHUNK_BYTES;
    this.#now = options.now ?? Date.now;
    guarded(`create the directories of the objects in ${directory}`, () => {
      createPrivateDirectory(this.#drafts.directory);
      createPrivateDirectory(this.#tree.root);
    });
  }

  async put(key: string, source: ObjectSource, signal?: AbortSignal): Promise<'stored' | 'present'> {
    checkKey(key);
    checkFacts(source);
    const reader = new SourceReader(source, signal);
    try {
      signal?.throwIfAborted();
      const there = await this.head(key);
      if (there !== null) return await this.#confirm(key, there, source);
      const id = this.#drafts.nameFor(key, this.#now());
      try {
        await this.#drafts.write(id, reader, source);
        signal?.throwIfAborted();
        return await this.#publish(key, id, source);
      } finally {
        await this.#drafts.discard(id);
      }
    } finally {
      reader.stop();
    }
  }

  /** Copies at the speed of the disk; one that was cut off begins anew. */
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
    const file = await this.#open(key);
    if (file === null) return null;
    try {
      const facts = await guardedAsync(`read object ${key}`, () => readFooter(file, key));
      const cut = cutRange(range, facts.size);
      const stream = streamOf(checkedContent(facts, cut, this.#chunks(file, key, cut)), {
        ended: () => file.close(),
      });
      return { ...facts, ...cut, stream };
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  localPath(key: string): string {
    checkKey(key);
    return this.#tree.path(key);
  }

  async head(key: string): Promise<ObjectFacts | null> {
    checkKey(key);
    const file = await this.#open(key);
    if (file === null) return null;
    try {
      return await guardedAsync(`look at object ${key}`, () => readFooter(file, key));
    } finally {
      await file.close();
    }
  }

  async delete(key: string): Promise<void> {
    checkKey(key);
    await guardedAsync(`delete object ${key}`, async () => {
      const path = this.#tree.path(key);
      await orNull(unlink(path));
      // Also where there was nothing: an earlier delete may have been cut short of this.
      await orNull(this.#tree.syncParent(path));
    });
  }

  async list(query: ObjectQuery): Promise<ObjectPage> {
    checkQuery(query);
    return await guardedAsync('list objects', async () => {
      const objects: ListedObject[] = [];
      for await (const listed of this.#tree.walk(query.prefix, query.cursor ?? '')) {
        if (objects.length === query.limit) return { objects, cursor: objects.at(-1)?.key ?? null };
        objects.push(listed);
      }
      return { objects, cursor: null };
    });
  }

  async unfinished(startedBefore: number, limit: number): Promise<readonly UnfinishedPut[]> {
    checkLimit(limit);
    return await this.#drafts.list(startedBefore, limit);
  }

  async abandon(put: UnfinishedPut): Promise<void> {
    await this.#drafts.abandon(put);
  }

  async ping(): Promise<void> {
    await guardedAsync('use the directories of the objects', async () => {
      for (const directory of [this.#drafts.directory, this.#tree.root]) {
        await access(directory, constants.R_OK | constants.W_OK | constants.X_OK);
      }
    });
  }

  /** There is nothing to close: a file is open only while it is read or written. */
  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Gives a draft the object's name unless that is taken: a link, unlike a rename, replaces nothing. */
  async #publish(key: string, id: string, facts: ObjectFacts): Promise<'stored' | 'present'> {
    const path = this.#tree.path(key);
    const isNew = await guardedAsync(`store object ${key}`, async () => {
      await this.#tree.ensureDirectory(path);
      const linked = await linkNew(this.#drafts.path(id), path);
      await this.#tree.syncParent(path);
      return linked;
    });
    if (isNew) return 'stored';
    const there = await this.head(key);
    if (there === null) throw new StorageFault('unavailable', `object ${key} was deleted while it was stored`);
    return presentOrRefused(key, there, facts);
  }

  /** Whoever linked what is there may have died before its name was durable. */
  async #confirm(key: string, there: ObjectFacts, wanted: ObjectFacts): Promise<'present'> {
    const answer = presentOrRefused(key, there, wanted);
    const path = this.#tree.path(key);
    await guardedAsync(`store object ${key}`, async () => {
      await this.#tree.ensureDirectory(path);
      await this.#tree.syncParent(path);
    });
    return answer;
  }

  async #open(key: string): Promise<FileHandle | null> {
    return await guardedAsync(`open object ${key}`, () => orNull(open(this.#tree.path(key), 'r')));
  }

  async *#chunks(
    file: FileHandle,
    key: string,
    { offset, length }: { readonly offset: number; readonly length: number },
  ): AsyncGenerator<Uint8Array, void, undefined> {
    for (let passed = 0; passed < length; ) {
      const chunk = Buffer.allocUnsafe(Math.min(this.#chunkBytes, length - passed));
      const { bytesRead } = await guardedAsync(`read object ${key}`, () =>
        file.read(chunk, 0, chunk.length, offset + passed),
      );
      if (bytesRead === 0) return;
      passed += bytesRead;
      yield chunk.subarray(0, bytesRead);
    }
  }
}

/** False if the name is taken. */
async function linkNew(existing: string, path: string): Promise<boolean> {
  try {
    await link(existing, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
