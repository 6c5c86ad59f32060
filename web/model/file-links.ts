import { asMailroomError } from '../../src/client/errors.ts';
import type { Files } from '../../src/client/files.ts';

type Link = Awaited<ReturnType<Files['link']>>;

const MARGIN_MS = 60_000;

/** Addresses of files for the browser itself, which sends no token along: signed by the server, good for a while. */
export class FileLinks {
  readonly #files: Files;
  readonly #links = new Map<string, Link>();

  constructor(files: Files) {
    this.#files = files;
  }

  /** Rejects with a sentence for people. */
  async to(file: string): Promise<string> {
    const known = this.#links.get(file);
    if (known !== undefined && known.expiresAt - Date.now() > MARGIN_MS) return known.url;
    try {
      const link = await this.#files.link(file);
      this.#links.set(file, link);
      return link.url;
    } catch (error) {
      const isGone = asMailroomError(error).code === 'not_found';
      const problem = isGone ? 'This file is not there any more.' : 'This file cannot be opened now.';
      throw new Error(problem, { cause: error });
    }
  }
}
