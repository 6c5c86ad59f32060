/** `/v1/uploads`: finds out which protocol a request speaks, whose it is, and what it wants. */
import type { Elysia } from 'elysia';
import { fault } from '../../protocol/faults.ts';
import type { Bearers } from '../bearers.ts';
import { problem } from '../problem.ts';
import { HeaderFault } from './headers.ts';
import { Rufh } from './rufh.ts';
import { TUS_VERSION, Tus } from './tus.ts';
import { Writing, type WritingOptions } from './writing.ts';

export interface UploadRoutesOptions extends WritingOptions {
  readonly bearers: Bearers;
  /** Bytes. */
  readonly maxSize: number;
  /** Takes the transport's own limit of silence off a request: an upload has one of its own. */
  readonly keepOpen: (request: Request) => void;
}

export const UPLOADS_PATH = '/v1/uploads';
const METHODS = 'OPTIONS, POST, HEAD, GET, PATCH, DELETE';
/** What a page of another origin may read of the answers. */
const EXPOSED_HEADERS = [
  'Location, Tus-Resumable, Tus-Version, Tus-Extension, Tus-Max-Size, Tus-Checksum-Algorithm, Upload-Offset',
  'Upload-Length, Upload-Defer-Length, Upload-Metadata, Upload-Concat, Upload-Expires, Upload-Complete, Upload-Limit',
  'Mailroom-File, Retry-After',
].join(', ');
const ID = /^[A-Za-z0-9_-]{1,64}$/;

/** Whether the request belongs here, and its body is not one that is read as a whole. */
export function isUpload(request: Request): boolean {
  const { pathname } = new URL(request.url);
  return pathname === UPLOADS_PATH || pathname.startsWith(`${UPLOADS_PATH}/`);
}

export function uploadRoutes<App extends Elysia>(app: App, options: UploadRoutesOptions): App {
  const routes = new UploadRoutes(options);
  // The schema describes them method by method: see documentation.ts.
  const hidden = { parse: 'none', detail: { hide: true } } as const;
  app.all(UPLOADS_PATH, ({ request }) => routes.answer(request, null), hidden);
  app.all(`${UPLOADS_PATH}/`, ({ request }) => routes.answer(request, null), hidden);
  app.all(`${UPLOADS_PATH}/:id`, ({ request, params }) => routes.answer(request, params.id), hidden);
  return app;
}

/** The protocol that a request speaks; null for none that is known here. */
interface Protocol {
  create(request: Request, user: string): Promise<Response>;
  look(user: string, id: string): Promise<Response>;
  append(request: Request, user: string, id: string): Promise<Response>;
  end(user: string, id: string): Promise<Response>;
}

class UploadRoutes {
  readonly #options: UploadRoutesOptions;
  readonly #tus: Tus;
  readonly #rufh: Rufh;

  constructor(options: UploadRoutesOptions) {
    this.#options = options;
    const both = { writing: new Writing(options), maxSize: options.maxSize };
    this.#tus = new Tus(both);
    this.#rufh = new Rufh(both);
  }

  async answer(request: Request, id: string | null): Promise<Response> {
    const method = (request.headers.get('X-HTTP-Method-Override') ?? request.method).toUpperCase();
    if (method === 'OPTIONS') {
      return new Response(null, {
        status: 204,
        headers: { ...this.#tus.abilities(), ...this.#rufh.limits(), Allow: METHODS },
      });
    }
    const speaksTus = request.headers.has('Tus-Resumable') || !speaksRufh(request.headers);
    const response = speaksTus ? await this.#asTus(request, method, id) : await this.#asRufh(request, method, id);
    if (speaksTus) response.headers.set('Tus-Resumable', TUS_VERSION);
    if (request.headers.has('Origin')) response.headers.set('Access-Control-Expose-Headers', EXPOSED_HEADERS);
    return response;
  }

  async #asTus(request: Request, method: string, id: string | null): Promise<Response> {
    if (request.headers.get('Tus-Resumable') !== TUS_VERSION) {
      const response = new Response(null, { status: 412 });
      response.headers.set('Tus-Version', TUS_VERSION);
      return response;
    }
    const tus = this.#tus;
    return await this.#dispatch(request, method, id, {
      create: (...args) => tus.create(...args),
      look: (...args) => tus.look(...args),
      append: (...args) => tus.append(...args),
      end: (...args) => tus.terminate(...args),
    });
  }

  async #asRufh(request: Request, method: string, id: string | null): Promise<Response> {
    const rufh = this.#rufh;
    return await this.#dispatch(request, method, id, {
      create: (...args) => rufh.create(...args),
      look: (...args) => rufh.look(...args),
      append: (...args) => rufh.append(...args),
      end: (...args) => rufh.cancel(...args),
    });
  }

  async #dispatch(request: Request, method: string, id: string | null, protocol: Protocol): Promise<Response> {
    return await this.#options.bearers.withToken(request, async ({ identity }) => {
      const user = identity.user.id;
      try {
        if (id === null)
          return method === 'POST'
            ? await this.#long(request, () => protocol.create(request, user))
            : notAllowed('OPTIONS, POST');
        if (!ID.test(id)) return problem(fault('not_found', 'there is no such upload'));
        switch (method) {
          case 'HEAD':
          case 'GET':
            return await protocol.look(user, id);
          case 'PATCH':
            return await this.#long(request, () => protocol.append(request, user, id));
          case 'DELETE':
            return await protocol.end(user, id);
          default:
            return notAllowed('OPTIONS, HEAD, GET, PATCH, DELETE');
        }
      } catch (error) {
        if (error instanceof HeaderFault) return problem(error.fault);
        throw error;
      }
    });
  }

  async #long(request: Request, work: () => Promise<Response>): Promise<Response> {
    this.#options.keepOpen(request);
    return await work();
  }
}

/** By headers that only the IETF's protocol has. */
function speaksRufh(headers: Headers): boolean {
  return (
    headers.has('Upload-Draft-Interop-Version') ||
    headers.has('Upload-Complete') ||
    headers.get('Content-Type') === 'application/partial-upload'
  );
}

function notAllowed(allow: string): Response {
  const response = problem(fault('unsupported', `only ${allow}`));
  return new Response(response.body, {
    status: 405,
    headers: { 'content-type': 'application/problem+json', Allow: allow },
  });
}
