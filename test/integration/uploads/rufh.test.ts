import { afterAll, beforeAll, expect, test } from 'bun:test';
import { createHash } from 'node:crypto';
import { startServer, type TestServer } from '../../support/server.ts';
import { sampleBytes, sha256, type Uploader, uploaderOn } from './uploader.ts';

let server: TestServer;
let ann: Uploader;

beforeAll(async () => {
  server = await startServer({ env: { MAILROOM_MAX_UPLOAD_SIZE: '10MiB' } });
  ann = await uploaderOn(server, 'ann');
});
afterAll(() => server[Symbol.asyncDispose]());

const VERSION = { 'Upload-Draft-Interop-Version': '8' };
const PARTIAL = 'application/partial-upload';
const LIMIT = 'max-size=10485760, min-size=0';

const header = (response: Response, name: string): string | null => response.headers.get(name);
const state = (response: Response): unknown[] => [
  response.status,
  header(response, 'upload-offset'),
  header(response, 'upload-complete'),
];

async function begin(body: string | Uint8Array, headers: Record<string, string>): Promise<Response> {
  return await ann.send('POST', '/v1/uploads', { ...VERSION, ...headers }, body);
}

async function append(path: string, offset: number, body: string | Uint8Array, headers: Record<string, string>) {
  const all = { ...VERSION, 'Content-Type': PARTIAL, 'Upload-Offset': String(offset), ...headers };
  return await ann.send('PATCH', path, all, body);
}

test('[RUFH1] one request with everything is a finished upload, under either version', async () => {
  for (const version of ['6', '8']) {
    const response = await begin(`hello ${version}`, {
      'Upload-Complete': '?1',
      'Upload-Draft-Interop-Version': version,
      'Content-Disposition': "attachment; filename*=UTF-8''gr%C3%BC%C3%9Fe.txt",
    });
    expect(state(response)).toEqual([201, '7', '?1']);
    const file = header(response, 'mailroom-file') ?? '';
    expect((await ann.content(file)).toString()).toBe(`hello ${version}`);
    const record = (await (await ann.send('GET', `/v1/files/${file}`)).json()) as { file: { name: string } };
    expect(record.file.name).toBe('grüße.txt');
  }
});

test('[RUFH2] a careful client creates, asks and appends until it says that it is complete', async () => {
  const bytes = sampleBytes(30_000, 6);
  const created = await begin('', { 'Upload-Complete': '?0' });
  expect([...state(created), header(created, 'upload-limit')]).toEqual([201, '0', '?0', LIMIT]);
  const path = header(created, 'location') ?? '';
  expect(state(await append(path, 0, bytes.subarray(0, 10_000), { 'Upload-Complete': '?0' }))).toEqual([
    204,
    '10000',
    '?0',
  ]);
  for (const method of ['HEAD', 'GET']) {
    const looked = await ann.send(method, path, VERSION);
    expect(state(looked)).toEqual([204, '10000', '?0']);
    expect([header(looked, 'cache-control'), header(looked, 'upload-limit')]).toEqual(['no-store', LIMIT]);
    expect(header(looked, 'upload-length')).toBeNull();
  }
  expect(
    state(
      await append(path, 10_000, bytes.subarray(10_000, 20_000), { 'Upload-Complete': '?0', 'Upload-Length': '30000' }),
    ),
  ).toEqual([204, '20000', '?0']);
  expect(header(await ann.send('HEAD', path, VERSION), 'upload-length')).toBe('30000');
  const last = await append(path, 20_000, bytes.subarray(20_000), { 'Upload-Complete': '?1' });
  expect(state(last)).toEqual([204, '30000', '?1']);
  expect(sha256(await ann.content(header(last, 'mailroom-file') ?? ''))).toBe(sha256(bytes));
  expect(state(await ann.send('HEAD', path, VERSION))).toEqual([204, '30000', '?1']);
});

test('[RUFH3] an append at another offset conflicts and says the right one', async () => {
  const path = header(await begin('hello', { 'Upload-Complete': '?0' }), 'location') ?? '';
  const response = await append(path, 3, 'lo', { 'Upload-Complete': '?0' });
  expect(state(response)).toEqual([409, '5', '?0']);
  expect(await response.json()).toMatchObject({
    type: 'https://iana.org/assignments/http-problem-types#mismatching-upload-offset',
    'expected-offset': 5,
    'provided-offset': 3,
  });
  expect(header(await ann.send('HEAD', path, VERSION), 'upload-offset')).toBe('5');
});

test('[RUFH4] lengths that contradict each other are refused', async () => {
  const created = await begin('hello', { 'Upload-Complete': '?1', 'Upload-Length': '9' });
  expect(created.status).toBe(400);
  expect(await created.json()).toMatchObject({
    type: 'https://iana.org/assignments/http-problem-types#inconsistent-upload-length',
  });
  const path = header(await begin('hello', { 'Upload-Complete': '?0', 'Upload-Length': '10' }), 'location') ?? '';
  expect((await append(path, 5, 'wor', { 'Upload-Complete': '?1' })).status).toBe(400);
  expect((await append(path, 5, 'w', { 'Upload-Complete': '?0', 'Upload-Length': '11' })).status).toBe(400);
  expect(state(await append(path, 5, 'world', { 'Upload-Complete': '?1' }))).toEqual([204, '10', '?1']);
});

test('[RUFH5] more bytes than the length end the upload', async () => {
  const path = header(await begin('', { 'Upload-Complete': '?0', 'Upload-Length': '3' }), 'location') ?? '';
  expect((await append(path, 0, 'hello', { 'Upload-Complete': '?0' })).status).toBe(413);
  expect((await ann.send('HEAD', path, VERSION)).status).toBe(404);
});

test('[RUFH6] Content-Digest is compared before the bytes count, Repr-Digest before the file does', async () => {
  const digest = (text: string): string => `sha-256=:${createHash('sha256').update(text).digest('base64')}:`;
  const path = header(await begin('', { 'Upload-Complete': '?0' }), 'location') ?? '';
  expect((await append(path, 0, 'hello', { 'Upload-Complete': '?0', 'Content-Digest': digest('world') })).status).toBe(
    400,
  );
  expect(header(await ann.send('HEAD', path, VERSION), 'upload-offset')).toBe('0');
  expect((await append(path, 0, 'hello', { 'Upload-Complete': '?0', 'Content-Digest': digest('hello') })).status).toBe(
    204,
  );
  expect((await begin('hello', { 'Upload-Complete': '?1', 'Repr-Digest': digest('world') })).status).toBe(400);
  expect((await begin('hello', { 'Upload-Complete': '?1', 'Repr-Digest': digest('hello') })).status).toBe(201);
});

test('[RUFH7] DELETE cancels; OPTIONS tells the limits; what is no request of the draft is refused', async () => {
  const path = header(await begin('hello', { 'Upload-Complete': '?0' }), 'location') ?? '';
  expect((await ann.send('DELETE', path, VERSION)).status).toBe(204);
  expect((await ann.send('HEAD', path, VERSION)).status).toBe(404);
  const options = await fetch(`${server.url}/v1/uploads`, { method: 'OPTIONS' });
  expect(header(options, 'upload-limit')).toBe(LIMIT);
  expect((await begin('hello', { 'Upload-Complete': 'yes' })).status).toBe(400);
  expect((await begin('hello', {})).status).toBe(400);
  expect((await append(path, 0, 'x', { 'Content-Type': 'text/plain', 'Upload-Complete': '?0' })).status).toBe(415);
});

test('[RUFH8] both protocols see the same upload', async () => {
  const path = header(await begin('hello', { 'Upload-Complete': '?0', 'Upload-Length': '10' }), 'location') ?? '';
  expect(await ann.offset(path)).toBe(5);
  expect((await ann.patch(path, 5, 'world')).status).toBe(204);
  expect(state(await ann.send('HEAD', path, VERSION))).toEqual([204, '10', '?1']);
});
