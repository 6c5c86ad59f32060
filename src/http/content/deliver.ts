/** Content as an answer: the whole of it, a range, or what the conditions of the request leave of it. */
import type { ContentRecord } from '../../storage/ports/file-records.ts';
import { type ByteSource, openBytes } from './bytes.ts';
import { type Presentation, presentationHeaders } from './content-headers.ts';
import { httpDate, judge, rangeCounts, type Selection, selectionOf, type Validators } from './preconditions.ts';

export interface DeliverOptions extends Omit<Presentation, 'type'> {
  readonly source: ByteSource;
  /** The `Cache-Control` of the answer. */
  readonly cacheControl: string;
}

/** For answers that depend on who asks: kept by their device only, and asked for again each time. */
export const PRIVATE_CACHE = 'private, no-cache';

/** Answers a GET or a HEAD. Whether it may be read has been decided before. */
export async function deliverContent(
  request: Request,
  content: ContentRecord,
  options: DeliverOptions,
): Promise<Response> {
  const validators = validatorsOf(content);
  const validatorHeaders = {
    etag: validators.etag,
    'last-modified': httpDate(validators.modifiedAt),
    'cache-control': options.cacheControl,
    'accept-ranges': 'bytes',
    ...(options.cacheControl.startsWith('private') ? { vary: 'Authorization' } : {}),
  };
  const verdict = judge(request, validators);
  if (verdict === 'not-modified') return new Response(null, { status: 304, headers: validatorHeaders });
  if (verdict === 'failed') return new Response(null, { status: 412, headers: validatorHeaders });
  const selection = selectionFor(request, content, validators);
  const shared = { ...validatorHeaders, ...presentationHeaders({ ...options, type: content.type }) };
  if (selection === null) {
    const headers = { ...validatorHeaders, 'content-range': `bytes */${content.size}` };
    return new Response(null, { status: 416, headers });
  }
  const { first, last } = selection === 'whole' ? { first: 0, last: content.size - 1 } : selection;
  const length = last - first + 1;
  // Known before the body is: a stream tells no length by itself.
  const headers = { ...shared, 'content-length': String(length) };
  if (request.method === 'HEAD') return new Response(null, { headers });
  const bytes = length === 0 ? new Blob([]) : await openBytes(options.source, content, first, length);
  if (bytes instanceof Response) return bytes;
  if (selection === 'whole') return new Response(bytes, { headers });
  const range = { 'content-range': `bytes ${first}-${last}/${content.size}` };
  return new Response(bytes, { status: 206, headers: { ...headers, ...range } });
}

/** Made of the content alone, so that it is the same on every node and never that of the object store. */
export function validatorsOf({ hash, createdAt }: Pick<ContentRecord, 'hash' | 'createdAt'>): Validators {
  return { etag: `"sha256-${Buffer.from(hash, 'hex').toString('base64')}"`, modifiedAt: createdAt };
}

/** Only GET has ranges. */
function selectionFor(request: Request, { size }: ContentRecord, validators: Validators): Selection {
  if (request.method !== 'GET' || !rangeCounts(request, validators)) return 'whole';
  return selectionOf(request.headers.get('range'), size);
}
