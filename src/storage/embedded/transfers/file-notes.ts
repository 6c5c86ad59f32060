/**
 * Notes of transfers as files:
 *
 *     ID.note   the object's key, and when it had moved
 *     ID.put    the journal of the put
 */
import { open, readdir, readFile, rename, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { StorageFault } from '../../ports/faults.ts';
import type { PutJournal } from '../../ports/objects.ts';
import { isStagedId } from '../../ports/staging.ts';
import type { TransferNote, TransferNotes } from '../../ports/transfer-notes.ts';
import { createPrivateDirectory } from '../database.ts';
import { guarded } from '../faults.ts';
import { guardedAsync, orNull } from '../objects/guarded-async.ts';
import { syncDirectory } from '../objects/tree.ts';

const NOTE = '.note';
const PUT = '.put';
const DRAFT = '.new';

export class FileNotes implements TransferNotes {
  readonly #directory: string;

  /** Makes the directory if needed. One process owns it. */
  constructor(directory: string) {
    this.#directory = directory;
    guarded(`create the directory of the transfers ${directory}`, () => createPrivateDirectory(directory));
  }

  async begin(id: string, key: string): Promise<void> {
    await this.#replace(this.#path(id, NOTE), JSON.stringify({ key, movedAt: null }), true);
  }

  journal(id: string): PutJournal {
    const path = this.#path(id, PUT);
    return {
      read: () => guardedAsync('read the journal of a put', () => orNull(readFile(path, 'utf8'))),
      write: (text) => this.#replace(path, text, false),
      clear: async () => {
        await guardedAsync('clear the journal of a put', () => orNull(unlink(path)));
      },
    };
  }

  async moved(id: string, at: number): Promise<void> {
    const path = this.#path(id, NOTE);
    const note = parsed(await guardedAsync('read a note', () => orNull(readFile(path, 'utf8'))));
    if (note !== null) await this.#replace(path, JSON.stringify({ ...note, movedAt: at }), false);
  }

  async all(): Promise<readonly TransferNote[]> {
    return await guardedAsync('read the notes of transfers', async () => {
      const names = await readdir(this.#directory);
      const notes: TransferNote[] = [];
      for (const name of names.filter((each) => each.endsWith(NOTE))) {
        const note = parsed(await orNull(readFile(join(this.#directory, name), 'utf8')));
        if (note !== null) notes.push({ id: basename(name, NOTE), ...note });
      }
      return notes;
    });
  }

  async forget(id: string): Promise<void> {
    await guardedAsync('forget a transfer', async () => {
      // The note last: it is what leads to the journal.
      await orNull(unlink(this.#path(id, PUT)));
      await orNull(unlink(this.#path(id, NOTE)));
    });
  }

  /** The old text or the new one is there, whatever happens. */
  async #replace(path: string, text: string, durable: boolean): Promise<void> {
    await guardedAsync('note down a transfer', async () => {
      const draft = `${path}${DRAFT}`;
      const file = await open(draft, 'w', 0o600);
      try {
        await file.writeFile(text);
        if (durable) await file.datasync();
      } finally {
        await file.close();
      }
      await rename(draft, path);
      if (durable) await syncDirectory(this.#directory);
    });
  }

  #path(id: string, ending: string): string {
    if (!isStagedId(id)) throw new StorageFault('refused', `not an id: ${JSON.stringify(id.slice(0, 100))}`);
    return join(this.#directory, `${id}${ending}`);
  }
}

function parsed(text: string | null): Omit<TransferNote, 'id'> | null {
  if (text === null) return null;
  try {
    const { key, movedAt } = JSON.parse(text) as Omit<TransferNote, 'id'>;
    return typeof key === 'string' ? { key, movedAt: typeof movedAt === 'number' ? movedAt : null } : null;
  } catch {
    // Half a note: it was never answered, so that no object came of it.
    return null;
  }
}
