/** The door to the downloads that this node does for its users, on the thread that has the files. */
import type { Behaviour } from '../../runtime/kind.ts';
import type { DownloadRecord } from '../../storage/ports/downloads.ts';
import { definePortKind, type PortMessage, portActor } from '../storage/port-actor.ts';

export type AddedDownload =
  | { readonly record: DownloadRecord }
  /** `too-many`, or one of the problems of a download. */
  | { readonly refusal: string; readonly message: string };

/** What others ask of the downloads. Whose a download is has been checked by then. */
export interface DownloadDesk {
  /** An empty name: as the other side says. Durable when it answers. */
  add(user: string, url: string, name: string): Promise<AddedDownload>;
  /** These answer with the download as it is then; null where its state does not allow it. They take effect at once. */
  pause(id: string): Promise<DownloadRecord | null>;
  resume(id: string): Promise<DownloadRecord | null>;
  cancel(id: string): Promise<DownloadRecord | null>;
}

export const downloaderKind = definePortKind<DownloadDesk>('downloader');

export function downloader(desk: DownloadDesk): Behaviour<PortMessage<DownloadDesk>> {
  return portActor(desk);
}
