import { Http } from './http.ts';

/** A file as the server knows it. Times are milliseconds since the epoch. */
export interface StoredFile {
  readonly id: string;
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** As the server sniffed it from the bytes. */
  readonly type: string;
  readonly sha256: string;
  /** User. */
  readonly owner: string;
  readonly uploadedAt?: number;
  readonly updatedAt?: number;
  /** Only of files in the trash. */
  readonly trashedAt?: number;
  /** Only of files that were shared with the user. */
  readonly share?: string;
  readonly sharedAt?: number;
}

/** To whom a file is given. Times are milliseconds since the epoch. */
export interface FileShare {
  readonly id: string;
  readonly file: string;
  readonly kind: 'user' | 'room' | 'link';
  readonly createdAt: number;
  /** Who has it; of the kind `user`. */
  readonly user?: string;
  /** Whose members have it; of the kind `room`. */
  readonly room?: string;
  /** Absent: never. */
  readonly expiresAt?: number;
  /** So often a link was used. */
  readonly downloads?: number;
  readonly maxDownloads?: number;
  readonly hasPassword?: boolean;
}

/** A link that was made just now: its address is not told again. */
export interface NewFileLink extends FileShare {
  readonly url: string;
}

export interface FileLinkOptions {
  /** Milliseconds since the epoch. */
  readonly expiresAt?: number;
  readonly password?: string;
  readonly maxDownloads?: number;
}

export type FileScope = 'own' | 'trash' | 'shared';

export interface FileQuery {
  readonly scope?: FileScope;
  /** Part of the name, in any case. */
  readonly search?: string;
  readonly cursor?: string;
  /** 1 to 200; 50 if absent. */
  readonly limit?: number;
}

export interface FilePage {
  readonly files: readonly StoredFile[];
  /** Absent: this is the last page. */
  readonly cursor?: string;
}

export interface FileUsage {
  /** Bytes. */
  readonly used: number;
  /** Bytes of uploads that are under way. */
  readonly reserved: number;
  readonly files: number;
  /** Bytes; null where there is none. */
  readonly quota: number | null;
}

/**
 * A user's files over HTTP. Every method rejects with a `MailroomError`.
 *
 * Uploading is not part of it: any client of the tus protocol does that at `/v1/uploads`.
 */
export class Files {
  readonly #http: Http;
  readonly #token: () => string;

  /** `url` is the address of the server, such as `https://chat.example.org`. */
  constructor(url: string, token: () => string) {
    this.#http = new Http(url);
    this.#token = token;
  }

  /** From new to old, page by page. */
  async list(query: FileQuery = {}): Promise<FilePage> {
    const params = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) if (value !== undefined) params.set(name, String(value));
    return await this.#ask<FilePage>('GET', `/v1/files?${params}`);
  }

  async usage(): Promise<FileUsage> {
    return await this.#ask<FileUsage>('GET', '/v1/files/usage');
  }

  async look(id: string): Promise<StoredFile> {
    return (await this.#ask<{ file: StoredFile }>('GET', `/v1/files/${id}`)).file;
  }

  async rename(id: string, name: string): Promise<StoredFile> {
    return (await this.#ask<{ file: StoredFile }>('PATCH', `/v1/files/${id}`, { name })).file;
  }

  /** Puts it into the trash; with `purge` it is deleted for good, in the trash or not. */
  async delete(id: string, purge = false): Promise<void> {
    await this.#ask('DELETE', `/v1/files/${id}${purge ? '?purge=true' : ''}`);
  }

  async restore(id: string): Promise<StoredFile> {
    return (await this.#ask<{ file: StoredFile }>('POST', `/v1/files/${id}/restore`)).file;
  }

  /** An address that opens the file without a token, for a while. */
  async link(id: string): Promise<{ readonly url: string; readonly expiresAt: number }> {
    return await this.#ask('POST', `/v1/files/${id}/url`);
  }

  /** Gives the file to a contact. Again: the share that there is. */
  async shareWithUser(id: string, user: string): Promise<FileShare> {
    return (await this.#ask<{ share: FileShare }>('POST', `/v1/files/${id}/shares`, { user })).share;
  }

  /** Gives the file to the members of a room, and posts a message of it unless `message` is false. */
  async shareWithRoom(id: string, room: string, message = true): Promise<FileShare> {
    return (await this.#ask<{ share: FileShare }>('POST', `/v1/files/${id}/shares`, { room, message })).share;
  }

  /** Makes a link for whoever has it. Each call makes another one. */
  async shareByLink(id: string, options: FileLinkOptions = {}): Promise<NewFileLink> {
    return (await this.#ask<{ share: NewFileLink }>('POST', `/v1/files/${id}/shares`, { link: options })).share;
  }

  /** To whom a file of one's own is given, oldest first. */
  async shares(id: string): Promise<readonly FileShare[]> {
    return (await this.#ask<{ shares: readonly FileShare[] }>('GET', `/v1/files/${id}/shares`)).shares;
  }

  /** Ends a share at once. */
  async endShare(id: string, share: string): Promise<void> {
    await this.#ask('DELETE', `/v1/files/${id}/shares/${share}`);
  }

  async #ask<T>(method: string, path: string, body?: object): Promise<T> {
    return await this.#http.call<T>(method, path, body, this.#token());
  }
}
