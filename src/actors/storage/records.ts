/** The records actor: the one door to users, tokens, rooms and members. */
import type { Behaviour } from '../../runtime/kind.ts';
import type { Records } from '../../storage/ports/records.ts';
import { askPort, definePortKind, type PortMessage, portActor } from './port-actor.ts';

export type RecordsMessage = PortMessage<Records>;

export const recordsKind = definePortKind<Records>('records');

/** Asks for one operation of the port, with its types. */
export const askRecords = askPort(recordsKind);

export function records(driver: Records): Behaviour<RecordsMessage> {
  return portActor(driver);
}
