import { decodeBody } from '../protocol/frames/body.ts';
import type { Body } from '../protocol/types.ts';

/** What a message of type `file` says of its file. It is the poster's word: the server's own is in the file's record. */
export type FileBody = Extract<Body, { readonly type: 'file' }>;

/** The file of a message's body. Undefined where the body is of another type. */
export function fileOfBody(body: Uint8Array): FileBody | undefined {
  const decoded = decodeBody(body);
  return decoded?.type === 'file' ? decoded : undefined;
}
