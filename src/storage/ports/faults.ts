/** What a driver throws; its own error is kept as `cause`. */

/**
 * - `unavailable`: the back end is away, full or too slow; nothing is known to have happened. Try again later.
 * - `refused`: the back end will never take this request; trying again is useless.
 * - `corrupt`: what it holds cannot be read; an operator is needed.
 */
export type StorageFaultCode = 'unavailable' | 'refused' | 'corrupt';

export class StorageFault extends Error {
  readonly code: StorageFaultCode;

  constructor(code: StorageFaultCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'StorageFault';
    this.code = code;
  }
}
