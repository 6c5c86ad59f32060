/**
 * Notes of a node on what it moves from its staging to the object store, kept beside the staged contents: which object a
 * content is to become, how far its put has come, and that it has moved. With them every step of a transfer may be cut
 * off, and nothing is left behind that nobody knows of.
 */
import type { PutJournal } from './objects.ts';

export interface TransferNote {
  /** Of the staged content. */
  readonly id: string;
  /** Of the object that it becomes, or has become. */
  readonly key: string;
  /** When the records knew of the object; null before. Milliseconds since the epoch. */
  readonly movedAt: number | null;
}

/** Methods reject with a `StorageFault`: `unavailable` for a disk that is full or away. */
export interface TransferNotes {
  /** Notes down, durably, that an object may come to be from now on. Again for the same content, it replaces the note. */
  begin(id: string, key: string): Promise<void>;
  /** The journal of the content's put. */
  journal(id: string): PutJournal;
  /** The content has moved. */
  moved(id: string, at: number): Promise<void>;
  /** All notes, in no order. One that a crash has cut off is left out. */
  all(): Promise<readonly TransferNote[]>;
  /** Removes note and journal. Succeeds if there are none. */
  forget(id: string): Promise<void>;
}
