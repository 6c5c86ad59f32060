import { Observable } from './observable.ts';

/** `none`: the server makes no picture of this file. */
export type Picture = { readonly url: string } | 'loading' | 'none';

/** Pictures of files, fetched once and kept for as long as the page lives, up to a bound. */
export class Pictures extends Observable {
  readonly #token: () => string;
  readonly #pictures = new Map<string, Picture>();

  constructor(token: () => string) {
    super();
    this.#token = token;
  }

  of(file: string): Picture {
    const known = this.#pictures.get(file);
    if (known !== undefined) return known;
    this.#pictures.set(file, 'loading');
    void this.#load(file);
    return 'loading';
  }

  async #load(file: string): Promise<void> {
    this.#pictures.set(file, await this.#fetch(file));
    if (this.#pictures.size > MAX_PICTURES) this.#forgetOldest();
    this.changed();
  }

  async #fetch(file: string): Promise<Picture> {
    try {
      const headers = { authorization: `Bearer ${this.#token()}` };
      const response = await fetch(`/v1/files/${file}/thumbnail?size=medium`, { headers });
      return response.ok ? { url: URL.createObjectURL(await response.blob()) } : 'none';
    } catch {
      // Without a connection the file shows as a name; it is asked for again when the page is loaded anew.
      return 'none';
    }
  }

  #forgetOldest(): void {
    for (const [file, picture] of this.#pictures) {
      if (typeof picture !== 'string') URL.revokeObjectURL(picture.url);
      this.#pictures.delete(file);
      return;
    }
  }
}

const MAX_PICTURES = 300;
