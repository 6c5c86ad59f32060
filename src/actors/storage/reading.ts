/** The actor in front of marked rooms and hidden messages. */
import type { Behaviour } from '../../runtime/kind.ts';
import type { Reading } from '../../storage/ports/reading.ts';
import { askPort, definePortKind, type PortMessage, portActor } from './port-actor.ts';

export const readingKind = definePortKind<Reading>('reading');

/** Asks for one operation of the port, with its types. */
export const askReading = askPort(readingKind);

export function reading(driver: Reading): Behaviour<PortMessage<Reading>> {
  return portActor(driver);
}
