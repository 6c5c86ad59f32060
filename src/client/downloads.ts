import { Http } from './http.ts';

export type DownloadState = 'queued' | 'running' | 'paused' | 'done' | 'failed' | 'cancelled';

/** What the server fetches for the user. Times are milliseconds since the epoch. */
export interface Download {
  readonly id: string;
  readonly url: string;
  /** Of the file to be, once it is known. */
  readonly name?: string;
  /** Bytes, where the other side says it. */
  readonly size?: number;
  /** Bytes that are there. */
  readonly received: number;
  readonly state: DownloadState;
  /** Why it failed, such as `unreachable` or `too-large`. */
  readonly problem?: string;
  /** Id of the file, once it is done. */
  readonly file?: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface DownloadPage {
  readonly downloads: readonly Download[];
  /** Absent: this is the last page. */
  readonly cursor?: string;
}

/**
 * Downloads that the server does for the user, over HTTP. Every method rejects with a `MailroomError`. The client's event
 * `download` tells how they come along.
 */
export class Downloads {
  readonly #http: Http;
  readonly #token: () => string;

  /** `url` is the address of the server, such as `https://chat.example.org`. */
  constructor(url: string, token: () => string) {
    this.#http = new Http(url);
    this.#token = token;
  }

  /** The server begins to fetch a public address into the user's files. Without a name it goes by the other side's. */
  async add(url: string, name?: string): Promise<Download> {
    return await this.#one('POST', '/v1/downloads', name === undefined ? { url } : { url, name });
  }

  /** From new to old, page by page. */
  async list(query: { readonly cursor?: string; readonly limit?: number } = {}): Promise<DownloadPage> {
    const params = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) if (value !== undefined) params.set(name, String(value));
    return await this.#http.call<DownloadPage>('GET', `/v1/downloads?${params}`, undefined, this.#token());
  }

  async look(id: string): Promise<Download> {
    return await this.#one('GET', `/v1/downloads/${id}`);
  }

  /** Stops it at once; what is there is kept. */
  async pause(id: string): Promise<Download> {
    return await this.#one('POST', `/v1/downloads/${id}/pause`);
  }

  async resume(id: string): Promise<Download> {
    return await this.#one('POST', `/v1/downloads/${id}/resume`);
  }

  /** Ends it at once; what is there goes. */
  async cancel(id: string): Promise<Download> {
    return await this.#one('DELETE', `/v1/downloads/${id}`);
  }

  async #one(method: string, path: string, body?: object): Promise<Download> {
    return (await this.#http.call<{ download: Download }>(method, path, body, this.#token())).download;
  }
}
