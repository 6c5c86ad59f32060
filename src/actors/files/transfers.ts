/** The door to the transfers of this node's contents into the object store, on the thread that has the files. */
import type { Behaviour } from '../../runtime/kind.ts';
import { askPort, definePortKind, type PortMessage, portActor } from '../storage/port-actor.ts';

/** What others ask of the transfers. */
export interface TransferDesk {
  /** A content is staged here and recorded: it is to be moved. Durable when it answers; may be repeated. */
  enqueue(hash: string): Promise<void>;
  /** True once the content is in the object store; false after `waitMs` without, then ask again. At most {@link MAX_WAIT_MS}. */
  whenStored(hash: string, waitMs: number): Promise<boolean>;
}

/** Below the deadline of those who ask. */
export const MAX_WAIT_MS = 4_000;

export const transfersKind = definePortKind<TransferDesk>('transfers');

export const askTransfers = askPort(transfersKind);

export function transfersActor(desk: TransferDesk): Behaviour<PortMessage<TransferDesk>> {
  return portActor(desk);
}
