/**
 * From the last byte to the file: hash the whole, compare it with what was promised, make it a content, record it. Each
 * step is noted down before the next one, so that whoever takes the upload up again goes on where it was.
 */
import { fault } from '../../protocol/faults.ts';
import type { Context } from '../../runtime/context.ts';
import type { Fault, Reply, ReplyTo } from '../../runtime/reply.ts';
import { stagingAddress } from '../../storage/ports/file-address.ts';
import type { ContentRecord, Finished } from '../../storage/ports/file-records.ts';
import type { LentPart, WholeHashed } from '../../storage/ports/hashing.ts';
import type { UploadVerified } from '../../storage/ports/upload-journal.ts';
import { askTransfers, MAX_WAIT_MS } from '../files/transfers.ts';
import { hasherKind } from '../hasher/messages.ts';
import { askFileRecords } from '../storage/file-records.ts';
import { type UploadMessage, uploadKind } from './messages.ts';
import { FINISHED_TTL_MS, refuse, type UploadHome } from './options.ts';
import { uploaderKind } from './uploader.ts';
import { viewOf } from './view.ts';

/** A whole of many gigabytes that nothing of was hashed before a restart. */
const HASH_DEADLINE_MS = 60 * 60 * 1_000;
const RETRY_MIN_MS = 1_000;
const RETRY_MAX_MS = 60_000;
/** Of four seconds each: as long as an upload's last request may wait. */
const STORED_TRIES = 15;
const NOT_STORED = fault('unavailable', 'the content is safe here and waits for the object store', 5_000);
const GONE = fault('not_found', 'there is no such upload');

/** `verifying` may still be given up; what is being recorded may not. */
type Phase = 'idle' | 'verifying' | 'recording';

export class Finishing {
  readonly #context: Context<UploadMessage>;
  readonly #home: UploadHome;
  #waiting: (ReplyTo | undefined)[] = [];
  #phase: Phase = 'idle';
  #retryMs = RETRY_MIN_MS;
  #isRetrying = false;
  /** Of a final upload, once its parts have said so; a restart asks them again. */
  #parts: readonly LentPart[] | null = null;

  constructor(context: Context<UploadMessage>, home: UploadHome) {
    this.#context = context;
    this.#home = home;
  }

  get phase(): Phase {
    return this.#phase;
  }

  get isBusy(): boolean {
    return this.#phase !== 'idle' || this.#isRetrying;
  }

  /** What the parts of a final upload have lent. */
  withParts(parts: readonly LentPart[]): void {
    this.#parts = parts;
  }

  /** Answers when the file is there, or with why it is not. Whoever asks meanwhile shares the answer. */
  finish(replyTo: ReplyTo | undefined): void {
    this.#waiting.push(replyTo);
    if (this.#phase !== 'idle') return;
    const { verified, file } = this.#home.state();
    if (verified === null) this.#verify();
    else if (file === null) this.#keep(verified);
    else if (!this.#home.options.waitsForStore) this.#settle();
    else this.#move({ hash: verified.sha256, status: 'staged' });
  }

  #verify(): void {
    this.#phase = 'verifying';
    const { created } = this.#home.state();
    if (created.parts === null || this.#parts !== null) return this.#hash(this.#parts);
    lendParts(this.#context, { user: created.user, parts: created.parts }, (reply) => {
      if (reply.ok) this.#hash(reply.value);
      else this.#failForNow(reply.fault);
    });
  }

  #hash(parts: readonly LentPart[] | null): void {
    const { created, length } = this.#home.state();
    const question = {
      type: 'hash-whole',
      id: this.#home.id,
      size: length ?? 0,
      hashes: created.hashes,
      parts,
    } as const;
    this.#context.ask(this.#context.ref(hasherKind, 'all'), question, HASH_DEADLINE_MS, (reply) => {
      if (this.#home.state().ended !== null) this.#fail(GONE);
      else if (reply.ok) this.#compare(reply.value);
      else this.#failForNow(reply.fault);
    });
  }

  #compare(hashed: WholeHashed): void {
    const { created, crc32 } = this.#home.state();
    if (created.sha256 !== null && created.sha256 !== hashed.sha256) {
      const text = `the content has the SHA-256 ${hashed.sha256} and not ${created.sha256}; the upload is gone`;
      return this.#endAs('mismatch', fault('invalid', text));
    }
    if (hashed.crc32 !== (hashed.partsCrc32 ?? crc32)) {
      return this.#endAs('damaged', fault('internal', 'the bytes on the disk are not those that came; upload again'));
    }
    const verified: UploadVerified = {
      type: 'verified',
      sha256: hashed.sha256,
      contentType: hashed.contentType,
      hashes: hashed.others,
      fileId: this.#context.newId(),
      userFileId: this.#context.newId(),
    };
    this.#phase = 'recording';
    this.#home.note(verified, true, (reply) => (reply.ok ? this.#keep(verified) : this.#failForNow(reply.fault)));
  }

  #keep(verified: UploadVerified): void {
    this.#phase = 'recording';
    const { id, options } = this.#home;
    this.#home.onDisk(options.staging.keep(id, this.#home.state().length ?? 0), (reply) => {
      if (reply.ok) this.#record(verified);
      else this.#failForNow(reply.fault);
    });
  }

  #record(verified: UploadVerified): void {
    const { id, options } = this.#home;
    const { created, length } = this.#home.state();
    const finished = {
      user: created.user,
      // What has parts was reserved by them; a part that is in it twice was reserved once.
      uploadId: created.parts === null ? id : null,
      fileId: verified.fileId,
      userFileId: verified.userFileId,
      hash: verified.sha256,
      size: length ?? 0,
      name: created.name,
      type: verified.contentType,
      address: stagingAddress(options.node, id),
      at: this.#context.wallMs(),
      hashes: verified.hashes,
      quotaBytes: new Set(created.parts).size === (created.parts?.length ?? 0) ? 0 : options.quotaBytes,
    };
    askFileRecords(this.#context, 'finish', [finished], (reply) => {
      if (!reply.ok) this.#failForNow(reply.fault);
      else if (reply.value === null) this.#overQuota();
      else this.#recorded(reply.value);
    });
  }

  #overQuota(): void {
    this.#home.onDisk(this.#home.options.staging.free(this.#home.id), () =>
      this.#endAs('invalid', fault('too_large', 'the file does not fit into your quota')),
    );
  }

  #recorded({ file, content }: Finished): void {
    const { id, options } = this.#home;
    const note = (): void => {
      const expiresAt = this.#context.wallMs() + FINISHED_TTL_MS;
      // Should this get lost, recording it again under the same ids changes nothing.
      this.#home.note({ type: 'finished', file: file.id, expiresAt }, false, (reply) => {
        if (!reply.ok) return this.#failForNow(reply.fault);
        this.#tellOthers();
        this.#move(content);
      });
    };
    // Equal content is kept once, wherever it came from first.
    if (content.address === stagingAddress(options.node, id)) note();
    else this.#home.onDisk(options.staging.free(id), (reply) => (reply.ok ? note() : this.#failForNow(reply.fault)));
  }

  /** The transfer finds by itself what it was not told of: it looks for staged contents from time to time. */
  #move({ hash, status }: Pick<ContentRecord, 'hash' | 'status'>): void {
    this.#phase = 'recording';
    if (status === 'stored') return this.#settle();
    askTransfers(this.#context, 'enqueue', [hash], (reply) => {
      if (!this.#home.options.waitsForStore) return;
      if (reply.ok) this.#awaitStored(hash, STORED_TRIES);
      else this.#failForNow(reply.fault);
    });
    if (!this.#home.options.waitsForStore) this.#settle();
  }

  #awaitStored(hash: string, triesLeft: number): void {
    askTransfers(this.#context, 'whenStored', [hash, MAX_WAIT_MS], (reply) => {
      if (reply.ok && reply.value) this.#settle();
      else if (triesLeft > 0) this.#awaitStored(hash, triesLeft - 1);
      else this.#failForNow(reply.ok ? NOT_STORED : reply.fault);
    });
  }

  #tellOthers(): void {
    const { created } = this.#home.state();
    this.#context.tell(this.#context.ref(uploaderKind, created.user), { type: 'left', upload: this.#home.id });
    for (const part of created.parts ?? []) {
      this.#context.tell(this.#context.ref(uploadKind, part), { type: 'used', user: created.user });
    }
  }

  #settle(): void {
    this.#phase = 'idle';
    const view = viewOf(this.#home.state());
    for (const replyTo of this.#take()) replyTo?.settle(view, undefined);
  }

  #endAs(reason: 'mismatch' | 'damaged' | 'invalid', why: Fault): void {
    this.#home.end(reason, () => this.#fail(why));
  }

  #fail(why: Fault): void {
    this.#phase = 'idle';
    for (const replyTo of this.#take()) refuse(replyTo, why);
  }

  /** Whatever is missing may come back; the client may ask again, and need not. */
  #failForNow(why: Fault): void {
    this.#fail(why);
    this.#isRetrying = true;
    this.#context.after(this.#retryMs, () => {
      this.#isRetrying = false;
      if (this.#phase === 'idle' && this.#home.state().ended === null) this.finish(undefined);
    });
    this.#retryMs = Math.min(RETRY_MAX_MS, 2 * this.#retryMs);
  }

  #take(): (ReplyTo | undefined)[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    return waiting;
  }
}

/** Asks each part in turn what it has; the first that cannot lend ends it. */
export function lendParts(
  context: Context<UploadMessage>,
  { user, parts }: { readonly user: string; readonly parts: readonly string[] },
  then: (reply: Reply<readonly LentPart[]>) => void,
): void {
  const lent: LentPart[] = [];
  const next = (): void => {
    const id = parts[lent.length];
    if (id === undefined) return then({ ok: true, value: lent });
    context.ask(context.ref(uploadKind, id), { type: 'lend', user }, LEND_DEADLINE_MS, (reply) => {
      if (!reply.ok) return then(reply);
      lent.push({ id, ...reply.value });
      next();
    });
  };
  next();
}

const LEND_DEADLINE_MS = 15_000;
