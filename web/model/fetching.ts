import type { MailroomClient } from '../../src/client/client.ts';
import type { Download, DownloadState, Downloads } from '../../src/client/downloads.ts';
import { asMailroomError, type MailroomError } from '../../src/client/errors.ts';
import { Observable } from './observable.ts';

const OPEN: readonly DownloadState[] = ['queued', 'running', 'paused'];

export function isOpen({ state }: Download): boolean {
  return OPEN.includes(state);
}

/** Who comes back finds what has failed meanwhile. */
const FAILED_MS = 24 * 3_600_000;

/** What the server fetches for the user: what is under way, what ended before the user's eyes, and what failed lately. */
export class Fetching extends Observable {
  all: readonly Download[] = [];
  error: MailroomError | undefined;
  readonly #downloads: Downloads;
  readonly #onDone: () => void;
  /** Seen open here: they are shown when they have ended, too. */
  readonly #seen = new Set<string>();
  /** Put away by the user. */
  readonly #away = new Set<string>();

  constructor(downloads: Downloads, client: MailroomClient, onDone: () => void) {
    super();
    this.#downloads = downloads;
    this.#onDone = onDone;
    client.on('download', ({ id, state, received, size, file, problem }) => {
      const known = this.all.find((download) => download.id === id);
      // Its name is told by the list alone.
      if (known === undefined || known.name === undefined || state !== known.state) void this.reload();
      if (known === undefined) return;
      const facts = { state, received, ...(size === undefined ? {} : { size }) };
      const ended = { ...(file === undefined ? {} : { file }), ...(problem === undefined ? {} : { problem }) };
      this.#put({ ...known, ...facts, ...ended });
      if (state === 'done' && known.state !== 'done') this.#onDone();
    });
  }

  async reload(): Promise<void> {
    try {
      const { downloads } = await this.#downloads.list();
      for (const download of downloads) if (isOpen(download)) this.#seen.add(download.id);
      this.all = downloads.filter((download) => this.#isShown(download));
      this.error = undefined;
    } catch (error) {
      this.error = asMailroomError(error);
    }
    this.changed();
  }

  /** These reject with a `MailroomError`. */
  async add(url: string): Promise<void> {
    const added = await this.#downloads.add(url);
    this.#seen.add(added.id);
    if (!this.all.some(({ id }) => id === added.id)) this.all = [added, ...this.all];
    this.changed();
  }

  async pause({ id }: Download): Promise<void> {
    this.#put(await this.#downloads.pause(id));
  }

  async resume({ id }: Download): Promise<void> {
    this.#put(await this.#downloads.resume(id));
  }

  /** Cancels what is under way, and puts away what has ended. */
  async remove(download: Download): Promise<void> {
    if (isOpen(download)) await this.#downloads.cancel(download.id);
    this.#away.add(download.id);
    this.all = this.all.filter(({ id }) => id !== download.id);
    this.changed();
  }

  #isShown({ id, state, updatedAt }: Download): boolean {
    if (state === 'cancelled' || this.#away.has(id)) return false;
    return this.#seen.has(id) || (state === 'failed' && Date.now() - updatedAt < FAILED_MS);
  }

  #put(download: Download): void {
    this.all = this.all.map((other) => (other.id === download.id ? download : other));
    this.changed();
  }
}
