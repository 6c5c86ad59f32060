/**
 * Files on their way, kept in the browser's database: an upload goes on after the page was loaded anew, without asking for
 * the file again. A browser without such a database, or without room in it, forgets them.
 */

/** A file and what it is for. */
export interface KeptFile {
  readonly id: string;
  readonly user: string;
  readonly file: File;
  /** Room that it is for; none for the user's own files. */
  readonly room?: string;
}

const DATABASE = 'mailroom.uploads';
const STORE = 'files';
/** Larger ones would be copied for long. */
export const MAX_KEPT_BYTES = 2 * 1024 * 1024 * 1024;

export class KeptFiles {
  readonly #user: string;
  #opened: Promise<IDBDatabase> | undefined;

  constructor(user: string) {
    this.#user = user;
  }

  async keep(kept: Omit<KeptFile, 'user'>): Promise<void> {
    if (kept.file.size > MAX_KEPT_BYTES) return;
    await this.#with('readwrite', (store) => store.put({ ...kept, user: this.#user }));
  }

  async forget(id: string): Promise<void> {
    await this.#with('readwrite', (store) => store.delete(id));
  }

  async all(): Promise<readonly KeptFile[]> {
    const all = (await this.#with('readonly', (store) => store.getAll())) as KeptFile[];
    return all.filter(({ user }) => user === this.#user);
  }

  async #with<T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
    this.#opened ??= open();
    const transaction = (await this.#opened).transaction(STORE, mode);
    return await settled(work(transaction.objectStore(STORE)));
  }
}

function open(): Promise<IDBDatabase> {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: 'id' });
  return settled(request);
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
