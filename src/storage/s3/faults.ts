/** The one place where errors of the S3 client and of its connections become storage faults. */
import { StorageFault, type StorageFaultCode } from '../ports/faults.ts';

/** What an error means: the fault, and whether the same request may succeed in a moment. */
interface Meaning {
  readonly code: StorageFaultCode;
  readonly isPassing: boolean;
}

const PASSING: Meaning = { code: 'unavailable', isPassing: true };
/** The back end answers and will go on saying no until somebody makes room or the put is begun anew. */
const LASTING: Meaning = { code: 'unavailable', isPassing: false };
const REFUSED: Meaning = { code: 'refused', isPassing: false };

/** By the code in the answer, which the client has as the error's name. */
const MEANING_BY_NAME: Readonly<Record<string, Meaning>> = {
  // The bytes were damaged on their way: the checksum in the signature does not fit.
  XAmzContentSHA256Mismatch: PASSING,
  BadDigest: PASSING,
  IncompleteBody: PASSING,
  RequestTimeout: PASSING,
  // The client corrects its clock by the answer.
  RequestTimeTooSkewed: PASSING,
  SlowDown: PASSING,
  InternalError: PASSING,
  ServiceUnavailable: PASSING,
  OperationAborted: PASSING,
  QuotaExceeded: LASTING,
  // Somebody abandoned the put.
  NoSuchUpload: LASTING,
  NoSuchBucket: REFUSED,
};

/** By the error of the connection. */
const PASSING_CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EMFILE',
  'ConnectionRefused',
  'ConnectionClosed',
  'ERR_SOCKET_CLOSED',
  'ERR_STREAM_PREMATURE_CLOSE',
]);

/** A request that had no answer in time. */
export class DeadlinePassed extends Error {
  constructor(ms: number) {
    super(`no answer within ${ms} ms`);
    this.name = 'DeadlinePassed';
  }
}

/** The meaning of a driver's error; null for a defect. */
export function meaningOf(error: unknown): Meaning | null {
  if (!(error instanceof Error)) return null;
  if (error instanceof DeadlinePassed) return PASSING;
  const named = MEANING_BY_NAME[error.name];
  if (named !== undefined) return named;
  const status = statusOf(error);
  if (status !== null) return meaningOfStatus(status);
  if (error.name === 'TimeoutError' || error.name === 'NetworkingError') return PASSING;
  return PASSING_CODES.has(connectionCode(error)) ? PASSING : null;
}

function meaningOfStatus(status: number): Meaning | null {
  if (status >= 500 || status === 408 || status === 429) return PASSING;
  return status >= 400 ? REFUSED : null;
}

/** The fault for a driver's error; any other error is a defect and comes back unchanged. */
export function toStorageFault(error: unknown, doing: string): unknown {
  const meaning = meaningOf(error);
  if (meaning === null) return error;
  const { name, message } = error as Error;
  const status = statusOf(error);
  const detail = [name, status, connectionCode(error as Error), message].filter(Boolean).join(' ');
  return new StorageFault(meaning.code, `cannot ${doing}: ${detail}`, error);
}

/** Status of the answer; null if there was none. */
export function statusOf(error: unknown): number | null {
  if (!(error instanceof Error) || !('$metadata' in error)) return null;
  const metadata = error.$metadata as { readonly httpStatusCode?: number };
  return metadata.httpStatusCode ?? null;
}

function connectionCode(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}
