/** What is thrown for bytes that are no MessagePack-RPC: the socket they came from closes. */
import { CLOSE } from './close-codes.ts';

interface MalformedOptions {
  /** 4400 if absent. */
  readonly closeCode?: typeof CLOSE.malformed | typeof CLOSE.tooLarge;
  readonly cause?: unknown;
}

/**
 * Bytes that break the protocol. It says nothing about a single request, so nobody is answered: the socket closes with
 * `closeCode`, which is 4400, or 4413 where the bytes are well formed and only too many.
 */
export class MalformedFrame extends Error {
  readonly closeCode: typeof CLOSE.malformed | typeof CLOSE.tooLarge;

  constructor(message: string, options: MalformedOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'MalformedFrame';
    this.closeCode = options.closeCode ?? CLOSE.malformed;
  }
}
