/**
 * Staging in a directory:
 *
 *     uploads/ID.bytes     sparse, as far as bytes have come
 *     uploads/ID.journal   what of them counts
 *     contents/ID          whole and verified
 *
 * Bytes become a content by being renamed, so that nobody ever sees a part of one.
 */
import { constants } from 'node:fs';
import { access, type FileHandle, open, opendir, readFile, rename, stat, truncate, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { StorageFault } from '../../ports/faults.ts';
import {
  isStagedId,
  type StagedContent,
  type StagedReader,
  type StagedThing,
  type StagedWriter,
  type Staging,
} from '../../ports/staging.ts';
import type { UploadEntry } from '../../ports/upload-journal.ts';
import { createPrivateDirectory } from '../database.ts';
import { guarded } from '../faults.ts';
import { guardedAsync, orNull } from '../objects/guarded-async.ts';
import { syncDirectory } from '../objects/tree.ts';
import { decodeJournal, encodeEntry } from './journal-codec.ts';
import { FileReader, FileWriter } from './staged-file.ts';

const PRIVATE = 0o600;
const JOURNAL = '.journal';
const BYTES = '.bytes';

export class FileStaging implements Staging {
  readonly #uploads: string;
  readonly #contents: string;

  /** Makes the directories if they are missing. Any number of instances may share one directory. */
  constructor(root: string) {
    this.#uploads = join(root, 'uploads');
    this.#contents = join(root, 'contents');
    guarded(`create the staging directory ${root}`, () => {
      for (const directory of [root, this.#uploads, this.#contents]) createPrivateDirectory(directory);
    });
  }

  async create(id: string, entries: readonly UploadEntry[], durable: boolean): Promise<void> {
    await guardedAsync(`begin upload ${id}`, async () => {
      try {
        const journal = await open(this.#journalOf(id), 'wx', PRIVATE);
        try {
          await journal.write(entries.map(encodeEntry).join(''));
          if (durable) await journal.datasync();
        } finally {
          await journal.close();
        }
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw missing(`there is an upload ${id} already`);
        // Half a journal would be an upload that nobody was told of.
        await orNull(unlink(this.#journalOf(id)));
        throw error;
      }
      await (await open(this.#bytesOf(id), 'a', PRIVATE)).close();
      if (durable) await syncDirectory(this.#uploads);
    });
  }

  async append(id: string, entry: UploadEntry, durable: boolean): Promise<void> {
    await guardedAsync(`note down upload ${id}`, async () => {
      const journal = await open(this.#journalOf(id), 'r+');
      try {
        const { size } = await journal.stat();
        await this.#appendAt(journal, size, entry);
        if (durable) await journal.datasync();
      } finally {
        await journal.close();
      }
    });
  }

  async journal(id: string): Promise<readonly UploadEntry[] | null> {
    return await guardedAsync(`read the journal of upload ${id}`, async () => {
      const file = await orNull(readFile(this.#journalOf(id)));
      if (file === null) return null;
      const { entries, bytes } = decodeJournal(file);
      // What a crash has cut off must not stand between old entries and new ones.
      if (bytes < file.length) await truncate(this.#journalOf(id), bytes);
      return entries;
    });
  }

  async writer(id: string): Promise<StagedWriter> {
    return await guardedAsync(`open upload ${id}`, async () => {
      const flags = constants.O_RDWR | constants.O_CREAT;
      return new FileWriter(await open(this.#bytesOf(id), flags, PRIVATE), id);
    });
  }

  async reader(id: string): Promise<StagedReader> {
    return await guardedAsync(`open upload ${id}`, async () => {
      const file = (await orNull(open(this.pathOf(id), 'r'))) ?? (await orNull(open(this.#bytesOf(id), 'r')));
      if (file === null) throw missing(`there are no bytes of ${id}`);
      return new FileReader(file, id);
    });
  }

  async keep(id: string, length: number): Promise<void> {
    await guardedAsync(`keep upload ${id}`, async () => {
      const file = await orNull(open(this.#bytesOf(id), 'r+'));
      if (file === null) return await this.#confirm(id, length);
      try {
        const { size } = await file.stat();
        if (size < length) throw missing(`upload ${id} has ${size} of ${length} bytes`);
        if (size > length) await file.truncate(length);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(this.#bytesOf(id), this.pathOf(id));
      await this.#syncBoth();
    });
  }

  async discardBytes(id: string): Promise<void> {
    await guardedAsync(`discard the bytes of upload ${id}`, async () => {
      if ((await orNull(unlink(this.#bytesOf(id)).then(() => true))) === true) await syncDirectory(this.#uploads);
    });
  }

  async discard(id: string): Promise<void> {
    await guardedAsync(`discard upload ${id}`, async () => {
      // A journal without bytes is taken up again and discarded; bytes without a journal wait for the sweep.
      await orNull(unlink(this.#bytesOf(id)));
      await orNull(unlink(this.#journalOf(id)));
    });
  }

  async *uploads(): AsyncIterable<StagedThing> {
    for await (const { name, changedAt } of this.#list(this.#uploads)) {
      if (name.endsWith(JOURNAL)) yield { id: basename(name, JOURNAL), changedAt };
    }
  }

  async sweep(before: number): Promise<number> {
    let swept = 0;
    for await (const { name, changedAt } of this.#list(this.#uploads)) {
      if (!name.endsWith(BYTES) || changedAt >= before) continue;
      const id = basename(name, BYTES);
      if ((await orNull(stat(this.#journalOf(id)))) !== null) continue;
      await this.discardBytes(id);
      swept += 1;
    }
    return swept;
  }

  pathOf(id: string): string {
    return join(this.#contents, checked(id));
  }

  async *contents(): AsyncIterable<StagedContent> {
    for await (const { name, changedAt, size } of this.#list(this.#contents)) {
      if (isStagedId(name)) yield { id: name, changedAt, size };
    }
  }

  async free(id: string): Promise<void> {
    await guardedAsync(`free content ${id}`, async () => {
      await orNull(unlink(this.pathOf(id)));
      await syncDirectory(this.#contents);
    });
  }

  async ping(): Promise<void> {
    await guardedAsync('use the staging directories', async () => {
      for (const directory of [this.#uploads, this.#contents]) {
        await access(directory, constants.R_OK | constants.W_OK | constants.X_OK);
      }
    });
  }

  /** A line of which a full disk took a part only is taken away again, so that the next one is read. */
  async #appendAt(journal: FileHandle, size: number, entry: UploadEntry): Promise<void> {
    const line = Buffer.from(encodeEntry(entry));
    let written = 0;
    try {
      while (written < line.length) {
        const { bytesWritten } = await journal.write(line, written, line.length - written, size + written);
        written += bytesWritten;
      }
    } catch (error) {
      await journal.truncate(size);
      throw error;
    }
  }

  async #confirm(id: string, length: number): Promise<void> {
    const found = await orNull(stat(this.pathOf(id)));
    if (found?.size !== length) throw missing(`there are no ${length} bytes of ${id}`);
    // Whoever renamed it may have died before the names were durable.
    await this.#syncBoth();
  }

  async #syncBoth(): Promise<void> {
    await Promise.all([syncDirectory(this.#contents), syncDirectory(this.#uploads)]);
  }

  async *#list(directory: string): AsyncGenerator<{ name: string; changedAt: number; size: number }, void, undefined> {
    for await (const { name } of await guardedAsync('list what is staged', () => opendir(directory))) {
      const found = await guardedAsync('list what is staged', () => orNull(stat(join(directory, name))));
      if (found?.isFile()) yield { name, changedAt: Math.floor(found.mtimeMs), size: found.size };
    }
  }

  #journalOf(id: string): string {
    return join(this.#uploads, `${checked(id)}${JOURNAL}`);
  }

  #bytesOf(id: string): string {
    return join(this.#uploads, `${checked(id)}${BYTES}`);
  }
}

/** Ids come from clients' addresses: none may lead out of the directory. */
function checked(id: string): string {
  if (!isStagedId(id)) throw missing(`not an id: ${JSON.stringify(id.slice(0, 100))}`);
  return id;
}

function missing(message: string): StorageFault {
  return new StorageFault('refused', message);
}
