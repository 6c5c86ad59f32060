/**
 * The writers' desk of a thread: tells the requests that write to an upload to let go of it, and answers when they have.
 *
 * Owns nothing: the requests of its thread enter themselves. Upload actors ask it. Nothing to survive: a request does not
 * outlive its thread.
 */
import type { Context } from '../../runtime/context.ts';
import { type Actor, type Behaviour, defineKind } from '../../runtime/kind.ts';
import type { Request } from '../../runtime/reply.ts';

/** Answered when it has. Null: every request that writes to the upload, whoever let it. */
export interface LetGo extends Request<Record<string, never>> {
  readonly type: 'let-go';
  readonly upload: string;
  readonly token: string | null;
}
export type WritersMessage = LetGo;

export const writersKind = defineKind<WritersMessage>({
  name: 'writers',
  placement: 'pinned',
  mailbox: { capacity: 8_192, overflow: 'refuse' },
  supervision: { onFailure: 'resume' },
});

/** The requests of one thread that write to uploads. */
export class Writers {
  readonly #writers = new Map<string, Set<ActiveWriter>>();

  /** From before it asks for the right to write until it has left. */
  enter(upload: string, token: string): ActiveWriter {
    const writer = new ActiveWriter(token, () => {
      const others = this.#writers.get(upload);
      others?.delete(writer);
      if (others?.size === 0) this.#writers.delete(upload);
    });
    const writers = this.#writers.get(upload) ?? new Set();
    this.#writers.set(upload, writers.add(writer));
    return writer;
  }

  /** The thread ends: what has come is flushed and told. */
  async sendAllAway(): Promise<void> {
    const writing = [...this.#writers.values()].flatMap((writers) => [...writers]).filter(({ hasBegun }) => hasBegun);
    await Promise.all(writing.map((writer) => writer.sendAway()));
  }

  /**
   * The writer of this token, whether or not it knows of its right already. Without a token, those that do: the others
   * still wait for an answer, perhaps of whoever asks.
   */
  find(upload: string, token: string | null): readonly ActiveWriter[] {
    const writers = [...(this.#writers.get(upload) ?? [])];
    return writers.filter((writer) => (token === null ? writer.hasBegun : writer.token === token));
  }
}

/** One request that writes. */
export class ActiveWriter {
  readonly token: string;
  readonly #letGo = new AbortController();
  readonly #left = Promise.withResolvers<void>();
  readonly #leave: () => void;
  #hasBegun = false;

  constructor(token: string, leave: () => void) {
    this.token = token;
    this.#leave = leave;
  }

  /** Aborted when it has to let go. */
  get letGo(): AbortSignal {
    return this.#letGo.signal;
  }

  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** It has the right to write. */
  begun(): void {
    this.#hasBegun = true;
  }

  /** It writes no more, and what it wrote is told to the upload. */
  left(): void {
    this.#leave();
    this.#left.resolve();
  }

  /** Resolves when it has left. */
  async sendAway(): Promise<void> {
    this.#letGo.abort();
    await this.#left.promise;
  }
}

export function writersDesk(writers: Writers): Behaviour<WritersMessage> {
  return (context) => new WritersDesk(context, writers);
}

class WritersDesk implements Actor<WritersMessage> {
  readonly #context: Context<WritersMessage>;
  readonly #writers: Writers;

  constructor(context: Context<WritersMessage>, writers: Writers) {
    this.#context = context;
    this.#writers = writers;
  }

  receive({ upload, token }: WritersMessage): void {
    const replyTo = this.#context.replyTo();
    const leaving = this.#writers.find(upload, token).map((writer) => writer.sendAway());
    this.#context.pipe(Promise.all(leaving), () => replyTo?.settle({}, undefined));
  }
}
