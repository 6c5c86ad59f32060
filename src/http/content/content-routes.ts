/** The bytes of files over HTTP, by a bearer's right or by a signed address. */
import { type Elysia, t } from 'elysia';
import { fault } from '../../protocol/faults.ts';
import type { Shard } from '../../runtime/shard.ts';
import { json } from '../answers.ts';
import type { Bearers } from '../bearers.ts';
import { problem } from '../problem.ts';
import type { ByteSource } from './bytes.ts';
import { type DeliverOptions, deliverContent, PRIVATE_CACHE } from './deliver.ts';
import { NO_FILE, ReadableFiles } from './readable.ts';
import { expiryAt, grantOf, type SignedGrant, signedPath } from './signed-urls.ts';

export interface ContentRoutesOptions {
  readonly shard: Shard;
  readonly bearers: Bearers;
  readonly source: ByteSource;
  /** Signs addresses. */
  readonly secret: Uint8Array;
  /** Where the addresses lead to; undefined for wherever the request came to. */
  readonly publicUrl: string | undefined;
  readonly frameAncestors: readonly string[];
}

const FORGED = fault('forbidden', 'the address is not signed by this server');
const EXPIRED = fault('forbidden', 'the signed address has expired');

const Disposition = t.Union([t.Literal('inline'), t.Literal('attachment')], {
  description: '`inline` shows in place what is safe to show; everything else is saved.',
});
const detail = (summary: string) => ({ summary, tags: ['files'], security: [{ bearer: [] }, {}] });

export function contentRoutes<App extends Elysia>(app: App, options: ContentRoutesOptions): App {
  const desk = new ContentDesk(options);
  const params = t.Object({ id: t.String({ maxLength: 64 }) });
  app.get('/v1/files/:id/content', ({ request, params: { id } }) => desk.content(request, id), {
    params,
    detail: detail("A file's bytes: for those who may read it, or by a signed address. Takes ranges and conditions."),
  });
  app.head('/v1/files/:id/content', ({ request, params: { id } }) => desk.content(request, id), {
    params,
    detail: detail("What a GET of a file's bytes would say about them."),
  });
  app.post('/v1/files/:id/url', ({ request, params: { id }, body }) => desk.url(request, id, body?.disposition), {
    params,
    body: t.Optional(t.Object({ disposition: t.Optional(Disposition) })),
    response: { 200: t.Object({ url: t.String(), expiresAt: t.Integer() }) },
    detail: detail("Signs an address of a file's bytes that needs no token, the same for everybody within an hour."),
  });
  return app;
}

class ContentDesk {
  readonly #options: ContentRoutesOptions;
  readonly #files: ReadableFiles;

  constructor(options: ContentRoutesOptions) {
    this.#options = options;
    this.#files = new ReadableFiles(options.shard, options.bearers);
  }

  async content(request: Request, id: string): Promise<Response> {
    const query = new URL(request.url).searchParams;
    if (query.has('signature')) return await this.#signed(request, id, query);
    const disposition = query.get('disposition') === 'inline' ? 'inline' : 'attachment';
    return await this.#files.answer(request, id, ({ name, content }) =>
      deliverContent(request, content, {
        ...this.#delivery(name, disposition),
        audience: 'same-site',
        cacheControl: PRIVATE_CACHE,
      }),
    );
  }

  async url(request: Request, id: string, disposition: SignedGrant['disposition'] = 'inline'): Promise<Response> {
    const { shard, secret, publicUrl } = this.#options;
    return await this.#files.answer(request, id, ({ name, content: { hash } }) => {
      const expiresAt = expiryAt(shard.host.wallMs());
      const path = signedPath(secret, { file: id, hash, name, disposition, expiresAt });
      return Promise.resolve(json(200, { url: `${publicUrl ?? new URL(request.url).origin}${path}`, expiresAt }));
    });
  }

  async #signed(request: Request, id: string, query: URLSearchParams): Promise<Response> {
    const { shard, secret } = this.#options;
    const nowMs = shard.host.wallMs();
    const grant = grantOf(secret, id, query, nowMs);
    if (grant === 'forged') return problem(FORGED);
    if (grant === 'expired') return problem(EXPIRED);
    const reply = await this.#files.content(grant.hash);
    if (!reply.ok) return problem(reply.fault);
    if (reply.value === null || reply.value.status === 'deleting') return problem(NO_FILE);
    const maxAge = Math.floor((grant.expiresAt - nowMs) / 1_000);
    return await deliverContent(request, reply.value, {
      ...this.#delivery(grant.name, grant.disposition),
      audience: 'cross-origin',
      cacheControl: `public, max-age=${maxAge}, immutable`,
    });
  }

  #delivery(
    name: string,
    disposition: SignedGrant['disposition'],
  ): Pick<DeliverOptions, 'source' | 'name' | 'disposition' | 'frameAncestors'> {
    const { source, frameAncestors } = this.#options;
    return { source, name, disposition, frameAncestors };
  }
}
