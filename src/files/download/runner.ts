/**
 * One run of one download: takes it up where its record and its upload say, fetches, and says how that ended. Everything may
 * be repeated: a run that was cut short anywhere is gone on with by the next one.
 */

import type { DownloadChange, DownloadRecord, DownloadState, Downloads } from '../../storage/ports/downloads.ts';
import { StorageFault } from '../../storage/ports/faults.ts';
import type { Staging } from '../../storage/ports/staging.ts';
import { DownloadFault, type DownloadProblem } from './download-fault.ts';
import type { Egress } from './egress.ts';
import { type FetchedFacts, type FetchLimits, fetchInto } from './fetch-into.ts';
import { type UploadDoor, UploadRefusal } from './upload-door.ts';
import { UploadSink } from './upload-sink.ts';

type Asked<F> = F extends (...args: infer A) => infer R ? (...args: A) => Promise<Awaited<R>> : never;

/** The records of downloads, each method of which answers later. */
export type DownloadRecords = { readonly [O in Exclude<keyof Downloads, 'close'>]: Asked<Downloads[O]> };

export interface RunOptions {
  readonly records: DownloadRecords;
  readonly door: UploadDoor;
  readonly staging: Pick<Staging, 'writer'>;
  readonly newId: () => string;
  readonly wallMs: () => number;
  readonly monotonicMs: () => number;
  /** Room in the user's quota, for uploads whose length nobody knows. */
  readonly reserve: (user: string, upload: string, bytes: number) => Promise<boolean>;
  /** As of now: the machine's own addresses may change. */
  readonly egress: () => Egress;
  readonly limits: FetchLimits;
  /** The record has changed; its user may be told. */
  readonly onChanged: (record: DownloadRecord) => void;
}

/**
 * - `done`: there is nothing left to do; the record says what became of it.
 * - `stopped`: it was told to stop.
 * - `failed`: for now, or for good where `mayPass` is false.
 */
export type RunEnding =
  | { readonly kind: 'done' | 'stopped' }
  | {
      readonly kind: 'failed';
      readonly problem: DownloadProblem;
      readonly mayPass: boolean;
      readonly reason: string;
    };

const MAX_VALIDATOR_BYTES = 1_024;

/** Defects are thrown. */
export async function runDownload(options: RunOptions, id: string, signal: AbortSignal): Promise<RunEnding> {
  const run = new Run(options, signal);
  try {
    return await run.run(id);
  } catch (error) {
    return run.isStopped ? { kind: 'stopped' } : endingOf(error);
  }
}

class Run {
  readonly #options: RunOptions;
  /** Told from outside, or by whoever else needs the upload. */
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  #gone = false;

  constructor(options: RunOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = AbortSignal.any([signal, this.#stop.signal]);
  }

  get isStopped(): boolean {
    return this.#gone || this.#signal.aborted;
  }

  async run(id: string): Promise<RunEnding> {
    const found = await this.#options.records.download(id);
    if (found === null) return { kind: 'done' };
    const record = await this.#changed(found, { state: 'running' }, ['queued', 'running']);
    if (record === null) return { kind: 'done' };
    const state = record.upload === null ? null : await this.#options.door.look(record.user, record.upload);
    if (state !== null && state.file !== null) return await this.#finished(record, state.file, state.offset);
    const sink = this.#sinkFor(record);
    try {
      const resumes =
        record.upload !== null && state !== null && (await this.#resume(sink, record.upload, state.offset));
      if (record.upload !== null && !resumes) await this.#drop(record);
      const facts = await this.#fetch(record, sink, resumes);
      this.#signal.throwIfAborted();
      return await this.#finished(record, await sink.finish(), facts.size ?? sink.size);
    } catch (error) {
      await this.#failed(record, sink, error);
      throw error;
    }
  }

  /** Without a validator nobody can tell whether the content is still the same. */
  async #resume(sink: UploadSink, upload: string, offset: number): Promise<boolean> {
    return offset > 0 && (await sink.resume(upload, offset));
  }

  async #fetch(record: DownloadRecord, sink: UploadSink, resumes: boolean): Promise<FetchedFacts> {
    const { egress, limits } = this.#options;
    const { url, validator } = record;
    const going = resumes && validator !== null ? { validator } : {};
    return await fetchInto(url, sink, { egress: egress(), limits, signal: this.#signal, ...going });
  }

  #sinkFor(record: DownloadRecord): UploadSink {
    const { door, staging, newId, monotonicMs, reserve } = this.#options;
    return new UploadSink({
      user: record.user,
      name: record.name,
      door,
      staging,
      newId,
      monotonicMs,
      reserve: (upload, bytes) => reserve(record.user, upload, bytes),
      onUpload: (upload, facts) => this.#note(record, { upload, received: 0, ...factsToKeep(record, facts) }),
      onProgress: (received) => this.#note(record, { received }),
      onLetGo: () => this.#stop.abort(),
    });
  }

  async #drop({ user, upload }: DownloadRecord): Promise<void> {
    if (upload !== null) await this.#options.door.terminate(user, upload);
  }

  /** Rejects where somebody has paused or cancelled it meanwhile. */
  async #note(record: DownloadRecord, change: DownloadChange): Promise<void> {
    if ((await this.#changed(record, change, ['running'])) !== null) return;
    this.#gone = true;
    throw new DownloadFault('stopped', 'the download is not to go on');
  }

  /** The file is there whatever was wanted meanwhile: only who has cancelled is not told of it. */
  async #finished(record: DownloadRecord, file: string, size: number): Promise<RunEnding> {
    const done = { state: 'done', file, size, received: size, problem: '' } as const;
    await this.#changed(record, done, ['queued', 'running', 'paused']);
    return { kind: 'done' };
  }

  async #failed(record: DownloadRecord, sink: UploadSink, error: unknown): Promise<void> {
    await sink.close();
    if (error instanceof UploadRefusal && error.code === 'conflict') {
      await this.#drop(record);
      await this.#changed(record, { upload: null, received: 0, validator: null }, ['running', 'paused']);
    } else if (sink.received > 0) {
      await this.#changed(record, { received: sink.received }, ['running', 'paused']);
    }
  }

  async #changed(
    { id }: DownloadRecord,
    change: DownloadChange,
    from: readonly DownloadState[],
  ): Promise<DownloadRecord | null> {
    const { records, wallMs, onChanged } = this.#options;
    const changed = await records.change(id, from, change, wallMs());
    if (changed !== null) onChanged(changed);
    return changed;
  }
}

function factsToKeep(record: DownloadRecord, facts: FetchedFacts | undefined): DownloadChange {
  if (facts === undefined) return { validator: null, size: null };
  const { size = null, name, validator = null } = facts;
  const fits = validator !== null && Buffer.byteLength(validator) <= MAX_VALIDATOR_BYTES;
  return { size, validator: fits ? validator : null, ...(record.name === '' ? { name } : {}) };
}

/** Rethrows defects. */
function endingOf(error: unknown): RunEnding {
  if (error instanceof DownloadFault) {
    const { problem, mayPass, message } = error;
    return { kind: 'failed', problem, mayPass, reason: message };
  }
  if (error instanceof UploadRefusal) {
    // Its length is below every other bound.
    if (error.code === 'too_large') return failed('quota', false, error.message);
    return failed('storage', true, error.message);
  }
  if (error instanceof StorageFault) return failed('storage', true, error.message);
  throw error;
}

function failed(problem: DownloadProblem, mayPass: boolean, reason: string): RunEnding {
  return { kind: 'failed', problem, mayPass, reason };
}
