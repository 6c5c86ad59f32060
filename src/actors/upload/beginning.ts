/** The beginning of an upload: may the user have one more, is there room for it, and, of a final one, are its parts there. */
import { fault } from '../../protocol/faults.ts';
import type { Context } from '../../runtime/context.ts';
import type { Fault, Reply } from '../../runtime/reply.ts';
import type { LentPart } from '../../storage/ports/hashing.ts';
import {
  replayJournal,
  type UploadCreated,
  type UploadEntry,
  type UploadState,
} from '../../storage/ports/upload-journal.ts';
import { askFileRecords } from '../storage/file-records.ts';
import { lendParts } from './finishing.ts';
import type { CreateUpload, UploadMessage } from './messages.ts';
import type { UploadHome } from './options.ts';
import { uploaderKind } from './uploader.ts';

export interface Begun {
  readonly state: UploadState;
  readonly parts: readonly LentPart[] | null;
}

const ADMIT_DEADLINE_MS = 5_000;

export class Beginning {
  readonly #context: Context<UploadMessage>;
  readonly #home: UploadHome;

  constructor(context: Context<UploadMessage>, home: UploadHome) {
    this.#context = context;
    this.#home = home;
  }

  begin({ user, upload, whole }: CreateUpload, then: (reply: Reply<Begun>) => void): void {
    const { id, options } = this.#home;
    const desk = this.#context.ref(uploaderKind, user);
    const fail = (why: Fault): void => {
      this.#context.tell(desk, { type: 'left', upload: id });
      then({ ok: false, fault: why });
    };
    this.#context.ask(desk, { type: 'admit', upload: id }, ADMIT_DEADLINE_MS, (admitted) => {
      if (!admitted.ok) return then(admitted);
      this.#lend(user, upload.parts, (lent) => {
        if (!lent.ok) return fail(lent.fault);
        const parts = lent.value;
        const length = parts === null ? upload.length : parts.reduce((sum, { size }) => sum + size, 0);
        const tooLarge = fault('too_large', `an upload has at most ${options.maxSize} bytes`);
        if (length !== null && length > options.maxSize) return fail(tooLarge);
        this.#reserve(user, parts === null ? (length ?? 0) : 0, (reserved) => {
          if (!reserved.ok) return fail(reserved.fault);
          const at = this.#context.wallMs();
          const created = { type: 'created', id, user, at, expiresAt: at + options.ttlMs, ...upload, length } as const;
          this.#store(created, !whole, parts, (stored) => {
            if (stored.ok) then(stored);
            else this.#giveBack(() => fail(stored.fault));
          });
        });
      });
    });
  }

  #lend(user: string, parts: readonly string[] | null, then: (reply: Reply<readonly LentPart[] | null>) => void): void {
    if (parts === null) then({ ok: true, value: null });
    else lendParts(this.#context, { user, parts }, then);
  }

  /** What the parts of a final upload have reserved is enough for it. */
  #reserve(user: string, bytes: number, then: (reply: Reply<undefined>) => void): void {
    const { id, options } = this.#home;
    if (bytes === 0) return then({ ok: true, value: undefined });
    askFileRecords(this.#context, 'reserve', [user, id, bytes, options.quotaBytes], (reply) => {
      if (!reply.ok) then(reply);
      else if (reply.value) then({ ok: true, value: undefined });
      else then({ ok: false, fault: fault('too_large', 'the upload does not fit into your quota') });
    });
  }

  #store(
    created: UploadCreated,
    durable: boolean,
    parts: readonly LentPart[] | null,
    then: (reply: Reply<Begun>) => void,
  ): void {
    const entries: readonly UploadEntry[] = [created];
    this.#home.onDisk(this.#home.options.staging.create(this.#home.id, entries, durable), (reply) => {
      const state = replayJournal(entries);
      if (!reply.ok || state === null) then(reply.ok ? { ok: false, fault: fault('internal', 'no state') } : reply);
      else then({ ok: true, value: { state, parts } });
    });
  }

  /** Where the records do not answer now, the reservation ends with the sweep of those that have no upload. */
  #giveBack(then: () => void): void {
    askFileRecords(this.#context, 'release', [this.#home.id], then);
  }
}
