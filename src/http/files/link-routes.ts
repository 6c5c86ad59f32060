/** Routes of links, which need no account. */
import { type Elysia, t } from 'elysia';
import { Links, type LinksOptions } from './links.ts';

const detail = (summary: string) => ({ summary, tags: ['links'], security: [{}] });
const params = t.Object({ token: t.String() });
const Password = t.Object({ password: t.String({ maxLength: 1_024 }) });
const Facts = { name: t.String(), size: t.Integer(), type: t.String(), sha256: t.String() };

export function linkRoutes<App extends Elysia>(app: App, options: LinksOptions): App {
  const links = new Links(options);
  app.get('/s/:token', ({ params: { token } }) => links.page(token), { params, detail: { hide: true } });
  app.post('/s/:token', ({ request, params: { token }, body }) => links.openedPage(request, token, body.password), {
    params,
    body: Password,
    detail: { hide: true },
  });
  app.get('/v1/shares/:token', ({ params: { token } }) => links.facts(token), {
    params,
    response: {
      200: t.Object({
        needsPassword: t.Boolean({ description: 'True: nothing else is told before it.' }),
        expiresAt: t.Optional(t.Integer()),
        ...t.Partial(t.Object(Facts)).properties,
      }),
    },
    detail: detail('What a link leads to.'),
  });
  app.post(
    '/v1/shares/:token/open',
    ({ request, params: { token }, body }) => links.open(request, token, body.password),
    {
      params,
      body: Password,
      response: { 200: t.Object({ grant: t.String(), expiresAt: t.Integer(), ...Facts }) },
      detail: detail('Gives a grant of ten minutes for the right password: `content?grant=…`.'),
    },
  );
  app.get('/v1/shares/:token/content', ({ request, params: { token } }) => links.content(request, token), {
    params,
    detail: detail('The bytes. The password comes as a grant, or as that of `Authorization: Basic`. Takes ranges.'),
  });
  app.head('/v1/shares/:token/content', ({ request, params: { token } }) => links.content(request, token), {
    params,
    detail: detail('What a GET of the bytes would say about them; not counted.'),
  });
  return app;
}
