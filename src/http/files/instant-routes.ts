/** Routes of instant uploads. */
import { type Elysia, t } from 'elysia';
import { InstantUploads, type InstantUploadsOptions } from './instant.ts';
import { FileShape } from './shapes.ts';

const detail = (summary: string) => ({ summary, tags: ['files'], security: [{ bearer: [] }] });
const SHA256 = '^[0-9a-f]{64}$';
const One = t.Object({ file: FileShape });
const ChallengeShape = t.Object({
  id: t.String(),
  nonce: t.String({ description: 'Base64.' }),
  ranges: t.Array(t.Object({ offset: t.Integer(), length: t.Integer() })),
  expiresAt: t.Integer(),
});

export function instantRoutes<App extends Elysia>(app: App, options: InstantUploadsOptions): App {
  const uploads = new InstantUploads(options);
  app.post('/v1/files/instant', ({ request, body }) => uploads.begin(request, body), {
    body: t.Object({
      name: t.String({ minLength: 1, maxLength: 1_024 }),
      size: t.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
      sha256: t.String({ pattern: SHA256, description: 'Lower-case hex.' }),
    }),
    response: { 200: t.Object({ challenge: ChallengeShape }), 201: One },
    detail: detail('Asks for a file of a content without uploading it.'),
  });
  app.post(
    '/v1/files/instant/:challenge',
    ({ request, params, body }) => uploads.prove(request, params.challenge, body.proof),
    {
      params: t.Object({ challenge: t.String({ minLength: 1, maxLength: 64 }) }),
      body: t.Object({
        proof: t.String({
          pattern: SHA256,
          description: 'Hex SHA-256 of the ASCII of `id`, the nonce’s bytes, and the ranges’ bytes in order.',
        }),
      }),
      response: { 201: One },
      detail: detail('Proves to have the content; 404: upload it.'),
    },
  );
  return app;
}
