/**
 * The sink that makes a download an upload: pieces are gathered and written to staging, and from time to time everything is
 * flushed and told, so that a crash costs little.
 */
import { crc32 } from 'node:zlib';
import type { StagedWriter, Staging } from '../../storage/ports/staging.ts';
import { DownloadFault } from './download-fault.ts';
import type { FetchedFacts, FetchSink } from './fetch-into.ts';
import { type OpenedUpload, type UploadDoor, UploadRefusal } from './upload-door.ts';

export interface UploadSinkOptions {
  readonly user: string;
  readonly door: UploadDoor;
  readonly staging: Pick<Staging, 'writer'>;
  readonly newId: () => string;
  readonly monotonicMs: () => number;
  /** The name that the user wants; else the one that the other side gives. */
  readonly name: string;
  /** Room for so many bytes. False: the user may not have as many. */
  readonly reserve: (upload: string, bytes: number) => Promise<boolean>;
  /** A fresh upload is about to begin, or, with null, is given up: noted before it happens. */
  readonly onUpload: (upload: string | null, facts: FetchedFacts | undefined) => Promise<void>;
  /** Bytes below are safe on the disk. Rejects where the download is not to go on. */
  readonly onProgress: (received: number) => Promise<void>;
  /** Somebody else needs the upload. */
  readonly onLetGo: () => void;
}

interface Writing {
  readonly id: string;
  readonly opened: OpenedUpload;
  readonly writer: StagedWriter;
}

/** Written at once. */
const GATHER_BYTES = 512 * 1024;
const PROGRESS_BYTES = 64 * 1024 * 1024;
const PROGRESS_MS = 2_000;
/** Of content whose length nobody knows, reserved ahead. */
const AHEAD_BYTES = 16 * 1024 * 1024;

export class UploadSink implements FetchSink {
  readonly #options: UploadSinkOptions;
  #upload: Writing | undefined;
  #facts: FetchedFacts | undefined;
  #gathered: Uint8Array[] = [];
  #taken = 0;
  #takenCrc = 0;
  #written = 0;
  #writtenCrc = 0;
  #told = 0;
  #toldAtMs = 0;
  #reserved = 0;

  constructor(options: UploadSinkOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#taken;
  }

  /** Goes on with an upload that there is. False where it cannot: everything begins anew. */
  async resume(id: string, offset: number): Promise<boolean> {
    const { door, user } = this.#options;
    const opened = await door.resume(user, id, offset);
    if (opened === null) return false;
    await this.#open(id, opened);
    return true;
  }

  begun(facts: FetchedFacts): void {
    const length = this.#upload?.opened.length ?? null;
    if (length !== null && facts.size !== length) throw new UploadRefusal('conflict', 'the content has another length');
    this.#facts = facts;
  }

  async write(piece: Uint8Array): Promise<void> {
    this.#gathered.push(piece);
    this.#taken += piece.length;
    this.#takenCrc = crc32(piece, this.#takenCrc);
    if (this.#taken - this.#written >= GATHER_BYTES || this.#isDue()) await this.#flush();
    if (this.#isDue()) await this.#tell();
  }

  /** What came is of other content: it goes, and what comes next is a fresh upload. */
  async restart(): Promise<void> {
    const upload = this.#upload;
    if (upload !== undefined) {
      await this.close();
      await this.#options.onUpload(null, undefined);
      await this.#options.door.terminate(this.#options.user, upload.id);
    }
    this.#gathered = [];
    this.#taken = this.#takenCrc = this.#written = this.#writtenCrc = this.#told = this.#reserved = 0;
  }

  /** All has come: answers with the user's file. Where it rejects, the caller closes. */
  async finish(): Promise<string> {
    await this.#flush();
    const upload = this.#upload ?? (await this.#begin());
    await upload.writer.sync();
    this.#told = this.#written;
    this.#upload = undefined;
    await upload.writer.close();
    const file = await upload.opened.end(this.#written, this.#writtenCrc, true);
    if (file === null) throw new UploadRefusal('unavailable', 'the upload is not finished');
    return file;
  }

  /** Gives the upload back. What was written is kept as far as the disk has it. */
  async close(): Promise<void> {
    const upload = this.#upload;
    if (upload === undefined) return;
    this.#upload = undefined;
    try {
      await upload.writer.sync();
      this.#told = this.#written;
    } finally {
      await upload.writer.close();
      // Where the disk did not take the rest, the offset is one that is known already, and its sum is not looked at.
      await upload.opened.end(this.#told, this.#writtenCrc, false);
    }
  }

  /** Bytes that are safe on the disk. */
  get received(): number {
    return this.#told;
  }

  #isDue(): boolean {
    if (this.#upload === undefined || this.#taken === this.#told) return false;
    const { monotonicMs } = this.#options;
    return this.#taken - this.#told >= PROGRESS_BYTES || monotonicMs() - this.#toldAtMs >= PROGRESS_MS;
  }

  async #flush(): Promise<void> {
    if (this.#gathered.length === 0) return;
    const { id, writer, opened } = this.#upload ?? (await this.#begin());
    if (opened.letGo.aborted) throw letGo();
    await this.#makeRoom(id);
    const pieces = this.#gathered;
    this.#gathered = [];
    await writer.write(pieces, this.#written);
    this.#written = this.#taken;
    this.#writtenCrc = this.#takenCrc;
  }

  async #tell(): Promise<void> {
    const upload = this.#upload;
    if (upload === undefined) return;
    await upload.writer.sync();
    if (!(await upload.opened.progress(this.#written, this.#writtenCrc))) throw letGo();
    this.#told = this.#written;
    this.#toldAtMs = this.#options.monotonicMs();
    await this.#options.onProgress(this.#told);
  }

  async #begin(): Promise<Writing> {
    const { door, user, newId, name, onUpload } = this.#options;
    const id = newId();
    await onUpload(id, this.#facts);
    const { size, name: theirs = 'download' } = this.#facts ?? {};
    // What is said to be empty is so once it has ended.
    const length = size === undefined || size === 0 ? null : size;
    const opened = await door.create(user, id, { name: name === '' ? theirs : name, length });
    return await this.#open(id, opened);
  }

  async #open(id: string, opened: OpenedUpload): Promise<Writing> {
    const { staging, monotonicMs, onLetGo } = this.#options;
    opened.letGo.addEventListener('abort', onLetGo, { once: true });
    if (this.#taken === 0) {
      this.#taken = opened.offset;
      this.#takenCrc = opened.crc32;
    }
    this.#written = this.#told = this.#reserved = opened.offset;
    this.#writtenCrc = opened.crc32;
    this.#toldAtMs = monotonicMs();
    try {
      this.#upload = { id, opened, writer: await staging.writer(id) };
      return this.#upload;
    } catch (error) {
      await opened.end(opened.offset, opened.crc32, false);
      throw error;
    }
  }

  /** What says its length has reserved it at its beginning. */
  async #makeRoom(id: string): Promise<void> {
    if (this.#facts?.size !== undefined || this.#taken <= this.#reserved) return;
    for (const wanted of [this.#taken + AHEAD_BYTES, this.#taken]) {
      if (!(await this.#options.reserve(id, wanted))) continue;
      this.#reserved = wanted;
      return;
    }
    throw new DownloadFault('quota', 'the content does not fit into the quota');
  }
}

function letGo(): UploadRefusal {
  return new UploadRefusal('unavailable', 'somebody else has the upload');
}
