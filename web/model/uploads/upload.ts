import { type DetailedError, Upload as TusUpload } from 'tus-js-client';
import { Observable } from '../observable.ts';
import { hashed } from './hashing.ts';
import { instantly, MIN_INSTANT_BYTES } from './instant.ts';
import { Speed } from './speed.ts';

export type UploadState = 'waiting' | 'checking' | 'sending' | 'paused' | 'finishing' | 'done' | 'failed';

/** Larger files are sent while they are hashed, and the server is not asked whether it has them. */
const MAX_CHECKED_BYTES = 512 * 1024 * 1024;
const PARALLEL_FROM_BYTES = 64 * 1024 * 1024;
const PARALLEL_PARTS = 3;
const RETRY_MS = [0, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 30_000, 30_000, 30_000];
const FILE_HEADER = 'Mailroom-File';

export interface UploadOptions {
  readonly id: string;
  readonly file: File;
  /** Room that it is for. */
  readonly room: string | undefined;
  readonly token: () => string;
  readonly onEnd: (upload: Upload) => void;
}

/** One file on its way to the server. */
export class Upload extends Observable {
  readonly id: string;
  readonly file: File;
  readonly room: string | undefined;
  state: UploadState = 'waiting';
  /** Bytes that the server has, or that were hashed while it is being checked. */
  bytes = 0;
  /** The server had the content already. */
  instant = false;
  /** The user's file, once it is done. */
  fileId: string | undefined;
  /** Why it failed, for people. */
  problem: string | undefined;
  readonly speed = new Speed();
  readonly #options: UploadOptions;
  #stopping = new AbortController();
  #tus: TusUpload | undefined;
  #sha256: string | undefined;

  constructor(options: UploadOptions) {
    super();
    this.#options = options;
    this.id = options.id;
    this.file = options.file;
    this.room = options.room;
  }

  get isOpen(): boolean {
    return this.state !== 'done' && this.state !== 'failed';
  }

  /** Begins, or goes on after a pause or a failure. */
  async start(): Promise<void> {
    this.problem = undefined;
    // At once: whoever looks for uploads that wait must not find this one a second time.
    this.#set(this.#isChecked ? 'checking' : 'sending');
    this.#stopping = new AbortController();
    const { signal } = this.#stopping;
    try {
      if (await this.#wasInstant(signal)) return;
      if (!signal.aborted) await this.#send();
    } catch (error) {
      if (!signal.aborted) this.#fail(error instanceof Error ? error.message : 'The upload failed.');
    }
  }

  async pause(): Promise<void> {
    this.#stopping.abort();
    this.#set('paused');
    this.speed.reset();
    await this.#tus?.abort();
  }

  /** Stops for good and lets the server forget what it has. */
  async cancel(): Promise<void> {
    this.#stopping.abort();
    this.#end('failed');
    await this.#tus?.abort(true);
  }

  /** Whether it is hashed first, and the server asked for it. What is being sent already goes on being sent. */
  get #isChecked(): boolean {
    const { size } = this.file;
    return size >= MIN_INSTANT_BYTES && size <= MAX_CHECKED_BYTES && this.#tus === undefined;
  }

  /** Whether the server had the content and has given it to the user. */
  async #wasInstant(signal: AbortSignal): Promise<boolean> {
    if (!this.#isChecked) return false;
    const onBytes = (bytes: number) => this.#progress(bytes);
    this.#sha256 ??= await hashed({ type: 'hash', file: this.file }, signal, onBytes);
    const id = await instantly(this.file, this.#sha256, this.#options.token(), signal).catch(() => undefined);
    if (signal.aborted || id === undefined) return false;
    this.instant = true;
    this.#finish(id);
    return true;
  }

  async #send(): Promise<void> {
    this.speed.reset();
    this.#set('sending');
    if (this.#tus === undefined) {
      this.#tus = this.#newTus();
      const [previous] = await this.#tus.findPreviousUploads();
      if (previous !== undefined) this.#tus.resumeFromPreviousUpload(previous);
    }
    if (this.state === 'sending') this.#tus.start();
  }

  #newTus(): TusUpload {
    const { file } = this;
    const metadata = {
      filename: file.name,
      filetype: file.type,
      ...(this.#sha256 === undefined ? {} : { sha256: this.#sha256 }),
    };
    return new TusUpload(file, {
      endpoint: '/v1/uploads',
      metadata,
      retryDelays: RETRY_MS,
      parallelUploads: file.size >= PARALLEL_FROM_BYTES ? PARALLEL_PARTS : 1,
      removeFingerprintOnSuccess: true,
      uploadDataDuringCreation: file.size < MIN_INSTANT_BYTES,
      onBeforeRequest: (request) => request.setHeader('Authorization', `Bearer ${this.#options.token()}`),
      onAfterResponse: (_, response) => {
        this.fileId = response.getHeader(FILE_HEADER) ?? this.fileId;
      },
      onProgress: (bytes) => this.#progress(bytes),
      onSuccess: () => void this.#sent(),
      onError: (error) => this.#fail(explained(error as Error | DetailedError)),
    });
  }

  /** Everything is there; the server may still be looking through it. */
  async #sent(): Promise<void> {
    this.#set('finishing');
    if (this.fileId === undefined && this.#tus?.url !== null) {
      const headers = { authorization: `Bearer ${this.#options.token()}`, 'tus-resumable': '1.0.0' };
      const response = await fetch(this.#tus?.url ?? '', { method: 'HEAD', headers });
      this.fileId = response.headers.get(FILE_HEADER) ?? undefined;
    }
    if (this.fileId === undefined) this.#fail('The server has the bytes, but made no file of them. Please try again.');
    else this.#finish(this.fileId);
  }

  #finish(id: string): void {
    this.fileId = id;
    this.bytes = this.file.size;
    this.#end('done');
  }

  #fail(problem: string): void {
    this.problem = problem;
    this.#end('failed');
  }

  #end(state: 'done' | 'failed'): void {
    if (!this.isOpen) return;
    this.#set(state);
    this.#options.onEnd(this);
  }

  #progress(bytes: number): void {
    this.bytes = bytes;
    this.speed.add(bytes, performance.now());
    this.changed();
  }

  #set(state: UploadState): void {
    this.state = state;
    this.changed();
  }
}

/** What the server said of it, or that it cannot be reached. */
function explained(error: Error | DetailedError): string {
  const body = 'originalResponse' in error ? error.originalResponse?.getBody() : undefined;
  try {
    const { title, detail } = JSON.parse(body ?? '') as { title?: string; detail?: string };
    return detail ?? title ?? 'The server refused the upload.';
  } catch {
    return body === undefined || body === '' ? 'The server cannot be reached.' : 'The server refused the upload.';
  }
}
