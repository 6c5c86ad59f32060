/** Where the bytes of contents come from: files of this machine, which the kernel sends, or the object store. */
import { fault } from '../../protocol/faults.ts';
import { StorageFault } from '../../storage/ports/faults.ts';
import { parseAddress } from '../../storage/ports/file-address.ts';
import type { ContentRecord } from '../../storage/ports/file-records.ts';
import type { ObjectStore } from '../../storage/ports/objects.ts';
import { problem } from '../problem.ts';

export interface ByteSource {
  /** This node's name in addresses. */
  readonly node: string;
  /** Where a staged content is in the file system. */
  readonly pathOf: (id: string) => string;
  /** Opened with the first content that is asked for. */
  readonly objects: () => Promise<Pick<ObjectStore, 'get' | 'localPath'>>;
}

export type OpenBytes = Blob | ReadableStream<Uint8Array>;

/** The bytes from `offset` on, `length` of them, or the answer that says why there are none now. */
export async function openBytes(
  source: ByteSource,
  { address, size }: ContentRecord,
  offset: number,
  length: number,
): Promise<OpenBytes | Response> {
  const parsed = parseAddress(address);
  if (parsed.where === 'staging') {
    if (parsed.node !== source.node) return away('the content is on another node');
    return (await slice(source.pathOf(parsed.id), size, offset, length)) ?? away('the content is being moved');
  }
  try {
    const objects = await source.objects();
    const path = objects.localPath(parsed.key);
    const local = path === null ? null : await slice(path, size, offset, length);
    if (local !== null) return local;
    const body = await objects.get(parsed.key, { offset, length });
    return body === null ? away('the content is not in the object store') : body.stream;
  } catch (error) {
    if (!(error instanceof StorageFault)) throw error;
    return away('the object store does not answer');
  }
}

/** Null where the file is not there, or not whole. */
async function slice(path: string, size: number, offset: number, length: number): Promise<Blob | null> {
  const file = Bun.file(path);
  const isThere = await file.stat().then(
    (found) => found.size >= size,
    () => false,
  );
  return isThere ? file.slice(offset, offset + length) : null;
}

function away(text: string): Response {
  return problem(fault('unavailable', text, RETRY_MS));
}

const RETRY_MS = 2_000;
