/** The one place where errors of Redis and of its client become storage faults. */
import { StorageFault, type StorageFaultCode } from '../ports/faults.ts';

/** By the first word of the server's answer. */
const FAULT_BY_WORD: Readonly<Record<string, StorageFaultCode>> = {
  OOM: 'unavailable',
  LOADING: 'unavailable',
  BUSY: 'unavailable',
  READONLY: 'unavailable',
  MASTERDOWN: 'unavailable',
  NOREPLICAS: 'unavailable',
  MISCONF: 'unavailable',
  CLUSTERDOWN: 'unavailable',
  TRYAGAIN: 'unavailable',
  UNBLOCKED: 'unavailable',
  NOAUTH: 'refused',
  WRONGPASS: 'refused',
  NOPERM: 'refused',
  WRONGTYPE: 'corrupt',
};

/** What the client says where no answer came: the text is all that tells these from defects. */
const NO_ANSWER = [
  /^Command timed out$/,
  /^Connection is closed\.$/,
  /^Stream isn't writeable/,
  /^Reached the max retries per request limit/,
  /^Command aborted due to connection close$/,
  /^Socket timeout\./,
];

/** The fault for an error of the client; any other error is a defect and comes back unchanged. */
export function toStorageFault(error: unknown, doing: string): unknown {
  if (!(error instanceof Error) || error instanceof StorageFault) return error;
  const code = error.name === 'ReplyError' ? FAULT_BY_WORD[firstWord(error)] : unanswered(error);
  return code === undefined ? error : new StorageFault(code, `cannot ${doing}: ${error.message}`, error);
}

/** Whether the server was given the command and said nothing in time. */
export function isLate(error: unknown): boolean {
  return error instanceof Error && error.message === 'Command timed out';
}

/** Whether the server does not know the script whose digest it was given. */
export function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReplyError' && firstWord(error) === 'NOSCRIPT';
}

function unanswered(error: Error): StorageFaultCode | undefined {
  const systemCode = 'code' in error && typeof error.code === 'string' && /^E[A-Z]+$/.test(error.code);
  return systemCode || NO_ANSWER.some((text) => text.test(error.message)) ? 'unavailable' : undefined;
}

function firstWord(error: Error): string {
  return error.message.split(' ', 1)[0] ?? '';
}
