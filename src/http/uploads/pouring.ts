/**
 * A request's body on its way to the disk: small pieces are gathered, one write is under way while the next bytes come, and
 * from time to time everything is flushed and told, so that a crash costs little.
 */
import { crc32 } from 'node:zlib';
import type { Host } from '../../runtime/host.ts';
import { StorageFault } from '../../storage/ports/faults.ts';
import type { StagedWriter } from '../../storage/ports/staging.ts';
import type { Checksum } from './checksum.ts';

/**
 * - `complete`: the body came to its end.
 * - `broken`: the client went away, or stood still for too long.
 * - `sent-away`: a newer request wants the upload.
 * - `too-long`: there are more bytes than the upload may have.
 * - `mismatch`: the checksum is of other bytes.
 * - `fault`: the disk did not take them.
 */
export type PouringOutcome = 'complete' | 'broken' | 'sent-away' | 'too-long' | 'mismatch' | 'fault';

export interface Poured {
  readonly outcome: PouringOutcome;
  /** All bytes below are on the disk and count. */
  readonly offset: number;
  readonly crc32: number;
  readonly fault: StorageFault | null;
}

export interface PouringOptions {
  readonly writer: StagedWriter;
  readonly offset: number;
  readonly crc32: number;
  readonly limit: number;
  readonly checksum: Checksum | null;
  readonly letGo: AbortSignal;
  readonly host: Pick<Host, 'setTimer'>;
  /** Bytes below the offset are on the disk. False: somebody else writes now. */
  readonly onProgress: (offset: number, crc32: number) => Promise<boolean>;
}

/** Written at once. One such piece is being written while the next is gathered. */
const GATHER_BYTES = 1024 * 1024;
const PROGRESS_BYTES = 256 * 1024 * 1024;
const STALL_MS = 60_000;

export class Pouring {
  readonly #options: PouringOptions;
  readonly #body: ReadableStreamDefaultReader<Uint8Array>;
  #outcome: PouringOutcome = 'complete';
  #fault: StorageFault | null = null;
  #gathered: Uint8Array[] = [];
  #gatheredBytes = 0;
  /** Of what was gathered last, as the one after which the next follows. */
  #taken: number;
  #takenCrc: number;
  #written: number;
  #writtenCrc: number;
  #told: number;
  #toldCrc: number;
  #write: Promise<void> | undefined;
  #telling: Promise<void> | undefined;
  #cameLately = true;

  constructor(body: ReadableStream<Uint8Array>, options: PouringOptions) {
    this.#options = options;
    this.#body = body.getReader();
    this.#taken = this.#written = this.#told = options.offset;
    this.#takenCrc = this.#writtenCrc = this.#toldCrc = options.crc32;
  }

  async run(): Promise<Poured> {
    const { letGo } = this.#options;
    const sendAway = (): void => this.#stop('sent-away');
    letGo.addEventListener('abort', sendAway, { once: true });
    let cancelTimer = this.#watch((cancel) => {
      cancelTimer = cancel;
    });
    try {
      if (letGo.aborted) sendAway();
      await this.#read();
      await this.#flush();
      await this.#write;
      await this.#telling;
    } finally {
      cancelTimer();
      letGo.removeEventListener('abort', sendAway);
    }
    return await this.#result();
  }

  async #read(): Promise<void> {
    while (this.#outcome === 'complete') {
      let next: { readonly done: boolean; readonly value?: Uint8Array | undefined };
      try {
        next = await this.#body.read();
      } catch {
        // Whatever came before is kept; the client finds out how much that is.
        return this.#stop('broken');
      }
      if (next.done || next.value === undefined) return;
      this.#cameLately = true;
      await this.#take(next.value);
    }
  }

  async #take(bytes: Uint8Array): Promise<void> {
    if (this.#taken + bytes.length > this.#options.limit) return this.#stop('too-long');
    this.#options.checksum?.update(bytes);
    this.#gathered.push(bytes);
    this.#gatheredBytes += bytes.length;
    this.#taken += bytes.length;
    this.#takenCrc = crc32(bytes, this.#takenCrc);
    if (this.#gatheredBytes >= GATHER_BYTES) await this.#flush();
  }

  /** Waits for the write before and begins the next. */
  async #flush(): Promise<void> {
    await this.#write;
    if (this.#gatheredBytes === 0 || this.#fault !== null) return;
    const pieces = this.#gathered;
    const [end, endCrc, at] = [this.#taken, this.#takenCrc, this.#written];
    this.#gathered = [];
    this.#gatheredBytes = 0;
    this.#write = this.#options.writer.write(pieces, at).then(
      () => {
        this.#written = end;
        this.#writtenCrc = endCrc;
        this.#maybeTell();
      },
      (error: unknown) => this.#failed(error),
    );
  }

  /** What has a checksum counts as a whole or not at all. */
  #maybeTell(): void {
    if (this.#options.checksum !== null || this.#telling !== undefined) return;
    if (this.#written - this.#told < PROGRESS_BYTES) return;
    const [offset, crc] = [this.#written, this.#writtenCrc];
    this.#telling = this.#tell(offset, crc).then(
      () => {
        this.#telling = undefined;
      },
      (error: unknown) => this.#failed(error),
    );
  }

  async #tell(offset: number, crc: number): Promise<void> {
    const { writer, onProgress } = this.#options;
    await writer.sync();
    if (!(await onProgress(offset, crc))) return this.#stop('sent-away');
    this.#told = offset;
    this.#toldCrc = crc;
  }

  #failed(error: unknown): void {
    if (!(error instanceof StorageFault)) throw error;
    this.#fault = error;
    this.#stop('fault');
  }

  #stop(outcome: PouringOutcome): void {
    if (this.#outcome !== 'complete') return;
    this.#outcome = outcome;
    // Ends the read that waits; the rest of the body is nobody's any more, and its trouble neither.
    this.#body.cancel().catch(() => undefined);
  }

  /** Ends a request whose client has fallen silent. */
  #watch(renewed: (cancel: () => void) => void): () => void {
    return this.#options.host.setTimer(STALL_MS, () => {
      if (!this.#cameLately) return this.#stop('broken');
      this.#cameLately = false;
      renewed(this.#watch(renewed));
    });
  }

  async #result(): Promise<Poured> {
    const { checksum, writer } = this.#options;
    if (this.#outcome === 'complete' && checksum?.matches() === false) this.#outcome = 'mismatch';
    const isDiscarded = this.#outcome === 'too-long' || (checksum !== null && this.#outcome !== 'complete');
    if (!isDiscarded && this.#written > this.#told) {
      try {
        await writer.sync();
        this.#told = this.#written;
        this.#toldCrc = this.#writtenCrc;
      } catch (error) {
        this.#failed(error);
      }
    }
    return { outcome: this.#outcome, offset: this.#told, crc32: this.#toldCrc, fault: this.#fault };
  }
}
