/** The right to write to an upload: one request has it at a time, and whoever needs the upload for itself sends it away. */
import type { Context } from '../../runtime/context.ts';
import { pinnedId } from '../../runtime/placement.ts';
import type { Reply } from '../../runtime/reply.ts';
import type { UploadMessage, Writer } from './messages.ts';
import { writersKind } from './writers.ts';

/** Longer than a write and its way to the disk take where the disk is slow. */
const LET_GO_DEADLINE_MS = 30_000;

export class WritingRight {
  readonly #context: Context<UploadMessage>;
  /** On which requests may write. */
  readonly #threads: readonly number[];
  #writer: Writer | undefined;
  /** Nobody writes whom this incarnation of the upload does not know of. */
  #isFenced = false;

  constructor(context: Context<UploadMessage>, threads: readonly number[]) {
    this.#context = context;
    this.#threads = threads;
  }

  get isTaken(): boolean {
    return this.#writer !== undefined;
  }

  /** The upload is so new that nobody can write to it. */
  begin(): void {
    this.#isFenced = true;
  }

  give(writer: Writer): void {
    this.#writer = writer;
  }

  has(token: string): boolean {
    return this.#writer?.token === token;
  }

  drop(): void {
    this.#writer = undefined;
  }

  /** Calls back when nobody has it; with a fault where somebody does not let go. */
  alone(then: (reply: Reply<undefined>) => void): void {
    const writer = this.#writer;
    if (this.#isFenced && writer === undefined) return then({ ok: true, value: undefined });
    const threads = writer === undefined ? this.#threads : [writer.thread];
    this.#sendAway(threads, writer?.token ?? null, (reply) => {
      if (!reply.ok) return then(reply);
      this.#isFenced = true;
      // It has left, and its last word has been heard or is lost: what it had noted down counts.
      if (writer !== undefined && this.#writer === writer) this.#writer = undefined;
      this.alone(then);
    });
  }

  #sendAway(threads: readonly number[], token: string | null, then: (reply: Reply<undefined>) => void): void {
    let left = threads.length;
    for (const thread of threads) {
      const desk = this.#context.ref(writersKind, pinnedId(thread, 0));
      const question = { type: 'let-go', upload: this.#context.self.id, token } as const;
      this.#context.ask(desk, question, LET_GO_DEADLINE_MS, (reply) => {
        if (left <= 0) return;
        left = reply.ok ? left - 1 : 0;
        if (left === 0) then(reply.ok ? { ok: true, value: undefined } : reply);
      });
    }
  }
}
