/**
 * The upload: which bytes have come, who may write more, and what becomes of the whole.
 *
 * Owns the upload's journal and the right to write: one request has it at a time, and a newer one takes it away. The bytes
 * themselves go from the request to the disk. Talks to the hasher and the file records. What the journal says survives.
 */
import { fault } from '../../protocol/faults.ts';
import type { Context } from '../../runtime/context.ts';
import type { Actor, Behaviour } from '../../runtime/kind.ts';
import type { Reply, ReplyTo } from '../../runtime/reply.ts';
import { applyEntry, replayJournal, type UploadEntry, type UploadState } from '../../storage/ports/upload-journal.ts';
import { hasherKind } from '../hasher/messages.ts';
import { askFileRecords } from '../storage/file-records.ts';
import { asFault } from '../storage/reply.ts';
import { Beginning } from './beginning.ts';
import { Finishing } from './finishing.ts';
import type { Begin, CreateUpload, End, Lend, Look, Progress, Terminate, UploadMessage, Used } from './messages.ts';
import { refuse, type UploadHome, type UploadOptions } from './options.ts';
import { uploaderKind } from './uploader.ts';
import { isPartial, isWhole, viewOf } from './view.ts';
import { WritingRight } from './writing-right.ts';

export function upload(options: UploadOptions): Behaviour<UploadMessage> {
  return (context) => new Upload(context, options);
}

const GONE = fault('not_found', 'there is no such upload');
const BUSY = fault('unavailable', 'another request writes to this upload and does not let go', 1_000);

class Upload implements Actor<UploadMessage>, UploadHome {
  readonly options: UploadOptions;
  readonly #context: Context<UploadMessage>;
  readonly #finishing: Finishing;
  readonly #right: WritingRight;
  #state: UploadState | null = null;
  /** Nothing has been promised to the client that would have to survive. */
  #isProvisional = false;
  #isBeginning = false;

  constructor(context: Context<UploadMessage>, options: UploadOptions) {
    this.#context = context;
    this.options = options;
    this.#finishing = new Finishing(context, this);
    this.#right = new WritingRight(context, options.threads);
  }

  get id(): string {
    return this.#context.self.id;
  }

  started(): void {
    this.onDisk(this.options.staging.journal(this.id), (reply) => {
      if (!reply.ok) throw new Error(`the journal of upload ${this.id} cannot be read: ${reply.fault.message}`);
      this.#state = replayJournal(reply.value ?? []);
    });
  }

  receive(message: UploadMessage): void {
    const replyTo = this.#context.replyTo();
    switch (message.type) {
      case 'create':
        return this.#create(message, replyTo);
      case 'look':
        return this.#look(message, replyTo);
      case 'begin':
        return this.#begin(message, replyTo);
      case 'progress':
        return this.#progress(message, replyTo);
      case 'end':
        return this.#end(message, replyTo);
      case 'terminate':
        return this.#terminate(message, replyTo);
      case 'lend':
        return this.#lend(message, replyTo);
      case 'used':
        return this.#used(message);
      case 'wake':
        return this.#wake();
    }
  }

  mayPassivate(): boolean {
    return !this.#right.isTaken && !this.#finishing.isBusy && !this.#isBeginning;
  }

  summary(): Readonly<Record<string, unknown>> {
    if (this.#state === null) return { exists: false };
    const { offset, length, file } = this.#state;
    return {
      offset,
      length,
      isWritten: this.#right.isTaken,
      phase: this.#finishing.phase,
      isFinished: file !== null,
    };
  }

  // ── for the helpers ────────────────────────────────────────────────────────────────────────────────────────────────

  state(): UploadState {
    if (this.#state === null) throw new Error(`there is no upload ${this.id}`);
    return this.#state;
  }

  note(entry: UploadEntry, durable: boolean, then: (reply: Reply<undefined>) => void): void {
    this.onDisk(this.options.staging.append(this.id, entry, durable && !this.#isProvisional), (reply) => {
      if (reply.ok) this.#state = applyEntry(this.state(), entry);
      then(reply.ok ? { ok: true, value: undefined } : reply);
    });
  }

  onDisk<T>(work: Promise<T>, then: (reply: Reply<T>) => void): void {
    this.#context.suspend();
    this.#context.pipe(work, (outcome) => {
      this.#context.resume();
      then('value' in outcome ? { ok: true, value: outcome.value } : { ok: false, fault: asFault(outcome.error) });
    });
  }

  end(reason: NonNullable<UploadState['ended']>, then: () => void): void {
    this.note({ type: 'ended', reason }, true, (reply) => {
      if (reply.ok) this.#cleanUp(then);
      else then();
    });
  }

  // ── handlers ───────────────────────────────────────────────────────────────────────────────────────────────────────

  #create(message: CreateUpload, replyTo: ReplyTo | undefined): void {
    if (this.#state !== null || this.#isBeginning) return refuse(replyTo, fault('conflict', 'there is such an upload'));
    this.#isBeginning = true;
    new Beginning(this.#context, this).begin(message, (reply) => {
      this.#isBeginning = false;
      if (!reply.ok) return refuse(replyTo, reply.fault);
      const { state, parts } = reply.value;
      this.#state = state;
      this.#right.begin();
      this.#isProvisional = message.whole;
      if (parts !== null) this.#finishing.withParts(parts);
      this.#created(message, replyTo);
    });
  }

  #created({ writer }: CreateUpload, replyTo: ReplyTo | undefined): void {
    const state = this.state();
    if (isWhole(state) && !isPartial(state)) return this.#finishing.finish(asCreated(replyTo));
    if (writer === null) return replyTo?.settle({ view: viewOf(state), grant: null }, undefined);
    this.#right.give(writer);
    replyTo?.settle({ view: viewOf(state), grant: this.#grant() }, undefined);
  }

  #look({ user }: Look, replyTo: ReplyTo | undefined): void {
    this.#alone(user, replyTo, (state) => replyTo?.settle(viewOf(state), undefined));
  }

  #begin(message: Begin, replyTo: ReplyTo | undefined): void {
    this.#alone(message.user, replyTo, (state) => {
      if (state.created.parts !== null) {
        return refuse(replyTo, fault('forbidden', 'a final upload takes no bytes: it is made of its parts'));
      }
      if (message.offset !== state.offset) {
        return replyTo?.settle({ ...this.#grant(), limit: 0, isGranted: false }, undefined);
      }
      this.#sayLength(message, replyTo, () =>
        this.#makeRoom(message, replyTo, () => {
          this.#right.give(message.writer);
          replyTo?.settle(this.#grant(), undefined);
        }),
      );
    });
  }

  /** What the client did not say at the beginning it may say later, once. */
  #sayLength({ length }: Begin, replyTo: ReplyTo | undefined, then: () => void): void {
    const state = this.state();
    if (length === null || length === state.length) return then();
    if (state.length !== null) return refuse(replyTo, fault('invalid', `the upload has ${state.length} bytes`));
    if (length < state.offset) return refuse(replyTo, fault('invalid', `${state.offset} bytes have come already`));
    if (length > this.options.maxSize) return refuse(replyTo, this.#tooLarge());
    this.note({ type: 'length', length }, true, (reply) => (reply.ok ? then() : refuse(replyTo, reply.fault)));
  }

  /** Of an upload whose length nobody knows, what comes now is reserved before it comes. */
  #makeRoom({ length, bytes }: Begin, replyTo: ReplyTo | undefined, then: () => void): void {
    const state = this.state();
    const isReserved = state.length !== null && length === null;
    if (isReserved || state.file !== null) return then();
    const wanted = state.length ?? state.offset + Math.min(bytes ?? UNSAID_BYTES, this.options.maxSize - state.offset);
    const reservation = [state.created.user, this.id, wanted, this.options.quotaBytes] as const;
    askFileRecords(this.#context, 'reserve', [...reservation], (reply) => {
      if (!reply.ok) refuse(replyTo, reply.fault);
      else if (reply.value) then();
      else refuse(replyTo, fault('too_large', 'the upload does not fit into your quota'));
    });
  }

  #progress({ token, offset, crc32 }: Progress, replyTo: ReplyTo | undefined): void {
    if (!this.#right.has(token)) return replyTo?.settle({ goOn: false }, undefined);
    this.#received(offset, crc32, (reply) => {
      if (reply.ok) replyTo?.settle({ goOn: this.#right.has(token) }, undefined);
      else refuse(replyTo, reply.fault);
    });
  }

  #end(message: End, replyTo: ReplyTo | undefined): void {
    if (!this.#right.has(message.token)) {
      return refuse(replyTo, fault('conflict', 'a newer request has taken the upload over'));
    }
    this.#right.drop();
    if (message.invalid) {
      const why = fault('invalid', 'the upload got more than its length and is gone');
      return this.end('invalid', () => refuse(replyTo, why));
    }
    this.#received(message.offset, message.crc32, (reply) => {
      if (!reply.ok) return refuse(replyTo, reply.fault);
      if (message.last && this.state().length === null) {
        return this.note({ type: 'length', length: message.offset }, true, (noted) => {
          if (noted.ok) this.#ended(message, replyTo);
          else refuse(replyTo, noted.fault);
        });
      }
      this.#ended(message, replyTo);
    });
  }

  #ended({ broken }: End, replyTo: ReplyTo | undefined): void {
    const state = this.state();
    if (isWhole(state) && !isPartial(state)) return this.#finishing.finish(replyTo);
    if (broken && this.#isProvisional) return this.end('terminated', () => refuse(replyTo, GONE));
    replyTo?.settle(viewOf(state), undefined);
  }

  #terminate({ user }: Terminate, replyTo: ReplyTo | undefined): void {
    this.#alone(user, replyTo, () => {
      if (this.#finishing.phase === 'recording')
        return refuse(replyTo, fault('unavailable', 'it is being finished', 1_000));
      this.end('terminated', () => replyTo?.settle({}, undefined));
    });
  }

  #lend({ user }: Lend, replyTo: ReplyTo | undefined): void {
    this.#alone(user, replyTo, (state) => {
      const { offset, crc32 } = state;
      if (!isPartial(state) || state.used) refuse(replyTo, fault('invalid', `${this.id} is no partial upload`));
      else if (!isWhole(state)) refuse(replyTo, fault('invalid', `the partial upload ${this.id} is not whole`));
      else replyTo?.settle({ size: offset, crc32 }, undefined);
    });
  }

  #used({ user }: Used): void {
    const state = this.#state;
    if (state?.created.user !== user || state.used || state.ended !== null) return;
    this.#context.tell(this.#context.ref(uploaderKind, user), { type: 'left', upload: this.id });
    this.note({ type: 'used' }, false, (reply) => {
      if (reply.ok) this.onDisk(this.options.staging.discardBytes(this.id), () => this.#release(() => undefined));
    });
  }

  #wake(): void {
    const state = this.#state;
    if (state === null || this.#right.isTaken || this.#finishing.isBusy) return;
    if (state.ended !== null) return this.#cleanUp(() => undefined);
    if (this.#isExpired()) return this.end('expired', () => undefined);
    if (state.file !== null || state.used) return;
    this.#context.tell(this.#context.ref(uploaderKind, state.created.user), { type: 'has', upload: this.id });
    if (isWhole(state) && !isPartial(state)) this.#finishing.finish(undefined);
  }

  // ── helpers ────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Calls `then` when nobody writes, for the upload's own user; others learn nothing. */
  #alone(user: string, replyTo: ReplyTo | undefined, then: (state: UploadState) => void): void {
    const state = this.#state;
    if (state?.created.user !== user || state.ended !== null || this.#isExpired()) return refuse(replyTo, GONE);
    this.#right.alone((reply) => {
      const now = this.#state;
      if (!reply.ok) refuse(replyTo, BUSY);
      else if (now === null || now.ended !== null) refuse(replyTo, GONE);
      else then(now);
    });
  }

  #received(offset: number, crc32: number, then: (reply: Reply<undefined>) => void): void {
    const state = this.state();
    if (offset <= state.offset) return then({ ok: true, value: undefined });
    const expiresAt = this.#context.wallMs() + this.options.ttlMs;
    const entry = { type: 'received', offset, crc32, expiresAt } as const;
    if (this.#isProvisional && offset === state.length) {
      this.#state = applyEntry(state, entry);
      return then({ ok: true, value: undefined });
    }
    this.note(entry, true, (reply) => {
      if (reply.ok && !isPartial(state) && offset !== state.length) {
        const hint = { type: 'advance', id: this.id, offset, hashes: state.created.hashes } as const;
        this.#context.tell(this.#context.ref(hasherKind, 'all'), hint);
      }
      then(reply);
    });
  }

  #grant(): { isGranted: true; offset: number; crc32: number; limit: number; length: number | null } {
    const { offset, crc32, length } = this.state();
    return { isGranted: true, offset, crc32, length, limit: length ?? this.options.maxSize };
  }

  #isExpired(): boolean {
    return this.#state !== null && this.#context.wallMs() >= this.#state.expiresAt && !this.#finishing.isBusy;
  }

  #tooLarge(): { code: string; message: string } {
    return fault('too_large', `an upload has at most ${this.options.maxSize} bytes`);
  }

  /** May be done again: the journal goes last, and only when the room is given back. */
  #cleanUp(then: () => void): void {
    const { created, file } = this.state();
    this.#context.tell(this.#context.ref(hasherKind, 'all'), { type: 'forget', id: this.id });
    this.onDisk(this.options.staging.discardBytes(this.id), () => {
      const leave = (): void => {
        this.#context.tell(this.#context.ref(uploaderKind, created.user), { type: 'left', upload: this.id });
        this.onDisk(this.options.staging.discard(this.id), () => {
          then();
          this.#context.stop();
        });
      };
      if (file === null) this.#release((isReleased) => (isReleased ? leave() : then()));
      else leave();
    });
  }

  #release(then: (isReleased: boolean) => void): void {
    askFileRecords(this.#context, 'release', [this.id], (reply) => then(reply.ok));
  }
}

const UNSAID_BYTES = 1024 * 1024 * 1024;

/** The answer to a creation holds the view. */
function asCreated(replyTo: ReplyTo | undefined): ReplyTo | undefined {
  return (
    replyTo && { settle: (view, why) => replyTo.settle(why === undefined ? { view, grant: null } : undefined, why) }
  );
}
