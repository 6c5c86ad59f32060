/** Answers the message at hand with what a driver says, at once or later, and turns its faults into answers. */
import type { Context } from '../../runtime/context.ts';
import type { Fault } from '../../runtime/reply.ts';
import { StorageFault } from '../../storage/ports/faults.ts';

/** Calls the driver and answers. A `StorageFault` becomes a fault; any other error fails the message (a defect). */
export function storageReply<M>(context: Context<M>, call: () => unknown): void {
  let result: unknown;
  try {
    result = call();
  } catch (error) {
    context.fail(asFault(error));
    return;
  }
  if (!(result instanceof Promise)) {
    context.reply(result);
    return;
  }
  const replyTo = context.replyTo();
  context.pipe(result, (outcome) => {
    if ('value' in outcome) replyTo?.settle(outcome.value, undefined);
    else replyTo?.settle(undefined, asFault(outcome.error));
  });
}

/** The answer that a driver's error becomes; rethrows what is no storage fault. */
export function asFault(error: unknown): Fault {
  if (!(error instanceof StorageFault)) throw error;
  return error.code === 'unavailable'
    ? { code: 'unavailable', message: 'storage is not available', retryAfter: 1_000 }
    : { code: 'internal', message: 'storage refused the request' };
}
