/**
 * The sweeper of uploads: wakes those for which something is due, at the start and from time to time, so that what a crash
 * cut short goes on and what nobody comes back for goes away.
 *
 * Owns nothing: it reads journals. Tells upload actors. Nothing to survive.
 */
import type { Context } from '../../runtime/context.ts';
import { type Actor, type Behaviour, defineKind } from '../../runtime/kind.ts';
import type { Staging } from '../../storage/ports/staging.ts';
import { replayJournal } from '../../storage/ports/upload-journal.ts';
import { asFault } from '../storage/reply.ts';
import { uploadKind } from './messages.ts';

/** The engine has started: every upload that is under way is woken. */
export interface BeginSweeping {
  readonly type: 'begin';
}
export type UploadSweeperMessage = BeginSweeping;

export const uploadSweeperKind = defineKind<UploadSweeperMessage>({
  name: 'upload-sweeper',
  placement: 'service',
  mailbox: { capacity: 8, overflow: 'refuse' },
  supervision: { onFailure: 'restart' },
});

export interface UploadSweeperOptions {
  readonly staging: Pick<Staging, 'uploads' | 'journal' | 'sweep'>;
  readonly everyMs: number;
  /** Bytes without a journal go when they are this old. */
  readonly orphanMs: number;
  readonly onFault: (message: string) => void;
}

/** So many are woken at once, and the next ones a moment later. */
const AT_ONCE = 200;
const NEXT_MS = 20;

export function uploadSweeper(options: UploadSweeperOptions): Behaviour<UploadSweeperMessage> {
  return (context) => new UploadSweeper(context, options);
}

class UploadSweeper implements Actor<UploadSweeperMessage> {
  readonly #context: Context<UploadSweeperMessage>;
  readonly #options: UploadSweeperOptions;

  constructor(context: Context<UploadSweeperMessage>, options: UploadSweeperOptions) {
    this.#context = context;
    this.#options = options;
  }

  receive(): void {
    this.#sweep(true);
  }

  #sweep(isStart: boolean): void {
    this.#context.pipe(this.#due(isStart), (outcome) => {
      this.#context.after(this.#options.everyMs, () => this.#sweep(false));
      if ('value' in outcome) this.#wake(outcome.value);
      else this.#options.onFault(asFault(outcome.error).message);
    });
  }

  #wake(ids: readonly string[]): void {
    for (const id of ids.slice(0, AT_ONCE)) this.#context.tell(this.#context.ref(uploadKind, id), { type: 'wake' });
    const left = ids.slice(AT_ONCE);
    if (left.length > 0) this.#context.after(NEXT_MS, () => this.#wake(left));
  }

  async #due(isStart: boolean): Promise<string[]> {
    const { staging, orphanMs } = this.#options;
    const now = this.#context.wallMs();
    const due: string[] = [];
    for await (const { id } of staging.uploads()) {
      const state = replayJournal((await staging.journal(id)) ?? []);
      if (state === null) continue;
      const isOver = state.ended !== null || now >= state.expiresAt;
      const isWaiting = state.file === null && !state.used && (isStart || state.offset === state.length);
      if (isOver || isWaiting) due.push(id);
    }
    await staging.sweep(now - orphanMs);
    return due;
  }
}
