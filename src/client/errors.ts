import type { Fault } from '../protocol/faults.ts';

/** Why a request failed: the server's codes, and the client's own for what never reached an answer. */
export class MailroomError extends Error {
  override readonly name = 'MailroomError';
  /**
   * One of the wire's error codes. `unavailable` also stands for a request whose answer was lost with the connection or
   * did not come in time: its outcome is unknown.
   */
  readonly code: string;
  /** Milliseconds after which a repetition has a chance, where the server named them. */
  readonly retryAfter: number | undefined;

  constructor(code: string, message: string, retryAfter?: number) {
    super(message);
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

/** Any thrown thing as a `MailroomError`; what is not one becomes `internal` and keeps its cause. */
export function asMailroomError(error: unknown): MailroomError {
  if (error instanceof MailroomError) return error;
  const wrapped = new MailroomError('internal', error instanceof Error ? error.message : String(error));
  wrapped.cause = error;
  return wrapped;
}

/** A fault of the wire as an error. */
export function errorOf(fault: Fault): MailroomError {
  return new MailroomError(fault.code, fault.message, fault.retryAfter);
}
