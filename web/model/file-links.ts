/** Addresses of files for the browser itself, which sends no token along: signed by the server, good for a while. */

interface Link {
  readonly url: string;
  readonly expiresAt: number;
}

const MARGIN_MS = 60_000;

export class FileLinks {
  readonly #token: () => string;
  readonly #links = new Map<string, Link>();

  constructor(token: () => string) {
    this.#token = token;
  }

  /** Rejects with a sentence for people. */
  async to(file: string): Promise<string> {
    const known = this.#links.get(file);
    if (known !== undefined && known.expiresAt - Date.now() > MARGIN_MS) return known.url;
    const headers = { authorization: `Bearer ${this.#token()}` };
    const response = await fetch(`/v1/files/${file}/url`, { method: 'POST', headers });
    if (!response.ok)
      throw new Error(response.status === 404 ? 'This file is not there any more.' : 'This file cannot be opened now.');
    const link = (await response.json()) as Link;
    this.#links.set(file, link);
    return link.url;
  }
}
