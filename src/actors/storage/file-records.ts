/** The actor of the file records: the one door to contents, files, grants and shares. */
import type { Behaviour } from '../../runtime/kind.ts';
import type { FileRecords } from '../../storage/ports/file-records.ts';
import { askPort, definePortKind, type PortMessage, portActor } from './port-actor.ts';

export type FileRecordsMessage = PortMessage<FileRecords>;

export const fileRecordsKind = definePortKind<FileRecords>('file-records');

/** Asks for one operation of the port, with its types. */
export const askFileRecords = askPort(fileRecordsKind);

export function fileRecords(driver: FileRecords): Behaviour<FileRecordsMessage> {
  return portActor(driver);
}
