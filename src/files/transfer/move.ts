/**
 * One content's way from this node's staging to the object store. Each step may be the last of the process: the next run
 * finds what was done, and goes on.
 *
 *     note → put, part by part → the records know the object → the note says moved
 */
import { objectAddress, parseAddress } from '../../storage/ports/file-address.ts';
import type { ContentRecord } from '../../storage/ports/file-records.ts';
import { type ObjectStore, objectKey } from '../../storage/ports/objects.ts';
import type { Staging } from '../../storage/ports/staging.ts';
import type { TransferNotes } from '../../storage/ports/transfer-notes.ts';
import type { TransferRecords } from './transfer-records.ts';

export interface MoveOptions {
  readonly objects: Pick<ObjectStore, 'putFile' | 'delete'>;
  readonly staging: Pick<Staging, 'pathOf'>;
  readonly notes: TransferNotes;
  readonly records: TransferRecords;
  /** Whose staging this is. */
  readonly node: string;
  /** Milliseconds since the epoch. */
  readonly wallMs: () => number;
}

/**
 * - `moved`: it is in the object store, and was not before. - `settled`: there is nothing to move (any more).
 * - `elsewhere`: its bytes are on another node.
 */
export type MoveOutcome = 'moved' | 'settled' | 'elsewhere';

/** Rejects with a `StorageFault`, or with the signal's reason. */
export async function moveContent(options: MoveOptions, hash: string, signal: AbortSignal): Promise<MoveOutcome> {
  const { objects, staging, notes, records, node } = options;
  const content = await records.content(hash);
  if (content === null || content.status !== 'staged') return 'settled';
  const address = parseAddress(content.address);
  if (address.where !== 'staging') return 'settled';
  if (address.node !== node) return 'elsewhere';
  const { id } = address;
  const key = objectKey(hash, content.generation);
  await notes.begin(id, key);
  const source = { path: staging.pathOf(id), size: content.size, sha256: hash };
  await objects.putFile(key, source, notes.journal(id), signal);
  if (!(await tell(options, content, key))) {
    await objects.delete(key);
    await notes.forget(id);
    return 'settled';
  }
  await notes.moved(id, options.wallMs());
  return 'moved';
}

/** False where that generation is not wanted any more. An answer that was lost is found by asking. */
async function tell({ records, wallMs }: MoveOptions, content: ContentRecord, key: string): Promise<boolean> {
  const { hash, generation } = content;
  const address = objectAddress(key);
  if (await records.stored(hash, generation, address, wallMs())) return true;
  const there = await records.content(hash);
  return there?.generation === generation && there.address === address;
}
