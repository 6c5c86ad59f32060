/** Thumbnails over HTTP, of contents in staging and in the embedded object store. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import sharp from 'sharp';
import { type Account, newAccounts } from '../../support/http.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { eventually, TEST_MS } from '../../support/wait.ts';
import { seed } from './seeding.ts';

setDefaultTimeout(TEST_MS);

let server: TestServer;
let anna: Account;
let ben: Account;
let picture: string;
let text: string;

beforeAll(async () => {
  server = await startServer();
  [anna, ben] = (await newAccounts(server.url, ['anna', 'ben'])) as [Account, Account];
  const bytes = await sharp({ create: { width: 900, height: 600, channels: 3, background: 'teal' } })
    .png()
    .toBuffer();
  const { dataDir } = server;
  picture = (await seed(dataDir, { user: anna.id, bytes, name: 'a.png', type: 'image/png' })).file;
  text = (await seed(dataDir, { user: anna.id, bytes: Buffer.from('hello'), name: 'a.txt', type: 'text/plain' })).file;
});
afterAll(async () => await server[Symbol.asyncDispose]());

function thumbnail(
  file: string,
  { token }: Account,
  query = '',
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${server.url}/v1/files/${file}/thumbnail${query}`, {
    headers: { authorization: `Bearer ${token}`, ...headers },
  });
}

async function factsOf(answer: Response): Promise<unknown> {
  const { width, height, format } = await sharp(Buffer.from(await answer.arrayBuffer())).metadata();
  return { type: answer.headers.get('content-type'), width, height, format };
}

test('[THB8] a picture has thumbnails in three sizes and two formats, for those who may read it', async () => {
  expect(await factsOf(await thumbnail(picture, anna))).toEqual({
    type: 'image/webp',
    width: 480,
    height: 320,
    format: 'webp',
  });
  const small = await thumbnail(picture, anna, '?size=small', { accept: 'image/avif,image/*' });
  expect(await factsOf(small)).toEqual({ type: 'image/avif', width: 160, height: 107, format: 'heif' });
  expect(await factsOf(await thumbnail(picture, anna, '?size=large'))).toEqual({
    type: 'image/webp',
    width: 900,
    height: 600,
    format: 'webp',
  });
  expect((await thumbnail(picture, ben)).status).toBe(404);
  expect((await fetch(`${server.url}/v1/files/${picture}/thumbnail`)).status).toBe(401);
  expect((await thumbnail(text, anna)).status).toBe(404);
  expect((await thumbnail(picture, anna, '?size=enormous')).status).toBe(400);
});

test('[THB8] who has the thumbnail is not sent it again', async () => {
  const etag = (await thumbnail(picture, anna)).headers.get('etag') ?? '';
  expect((await thumbnail(picture, anna, '', { 'if-none-match': etag })).status).toBe(304);
  expect((await thumbnail(picture, anna, '?size=small', { 'if-none-match': etag })).status).toBe(200);
});

test('[THB8] thumbnails are made of what is in the object store too', async () => {
  const bytes = await sharp({ create: { width: 50, height: 50, channels: 3, background: 'red' } })
    .jpeg()
    .toBuffer();
  const { file } = await seed(server.dataDir, { user: anna.id, bytes, name: 'b.jpg', type: 'image/jpeg' });
  const port = Number(new URL(server.url).port);
  await server.stop();
  server = await startServer({ dataDir: server.dataDir, port, env: { MAILROOM_STAGING_GRACE: '0s' } });
  await eventually(
    'the content to be nowhere but in the object store',
    async () => [...new Bun.Glob('*').scanSync(`${server.dataDir}/staging/contents`)],
    (left) => left.length === 0,
  );
  expect(await factsOf(await thumbnail(file, anna))).toEqual({
    type: 'image/webp',
    width: 50,
    height: 50,
    format: 'webp',
  });
});
