import { FAULTS, isFaultCode } from '../protocol/faults.ts';
import { backoffDelay, repeatBackoff } from './backoff.ts';
import type { ClientClock } from './clock.ts';
import { asMailroomError, type MailroomError } from './errors.ts';

/** What the read marks need from the client. */
export interface ReadMarksHooks {
  send(room: string, seq: number): Promise<unknown>;
}

interface Mark {
  wanted: number;
  sent: number;
  failures: number;
  busy: boolean;
}

/**
 * Brings read positions to the server: one request per room at a time, always with the newest position, so that
 * scrolling through a thousand messages costs a few requests.
 */
export class ReadMarks {
  readonly #hooks: ReadMarksHooks;
  readonly #clock: ClientClock;
  readonly #random: () => number;
  readonly #marks = new Map<string, Mark>();

  constructor(hooks: ReadMarksHooks, clock: ClientClock, random: () => number) {
    this.#hooks = hooks;
    this.#clock = clock;
    this.#random = random;
  }

  /** Raises the position; a lower one than before is ignored. */
  raise(room: string, seq: number): void {
    const mark = this.#marks.get(room) ?? { wanted: 0, sent: 0, failures: 0, busy: false };
    this.#marks.set(room, mark);
    mark.wanted = Math.max(mark.wanted, seq);
    this.#send(room, mark);
  }

  forget(room: string): void {
    this.#marks.delete(room);
  }

  #send(room: string, mark: Mark): void {
    if (mark.busy || mark.wanted <= mark.sent || this.#marks.get(room) !== mark) return;
    const seq = mark.wanted;
    mark.busy = true;
    this.#hooks.send(room, seq).then(
      () => {
        Object.assign(mark, { busy: false, sent: seq, failures: 0 });
        this.#send(room, mark);
      },
      (error: unknown) => this.#failed(room, mark, asMailroomError(error)),
    );
  }

  #failed(room: string, mark: Mark, error: MailroomError): void {
    if (!isFaultCode(error.code) || FAULTS[error.code].retry === 'never') {
      // The room is closed to the user or the mark is wrong: either way this position will never be taken.
      this.forget(room);
      return;
    }
    this.#clock.after(backoffDelay(mark.failures++, repeatBackoff, this.#random, error.retryAfter), () => {
      mark.busy = false;
      this.#send(room, mark);
    });
  }
}
