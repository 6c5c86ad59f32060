/** tus 1.0.0: https://tus.io/protocols/resumable-upload, with every extension but checksum trailers and unfinished parts. */
import type { UploadView } from '../../actors/upload/messages.ts';
import { type Fault, fault } from '../../protocol/faults.ts';
import { problem } from '../problem.ts';
import { TUS_ALGORITHMS, tusChecksum } from './checksum.ts';
import {
  bodyBytes,
  bytesOf,
  concatOf,
  fileName,
  HeaderFault,
  metadataOf,
  promisedHash,
  wantedHashes,
} from './headers.ts';
import type { Append, Appended, Writing } from './writing.ts';

export const TUS_VERSION = '1.0.0';
const EXTENSIONS = 'creation,creation-with-upload,creation-defer-length,expiration,checksum,termination,concatenation';
const CONTENT_TYPE = 'application/offset+octet-stream';
const CHECKSUM_MISMATCH = 460;

export interface TusOptions {
  readonly writing: Writing;
  readonly maxSize: number;
}

export class Tus {
  readonly #options: TusOptions;

  constructor(options: TusOptions) {
    this.#options = options;
  }

  /** What the server can do; the answer to OPTIONS. */
  abilities(): Record<string, string> {
    return {
      'Tus-Version': TUS_VERSION,
      'Tus-Extension': EXTENSIONS,
      'Tus-Max-Size': String(this.#options.maxSize),
      'Tus-Checksum-Algorithm': TUS_ALGORITHMS.join(','),
    };
  }

  async create(request: Request, user: string): Promise<Response> {
    const { headers } = request;
    const metadata = metadataOf(headers.get('Upload-Metadata'));
    const concat = concatOf(headers.get('Upload-Concat'));
    const length = lengthOf(headers, concat?.kind === 'final');
    if (length !== null && length > this.#options.maxSize) return problem(this.#tooLarge());
    const bytes = bodyBytes(request);
    const hasBytes = bytes !== 0 || headers.get('Content-Type') === CONTENT_TYPE;
    if (hasBytes && concat?.kind === 'final') throw new HeaderFault('a final upload takes no bytes');
    if (hasBytes && headers.get('Content-Type') !== CONTENT_TYPE) return wrongType();
    const upload = {
      length,
      name: fileName(metadata.get('filename') ?? metadata.get('name')),
      metadata: headers.get('Upload-Metadata'),
      concat: headers.get('Upload-Concat'),
      parts: concat?.kind === 'final' ? concat.parts : null,
      sha256: promisedHash(metadata),
      hashes: wantedHashes(metadata),
    };
    const append = hasBytes ? appendOf(request, 0, bytes, null) : null;
    const creation = await this.#options.writing.create(request, user, upload, append);
    if (creation.kind === 'refused') return problem(creation.fault);
    const { view, appended } = creation;
    const location = { Location: `/v1/uploads/${view.id}` };
    if (appended === null) {
      const offset = hasBytes ? { 'Upload-Offset': String(view.offset) } : {};
      return answer(201, { ...location, ...offset, ...progressHeaders(view) });
    }
    return withHeaders(appendAnswer(appended, 201), location);
  }

  async look(user: string, id: string): Promise<Response> {
    const reply = await this.#options.writing.ask(id, { type: 'look', user });
    if (!reply.ok) return noStore(problem(reply.fault));
    const view = reply.value;
    const { length, metadata, concat } = view;
    const headers: Record<string, string> = { 'Cache-Control': 'no-store', ...progressHeaders(view) };
    if (!view.isFinal || view.file !== null) headers['Upload-Offset'] = String(view.offset);
    if (length === null) headers['Upload-Defer-Length'] = '1';
    else headers['Upload-Length'] = String(length);
    if (metadata !== null) headers['Upload-Metadata'] = metadata;
    if (concat !== null) headers['Upload-Concat'] = concat;
    return answer(200, headers);
  }

  async append(request: Request, user: string, id: string): Promise<Response> {
    const { headers } = request;
    if (headers.get('Content-Type') !== CONTENT_TYPE) return wrongType();
    const offset = bytesOf(headers, 'Upload-Offset');
    if (offset === null) throw new HeaderFault('Upload-Offset: is missing');
    const append = appendOf(request, offset, bodyBytes(request), bytesOf(headers, 'Upload-Length'));
    return appendAnswer(await this.#options.writing.append(request, user, id, append), 204);
  }

  async terminate(user: string, id: string): Promise<Response> {
    const reply = await this.#options.writing.ask(id, { type: 'terminate', user });
    return reply.ok ? answer(204, {}) : problem(reply.fault);
  }

  #tooLarge(): Fault {
    return fault('too_large', `an upload has at most ${this.#options.maxSize} bytes`);
  }
}

/** How long the upload is; null where that is to be said later, or follows from its parts. */
function lengthOf(headers: Headers, isFinal: boolean): number | null {
  const length = bytesOf(headers, 'Upload-Length');
  const deferred = headers.get('Upload-Defer-Length');
  if (isFinal) {
    if (length !== null || deferred !== null) throw new HeaderFault('Upload-Length: follows from the parts');
    return null;
  }
  if (deferred !== null && deferred !== '1') throw new HeaderFault('Upload-Defer-Length: only 1');
  if ((length === null) === (deferred === null)) {
    throw new HeaderFault('Upload-Length, or Upload-Defer-Length: 1, and not both');
  }
  return length;
}

function appendOf({ headers }: Request, offset: number, bytes: number | null, length: number | null): Append {
  const checksum = tusChecksum(headers.get('Upload-Checksum'));
  return { offset, length, bytes, checksum, last: false, strict: false };
}

function appendAnswer(appended: Appended, status: number): Response {
  switch (appended.kind) {
    case 'taken':
      return answer(status, { 'Upload-Offset': String(appended.view.offset), ...progressHeaders(appended.view) });
    case 'elsewhere':
      return problem(fault('conflict', `the upload is at offset ${appended.offset}`));
    case 'mismatch':
      return mismatch();
    case 'partly':
      return problem(fault('conflict', 'the request was cut short; ask for the offset and go on from there'));
    case 'refused':
      return problem(appended.fault);
  }
}

function progressHeaders({ expiresAt, file }: UploadView): Record<string, string> {
  return {
    'Upload-Expires': new Date(expiresAt).toUTCString(),
    ...(file === null ? {} : { 'Mailroom-File': file }),
  };
}

function answer(status: number, headers: Record<string, string>): Response {
  return new Response(null, { status, headers });
}

function noStore(response: Response): Response {
  return withHeaders(response, { 'Cache-Control': 'no-store' });
}

function withHeaders(response: Response, headers: Record<string, string>): Response {
  for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
  return response;
}

function wrongType(): Response {
  return withStatus(fault('invalid', `Content-Type: ${CONTENT_TYPE}`), 415);
}

function mismatch(): Response {
  return withStatus(fault('invalid', 'the checksum is of other bytes; none of them counts'), CHECKSUM_MISMATCH);
}

function withStatus(why: Fault, status: number): Response {
  const body = {
    type: `urn:mailroom:problem:${why.code}`,
    title: why.code,
    status,
    detail: why.message,
    code: why.code,
  };
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/problem+json' } });
}
