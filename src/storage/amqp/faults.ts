/** Errors of RabbitMQ and its driver as faults, by one table. */
import { StorageFault, type StorageFaultCode } from '../ports/faults.ts';

/**
 * Reply codes of the broker after which the same request cannot succeed until somebody changes rights or settings. All
 * others, and everything that befalls a socket, mean that it may later.
 */
const REFUSALS: Readonly<Record<number, string>> = {
  402: 'INVALID_PATH',
  403: 'ACCESS_REFUSED',
  404: 'NOT_FOUND',
  406: 'PRECONDITION_FAILED',
  530: 'NOT_ALLOWED',
  540: 'NOT_IMPLEMENTED',
};

/** The driver keeps the reply code of a refused handshake in its text only. */
const HANDSHAKE_REPLY = /^Handshake terminated by server: (\d{3}) /;

/** Translates an error of the driver; a fault stays what it is. `doing` reads like "connect to RabbitMQ". */
export function amqpFault(doing: string, error: unknown): StorageFault {
  if (error instanceof StorageFault) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new StorageFault(codeOf(error, message), `cannot ${doing}: ${message}`, error);
}

function codeOf(error: unknown, message: string): StorageFaultCode {
  const reply = error instanceof Error && 'code' in error ? error.code : Number(HANDSHAKE_REPLY.exec(message)?.[1]);
  return typeof reply === 'number' && reply in REFUSALS ? 'refused' : 'unavailable';
}
