/** One request that brings bytes: asks for the right to write, pours its body to the disk, and says what came. */
import type { Created, Grant, NewUpload, UploadMessage, UploadView } from '../../actors/upload/messages.ts';
import { uploadKind } from '../../actors/upload/messages.ts';
import type { ActiveWriter, Writers } from '../../actors/upload/writers.ts';
import { type Fault, fault } from '../../protocol/faults.ts';
import type { AnswerOf, Reply } from '../../runtime/reply.ts';
import type { Shard } from '../../runtime/shard.ts';
import type { StorageFault } from '../../storage/ports/faults.ts';
import type { Staging } from '../../storage/ports/staging.ts';
import type { Checksum } from './checksum.ts';
import { type Poured, Pouring } from './pouring.ts';

export interface WritingOptions {
  readonly shard: Shard;
  readonly staging: Pick<Staging, 'writer'>;
  readonly writers: Writers;
}

/** What the bytes of a request are about. */
export interface Append {
  readonly offset: number;
  /** How long the whole is, where the client says so now. */
  readonly length: number | null;
  /** Of this request's body; null where it does not say. */
  readonly bytes: number | null;
  readonly checksum: Checksum | null;
  /** The whole ends with this request. */
  readonly last: boolean;
  /** More bytes than there may be end the upload, and not only the request. */
  readonly strict: boolean;
}

/**
 * - `taken`: the bytes came, and count.
 * - `elsewhere`: the upload is at another offset; nothing was read.
 * - `partly`: the request was cut short on either side; what came counts.
 * - `mismatch`: nothing counts, as the checksum is of other bytes.
 * - `refused`: with what the client is told.
 */
export type Appended =
  | { readonly kind: 'taken' | 'partly' | 'mismatch'; readonly view: UploadView }
  | { readonly kind: 'elsewhere'; readonly offset: number; readonly length: number | null }
  | { readonly kind: 'refused'; readonly fault: Fault };

export type Creation =
  | { readonly kind: 'created'; readonly view: UploadView; readonly appended: Appended | null }
  | { readonly kind: 'refused'; readonly fault: Fault; readonly id: string | null };

/** Longest wait for an actor that asks others and the disk. */
const ASK_MS = 60_000;
/** An end may wait until the whole is hashed. */
const END_MS = 65 * 60 * 1_000;
/** Up to here a whole comes in one go, and begins anew if it does not. */
const MAX_PROVISIONAL_BYTES = 16 * 1024 * 1024;

export class Writing {
  readonly #options: WritingOptions;

  constructor(options: WritingOptions) {
    this.#options = options;
  }

  ask<const Q extends UploadMessage>(
    id: string,
    message: Q,
    deadlineMs = ASK_MS,
  ): Promise<Reply<AnswerOf<UploadMessage, Q>>> {
    const { shard } = this.#options;
    return shard.ask(shard.ref(uploadKind, id), message, deadlineMs);
  }

  /** With an `append`, the request's body is the beginning of the upload, or all of it. */
  async create(request: Request, user: string, upload: NewUpload, append: Append | null): Promise<Creation> {
    const { shard, writers } = this.#options;
    const id = shard.host.newId();
    const token = shard.host.newId();
    const whole = isProvisional(upload, append);
    const active = append === null ? undefined : writers.enter(id, token);
    try {
      const writer = active === undefined ? null : { token, thread: shard.thread };
      const reply = await this.ask(id, { type: 'create', user, upload, writer, whole }, END_MS);
      if (!reply.ok) return { kind: 'refused', fault: asFault(reply.fault), id: null };
      const { view, grant }: Created = reply.value;
      if (append === null || active === undefined || grant === null) return { kind: 'created', view, appended: null };
      return { kind: 'created', view, appended: await this.#pour(request, id, active, grant, append) };
    } finally {
      active?.left();
    }
  }

  async append(request: Request, user: string, id: string, append: Append): Promise<Appended> {
    const { shard, writers } = this.#options;
    const token = shard.host.newId();
    const active = writers.enter(id, token);
    const { offset, length, bytes } = append;
    try {
      const writer = { token, thread: shard.thread };
      const reply = await this.ask(id, { type: 'begin', user, offset, writer, length, bytes });
      if (!reply.ok) return { kind: 'refused', fault: asFault(reply.fault) };
      const grant: Grant = reply.value;
      if (!grant.isGranted) return { kind: 'elsewhere', offset: grant.offset, length: grant.length };
      return await this.#pour(request, id, active, grant, append);
    } finally {
      active.left();
    }
  }

  async #pour(request: Request, id: string, active: ActiveWriter, grant: Grant, append: Append): Promise<Appended> {
    active.begun();
    const poured = await this.#toDisk(request, id, active, grant, append);
    const { outcome, offset, crc32 } = poured;
    const reply = await this.ask(
      id,
      {
        type: 'end',
        token: active.token,
        offset,
        crc32,
        last: append.last && outcome === 'complete',
        broken: outcome !== 'complete',
        invalid: outcome === 'too-long' && append.strict,
      },
      END_MS,
    );
    return appendedBy(poured, reply);
  }

  async #toDisk(
    request: Request,
    id: string,
    { token, letGo }: ActiveWriter,
    { offset, crc32, limit }: Grant,
    { bytes, checksum }: Append,
  ): Promise<Poured> {
    const nothing = { offset, crc32, fault: null };
    // What is surely too long is not read at all.
    if (offset + (bytes ?? 0) > limit) return { ...nothing, outcome: 'too-long' };
    if (request.body === null) {
      return { ...nothing, outcome: checksum?.matches() === false ? 'mismatch' : 'complete' };
    }
    const { staging, shard } = this.#options;
    const writer = await staging.writer(id);
    try {
      return await new Pouring(request.body, {
        writer,
        offset,
        crc32,
        limit,
        checksum,
        letGo,
        host: shard.host,
        onProgress: async (reached, crc) => {
          const reply = await this.ask(id, { type: 'progress', token, offset: reached, crc32: crc });
          // Without an answer nothing is lost: it is told again later.
          return !reply.ok || reply.value.goOn;
        },
      }).run();
    } finally {
      await writer.close();
    }
  }
}

/** Nobody could go on with it: the client hears the address when all is over. */
function isProvisional({ length, concat }: NewUpload, append: Append | null): boolean {
  if (append === null || append.checksum !== null || concat !== null) return false;
  return length !== null && length <= MAX_PROVISIONAL_BYTES && append.bytes === length;
}

function appendedBy({ outcome, fault: why }: Poured, reply: Reply<UploadView>): Appended {
  if (why !== null) return { kind: 'refused', fault: diskFault(why) };
  if (outcome === 'too-long') {
    return { kind: 'refused', fault: fault('too_large', 'there are more bytes than the length of the upload') };
  }
  if (!reply.ok) return { kind: 'refused', fault: asFault(reply.fault) };
  if (outcome === 'mismatch') return { kind: 'mismatch', view: reply.value };
  return { kind: outcome === 'complete' ? 'taken' : 'partly', view: reply.value };
}

const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
const RETRY_AFTER_MS = 10_000;

function diskFault({ cause }: StorageFault): Fault {
  const isFull = FULL.has(String((cause as { readonly code?: unknown } | undefined)?.code));
  const text = isFull ? 'the disk of the server is full' : 'the disk of the server does not take the bytes';
  return fault('unavailable', `${text}; what it took counts, and the upload goes on later`, RETRY_AFTER_MS);
}

/** Codes of the runtime and of upload actors are those of the wire. */
function asFault(from: { readonly code: string; readonly message: string; readonly retryAfter?: number }): Fault {
  return fault(from.code as Fault['code'], from.message, from.retryAfter);
}
