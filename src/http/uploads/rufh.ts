/**
 * Resumable uploads by the IETF's draft (draft-ietf-httpbis-resumable-upload, interop versions 6 and 8), on the same
 * resources as tus. Interim responses are left out, as the server cannot send them.
 */
import type { UploadView } from '../../actors/upload/messages.ts';
import { fault } from '../../protocol/faults.ts';
import { problem } from '../problem.ts';
import { contentDigest, promisedDigest } from './checksum.ts';
import { dispositionName } from './disposition-name.ts';
import { bodyBytes, bytesOf, fileName, HeaderFault } from './headers.ts';
import type { Append, Appended, Writing } from './writing.ts';

const CONTENT_TYPE = 'application/partial-upload';
const PROBLEMS = 'https://iana.org/assignments/http-problem-types#';

export interface RufhOptions {
  readonly writing: Writing;
  readonly maxSize: number;
}

export class Rufh {
  readonly #options: RufhOptions;

  constructor(options: RufhOptions) {
    this.#options = options;
  }

  limits(): Record<string, string> {
    return { 'Upload-Limit': `max-size=${this.#options.maxSize}, min-size=0` };
  }

  async create(request: Request, user: string): Promise<Response> {
    const { headers } = request;
    const last = completeOf(headers);
    const bytes = bodyBytes(request);
    const length = wholeLength(bytesOf(headers, 'Upload-Length'), last, 0, bytes);
    if (length === 'inconsistent') return inconsistent();
    if (length !== null && length > this.#options.maxSize) {
      return problem(fault('too_large', `an upload has at most ${this.#options.maxSize} bytes`));
    }
    const upload = {
      length,
      name: fileName(dispositionName(headers.get('Content-Disposition'))),
      metadata: null,
      concat: null,
      parts: null,
      sha256: promisedDigest(headers.get('Repr-Digest')),
      hashes: [],
    };
    const append = bytes === 0 && !last ? null : appendOf(request, { offset: 0, length: null, bytes, last });
    const creation = await this.#options.writing.create(request, user, upload, append);
    if (creation.kind === 'refused') return problem(creation.fault);
    const { view, appended } = creation;
    const response = appended === null ? this.#state(201, view) : this.#appendAnswer(appended, 201);
    response.headers.set('Location', `/v1/uploads/${view.id}`);
    return response;
  }

  async look(user: string, id: string): Promise<Response> {
    const reply = await this.#options.writing.ask(id, { type: 'look', user });
    if (!reply.ok) return problem(reply.fault);
    const response = this.#state(204, reply.value);
    response.headers.set('Cache-Control', 'no-store');
    return response;
  }

  async append(request: Request, user: string, id: string): Promise<Response> {
    const { headers } = request;
    if (headers.get('Content-Type') !== CONTENT_TYPE) return document(415, `Content-Type: ${CONTENT_TYPE}`);
    const last = completeOf(headers);
    const offset = bytesOf(headers, 'Upload-Offset');
    if (offset === null) throw new HeaderFault('Upload-Offset: is missing');
    const bytes = bodyBytes(request);
    const length = wholeLength(bytesOf(headers, 'Upload-Length'), last, offset, bytes);
    if (length === 'inconsistent') return inconsistent();
    const append = appendOf(request, { offset, length, bytes, last });
    return this.#appendAnswer(await this.#options.writing.append(request, user, id, append), 204, offset);
  }

  async cancel(user: string, id: string): Promise<Response> {
    const reply = await this.#options.writing.ask(id, { type: 'terminate', user });
    return reply.ok ? new Response(null, { status: 204 }) : problem(reply.fault);
  }

  #appendAnswer(appended: Appended, status: number, offset = 0): Response {
    switch (appended.kind) {
      case 'taken':
        return this.#state(status, appended.view);
      case 'elsewhere':
        return elsewhere(appended, offset);
      case 'mismatch':
        return document(400, 'Content-Digest: it is of other bytes, none of which counts');
      case 'partly':
        return problem(fault('conflict', 'the request was cut short; ask for the offset and go on from there'));
      case 'refused':
        return problem(appended.fault);
    }
  }

  #state(status: number, view: UploadView): Response {
    const headers: Record<string, string> = {
      ...this.limits(),
      'Upload-Offset': String(view.offset),
      'Upload-Complete': view.isWhole ? '?1' : '?0',
    };
    if (view.length !== null) headers['Upload-Length'] = String(view.length);
    if (view.file !== null) headers['Mailroom-File'] = view.file;
    return new Response(null, { status, headers });
  }
}

function completeOf(headers: Headers): boolean {
  const text = headers.get('Upload-Complete');
  if (text !== '?0' && text !== '?1') throw new HeaderFault('Upload-Complete: ?0 or ?1');
  return text === '?1';
}

/** What the request says of the length of the whole, in one way or the other; null where it says nothing. */
function wholeLength(
  said: number | null,
  last: boolean,
  offset: number,
  bytes: number | null,
): number | null | 'inconsistent' {
  const implied = last && bytes !== null ? offset + bytes : null;
  if (said !== null && implied !== null && said !== implied) return 'inconsistent';
  return said ?? implied;
}

function appendOf(request: Request, about: Pick<Append, 'offset' | 'length' | 'bytes' | 'last'>): Append {
  return { ...about, checksum: contentDigest(request.headers.get('Content-Digest')), strict: true };
}

function elsewhere({ offset }: { readonly offset: number }, provided: number): Response {
  const response = document(409, `the upload is at offset ${offset}`, {
    type: `${PROBLEMS}mismatching-upload-offset`,
    'expected-offset': offset,
    'provided-offset': provided,
  });
  response.headers.set('Upload-Offset', String(offset));
  response.headers.set('Upload-Complete', '?0');
  return response;
}

function inconsistent(): Response {
  return document(400, 'the lengths that were said differ', { type: `${PROBLEMS}inconsistent-upload-length` });
}

function document(status: number, detail: string, more: Readonly<Record<string, unknown>> = {}): Response {
  const code = status === 409 ? 'conflict' : 'invalid';
  const body = { type: `urn:mailroom:problem:${code}`, title: code, status, detail, code, ...more };
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/problem+json' } });
}
