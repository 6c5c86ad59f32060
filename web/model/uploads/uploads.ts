import { Observable } from '../observable.ts';
import { KeptFiles } from './kept-files.ts';
import { Upload } from './upload.ts';

const AT_ONCE = 3;
const MAX_SHOWN = 200;

export interface UploadsOptions {
  readonly user: string;
  readonly token: () => string;
  /** A file is there; `room` is what it was for. */
  readonly onDone: (upload: Upload) => void;
}

/** The user's uploads: a few at once, the others in turn. They outlive the page. */
export class Uploads extends Observable {
  #all: readonly Upload[] = [];
  readonly #options: UploadsOptions;
  readonly #kept: KeptFiles;

  constructor(options: UploadsOptions) {
    super();
    this.#options = options;
    this.#kept = new KeptFiles(options.user);
  }

  /** Newest last. */
  get all(): readonly Upload[] {
    return this.#all;
  }

  /** Takes up what an earlier page left behind. */
  async restore(): Promise<void> {
    const kept = await this.#kept.all().catch(() => []);
    for (const { id, file, room } of kept) this.#add(id, file, room);
  }

  /** Begins to upload them, for a room or for the user alone. */
  add(files: Iterable<File>, room?: string): void {
    for (const file of files) {
      const id = crypto.getRandomValues(new Uint32Array(4)).join('-');
      // Without it the upload works as well, until the page is loaded anew.
      this.#kept.keep({ id, file, ...(room === undefined ? {} : { room }) }).catch(() => undefined);
      this.#add(id, file, room);
    }
  }

  async pause(upload: Upload): Promise<void> {
    await upload.pause();
    this.#startWaiting();
  }

  resume(upload: Upload): void {
    upload.state = 'waiting';
    this.#startWaiting();
    this.changed();
  }

  /** Takes it off the list; one that is under way is given up. */
  async remove(upload: Upload): Promise<void> {
    this.#all = this.#all.filter((other) => other !== upload);
    this.changed();
    await this.#forget(upload);
    if (upload.isOpen) await upload.cancel();
  }

  clearDone(): void {
    this.#all = this.#all.filter(({ state }) => state !== 'done');
    this.changed();
  }

  #add(id: string, file: File, room: string | undefined): void {
    const { token } = this.#options;
    const upload = new Upload({ id, file, room, token, onEnd: (ended) => this.#ended(ended) });
    this.#all = [...this.#all, upload].slice(-MAX_SHOWN);
    this.#startWaiting();
    this.changed();
  }

  #ended(upload: Upload): void {
    if (upload.state === 'done') {
      void this.#forget(upload);
      this.#options.onDone(upload);
    }
    this.#startWaiting();
    this.changed();
  }

  #startWaiting(): void {
    let free = AT_ONCE - this.#all.filter(({ state }) => ACTIVE.has(state)).length;
    for (const upload of this.#all) {
      if (free <= 0) return;
      if (upload.state !== 'waiting') continue;
      free -= 1;
      void upload.start();
    }
  }

  /** A database that has failed has nothing to forget. */
  async #forget(upload: Upload): Promise<void> {
    await this.#kept.forget(upload.id).catch(() => undefined);
  }
}

const ACTIVE: ReadonlySet<string> = new Set(['checking', 'sending', 'finishing']);
