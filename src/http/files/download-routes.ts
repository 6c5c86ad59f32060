/** Routes of what the server downloads for its users. */
import { type Elysia, t } from 'elysia';
import { DownloadDoor, type DownloadRoutesOptions } from './downloads.ts';
import { MAX_PAGE } from './drive.ts';

const MAX_URL_CHARACTERS = 2_048;
const Id = t.Object({ id: t.String({ minLength: 1, maxLength: 64 }) });

const DownloadShape = t.Object({
  id: t.String(),
  url: t.String(),
  name: t.Optional(t.String({ description: 'Of the file to be, once it is known.' })),
  size: t.Optional(t.Integer({ description: 'Bytes, where the other side says it.' })),
  received: t.Integer({ description: 'Bytes that are there.' }),
  state: t.Union([
    t.Literal('queued'),
    t.Literal('running'),
    t.Literal('paused'),
    t.Literal('done'),
    t.Literal('failed'),
    t.Literal('cancelled'),
  ]),
  problem: t.Optional(
    t.String({
      description:
        'Why it failed: `bad-url`, `forbidden-address`, `too-many-redirects`, `unreachable`, `bad-answer`, `too-large`, ' +
        '`too-slow`, `too-long`, `quota` or `storage`.',
    }),
  ),
  file: t.Optional(t.String({ description: 'Id of the file, once it is done.' })),
  createdAt: t.Integer(),
  updatedAt: t.Integer(),
});
const One = t.Object({ download: DownloadShape });

const detail = (summary: string) => ({ summary, tags: ['downloads'], security: [{ bearer: [] }] });

export function downloadRoutes<App extends Elysia>(app: App, options: DownloadRoutesOptions): App {
  const door = new DownloadDoor(options);
  app.post('/v1/downloads', ({ request, body }) => door.add(request, body.url, body.name), {
    body: t.Object({
      url: t.String({ minLength: 1, maxLength: MAX_URL_CHARACTERS, description: 'A public http or https address.' }),
      name: t.Optional(t.String({ minLength: 1, maxLength: 1_024, description: 'As the other side says if absent.' })),
    }),
    response: { 202: One },
    detail: detail('The server fetches the address into the user’s files.'),
  });
  app.get('/v1/downloads', ({ request, query }) => door.list(request, query.cursor, query.limit), {
    query: t.Object({
      cursor: t.Optional(t.String({ maxLength: 512, description: 'From the page before.' })),
      limit: t.Optional(t.Integer({ minimum: 1, maximum: MAX_PAGE, description: '50 if absent.' })),
    }),
    response: { 200: t.Object({ downloads: t.Array(DownloadShape), cursor: t.Optional(t.String()) }) },
    detail: detail('Lists downloads from new to old; those that ended stay for 30 days.'),
  });
  const controlled = (summary: string) => ({ params: Id, response: { 200: One }, detail: detail(summary) });
  app.get('/v1/downloads/:id', ({ request, params }) => door.look(request, params.id), controlled('One download.'));
  app.post(
    '/v1/downloads/:id/pause',
    ({ request, params }) => door.control(request, params.id, 'pause'),
    controlled('Stops a download at once and keeps what is there.'),
  );
  app.post(
    '/v1/downloads/:id/resume',
    ({ request, params }) => door.control(request, params.id, 'resume'),
    controlled('Goes on with a download that was paused.'),
  );
  app.delete(
    '/v1/downloads/:id',
    ({ request, params }) => door.control(request, params.id, 'cancel'),
    controlled('Ends a download at once and frees what is there.'),
  );
  return app;
}
