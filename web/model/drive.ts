import { asMailroomError, type MailroomError } from '../../src/client/errors.ts';
import type { FileScope, Files, FileUsage, StoredFile } from '../../src/client/files.ts';
import { Observable } from './observable.ts';

/** The user's files as the app shows them: one list at a time, page by page. */
export class Drive extends Observable {
  files: readonly StoredFile[] = [];
  scope: FileScope = 'own';
  search = '';
  more = false;
  loading = false;
  error: MailroomError | undefined;
  usage: FileUsage | undefined;
  readonly #files: Files;
  #cursor: string | undefined;
  /** Counts lists; the page of an earlier one is dropped. */
  #epoch = 0;

  constructor(files: Files) {
    super();
    this.#files = files;
  }

  /** Shows another list. */
  async show(scope: FileScope, search = ''): Promise<void> {
    this.scope = scope;
    this.search = search;
    await this.reload();
  }

  /** Reads the list and the usage anew; what is shown stays until then. */
  async reload(): Promise<void> {
    this.#epoch += 1;
    this.#cursor = undefined;
    await Promise.all([this.#load(true), this.#loadUsage()]);
  }

  async loadMore(): Promise<void> {
    if (this.more && !this.loading) await this.#load(false);
  }

  /** These reject with a `MailroomError`; the list shows what has become of the file. */
  async rename(file: StoredFile, name: string): Promise<void> {
    const renamed = await this.#files.rename(file.id, name);
    this.#replace(file, renamed);
  }

  async trash(file: StoredFile): Promise<void> {
    await this.#files.delete(file.id);
    this.#replace(file, undefined);
  }

  async restore(file: StoredFile): Promise<void> {
    await this.#files.restore(file.id);
    this.#replace(file, undefined);
  }

  async purge(file: StoredFile): Promise<void> {
    await this.#files.delete(file.id, true);
    this.#replace(file, undefined);
    await this.#loadUsage();
  }

  async #load(fresh: boolean): Promise<void> {
    const epoch = this.#epoch;
    this.loading = true;
    this.error = undefined;
    this.changed();
    try {
      const { files, cursor } = await this.#files.list({
        scope: this.scope,
        ...(this.search === '' ? {} : { search: this.search }),
        ...(this.#cursor === undefined ? {} : { cursor: this.#cursor }),
      });
      if (epoch !== this.#epoch) return;
      this.files = fresh ? files : [...this.files, ...files];
      this.#cursor = cursor;
      this.more = cursor !== undefined;
    } catch (error) {
      if (epoch === this.#epoch) this.error = asMailroomError(error);
    }
    if (epoch !== this.#epoch) return;
    this.loading = false;
    this.changed();
  }

  async #loadUsage(): Promise<void> {
    try {
      this.usage = await this.#files.usage();
    } catch {
      // The list says what is wrong; without the figure it is as useful.
      this.usage = undefined;
    }
    this.changed();
  }

  #replace(file: StoredFile, by: StoredFile | undefined): void {
    this.files = this.files.flatMap((other) => (other.id !== file.id ? [other] : by === undefined ? [] : [by]));
    this.changed();
    // A page that was asked for before may show the file as it was.
    if (this.loading) void this.reload();
  }
}
