/** Small pictures of pictures, for those who may read the file. */
import { type Elysia, t } from 'elysia';
import { thumbnailerKind } from '../../actors/files/thumbnailer.ts';
import { fault } from '../../protocol/faults.ts';
import type { Shard } from '../../runtime/shard.ts';
import type { ContentRecord } from '../../storage/ports/file-records.ts';
import type { ThumbnailSize, Variant } from '../../storage/ports/thumbnails.ts';
import type { Bearers } from '../bearers.ts';
import { problem } from '../problem.ts';
import { ReadableFiles } from './readable.ts';

export interface ThumbnailRoutesOptions {
  readonly shard: Shard;
  readonly bearers: Bearers;
}

/** Decoding a large picture takes seconds, and others may stand in line before it. */
const DEADLINE_MS = 30_000;
const NO_PICTURE = fault('not_found', 'there is no picture of this file');
const BUSY = fault('overloaded', 'too many pictures are being made', 1_000);
/** The picture of a file never changes; whether one may see it does. */
const CACHE = 'private, no-cache';

const Size = t.Union([t.Literal('small'), t.Literal('medium'), t.Literal('large')], {
  description: 'Longest edge of 160, 480 (if absent) or 1,280 pixels.',
});

export function thumbnailRoutes<App extends Elysia>(app: App, { shard, bearers }: ThumbnailRoutesOptions): App {
  const files = new ReadableFiles(shard, bearers);
  app.get(
    '/v1/files/:id/thumbnail',
    ({ request, params: { id }, query: { size = 'medium' } }) =>
      files.answer(request, id, ({ content }) => thumbnailOf(shard, request, content, size)),
    {
      params: t.Object({ id: t.String({ maxLength: 64 }) }),
      query: t.Object({ size: t.Optional(Size) }),
      detail: {
        summary:
          'A small picture of a picture, upright and without what the camera said: AVIF where it is accepted, else WebP.',
        tags: ['files'],
        security: [{ bearer: [] }],
      },
    },
  );
  return app;
}

async function thumbnailOf(
  shard: Shard,
  request: Request,
  content: ContentRecord,
  size: ThumbnailSize,
): Promise<Response> {
  const variant: Variant = { size, format: request.headers.get('accept')?.includes('image/avif') ? 'avif' : 'webp' };
  const etag = `"${content.hash}-${size}-${variant.format}"`;
  const headers = {
    etag,
    'cache-control': CACHE,
    vary: 'accept',
    'x-content-type-options': 'nosniff',
    'content-security-policy': "sandbox; default-src 'none'",
    'cross-origin-resource-policy': 'same-site',
  };
  if (request.headers.get('if-none-match') === etag) return new Response(null, { status: 304, headers });
  const reply = await shard.ask(shard.ref(thumbnailerKind, 'all'), { type: 'make', content, variant }, DEADLINE_MS);
  if (!reply.ok) return problem(reply.fault);
  if (reply.value === 'busy') return problem(BUSY);
  if (typeof reply.value === 'string') return problem(NO_PICTURE);
  return new Response(Bun.file(reply.value.path), {
    headers: { ...headers, 'content-type': `image/${variant.format}` },
  });
}
