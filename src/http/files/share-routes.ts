/** Routes by which owners share. */
import { type Elysia, t } from 'elysia';
import { ShareShape } from './share-shapes.ts';
import { Sharing, type SharingOptions } from './sharing.ts';

const Id = t.String({ minLength: 1, maxLength: 64 });
const One = t.Object({
  share: ShareShape,
  message: t.Optional(t.Object({ seq: t.Integer(), at: t.Integer() }, { description: 'That tells a room of it.' })),
});

const LinkWish = t.Object({
  expiresAt: t.Optional(t.Integer({ minimum: 0, description: 'Milliseconds since the epoch; never if absent.' })),
  password: t.Optional(t.String({ minLength: 1, maxLength: 1_024, description: 'Asked of whoever opens it.' })),
  maxDownloads: t.Optional(t.Integer({ minimum: 1, maximum: 1_000_000 })),
});

const detail = (summary: string) => ({ summary, tags: ['files'], security: [{ bearer: [] }] });

export function shareRoutes<App extends Elysia>(app: App, options: SharingOptions): App {
  const sharing = new Sharing(options);
  app.post('/v1/files/:id/shares', ({ request, params, body }) => sharing.share(request, params.id, body), {
    params: t.Object({ id: Id }),
    body: t.Object({
      user: t.Optional(t.String({ minLength: 1, maxLength: 64, description: 'A contact.' })),
      room: t.Optional(t.String({ minLength: 1, maxLength: 128, description: 'One that the user is in.' })),
      message: t.Optional(t.Boolean({ description: 'Of a room: false posts no message of it.' })),
      link: t.Optional(LinkWish),
    }),
    response: { 200: One, 201: One },
    detail: detail('Gives a file to a contact, to a room, or to whoever has a link. 200: it is so already.'),
  });
  app.get('/v1/files/:id/shares', ({ request, params }) => sharing.list(request, params.id), {
    params: t.Object({ id: Id }),
    response: { 200: t.Object({ shares: t.Array(ShareShape) }) },
    detail: detail('To whom a file is given, oldest first.'),
  });
  app.delete('/v1/files/:id/shares/:share', ({ request, params }) => sharing.end(request, params.id, params.share), {
    params: t.Object({ id: Id, share: Id }),
    detail: detail('Ends a share at once.'),
  });
  return app;
}
