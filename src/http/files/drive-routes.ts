/** Routes of a user's own files. */
import { type Elysia, t } from 'elysia';
import { Drive, type DriveOptions, MAX_PAGE } from './drive.ts';
import { FileShape } from './shapes.ts';

const Id = t.Object({ id: t.String({ minLength: 1, maxLength: 64 }) });
const One = t.Object({ file: FileShape });

const detail = (summary: string) => ({ summary, tags: ['files'], security: [{ bearer: [] }] });

export function driveRoutes<App extends Elysia>(app: App, options: DriveOptions): App {
  const drive = new Drive(options);
  app.get('/v1/files', ({ request, query }) => drive.list(request, query), {
    query: t.Object({
      cursor: t.Optional(t.String({ maxLength: 512, description: 'From the page before.' })),
      limit: t.Optional(t.Integer({ minimum: 1, maximum: MAX_PAGE, description: '50 if absent.' })),
      search: t.Optional(t.String({ minLength: 1, maxLength: 255, description: 'Part of the name, in any case.' })),
      scope: t.Optional(
        t.Union([t.Literal('own'), t.Literal('trash'), t.Literal('shared')], {
          description: '`own` if absent; `shared` are those that others gave to the user.',
        }),
      ),
    }),
    response: { 200: t.Object({ files: t.Array(FileShape), cursor: t.Optional(t.String()) }) },
    detail: detail('Lists files from new to old.'),
  });
  app.get('/v1/files/usage', ({ request }) => drive.usage(request), {
    response: {
      200: t.Object({
        used: t.Integer(),
        reserved: t.Integer({ description: 'By uploads that are under way.' }),
        files: t.Integer(),
        quota: t.Nullable(t.Integer({ description: 'Null where there is none.' })),
      }),
    },
    detail: detail('What the user has, in bytes, and may have.'),
  });
  app.get('/v1/files/:id', ({ request, params }) => drive.look(request, params.id), {
    params: Id,
    response: { 200: One },
    detail: detail('One file that the user may read.'),
  });
  app.patch('/v1/files/:id', ({ request, params, body }) => drive.rename(request, params.id, body.name), {
    params: Id,
    body: t.Object({ name: t.String({ minLength: 1, maxLength: 1_024 }) }),
    response: { 200: One },
    detail: detail('Renames a file of the user’s own.'),
  });
  app.delete('/v1/files/:id', ({ request, params, query }) => drive.delete(request, params.id, query.purge === true), {
    params: Id,
    query: t.Object({ purge: t.Optional(t.Boolean({ description: 'True: deleted for good, in the trash or not.' })) }),
    detail: detail('Puts a file into the trash.'),
  });
  app.post('/v1/files/:id/restore', ({ request, params }) => drive.restore(request, params.id), {
    params: Id,
    response: { 200: One },
    detail: detail('Takes a file out of the trash.'),
  });
  return app;
}
