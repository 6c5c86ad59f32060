import { afterAll, beforeAll, expect, test } from 'bun:test';
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { startServer, type TestServer } from '../../support/server.ts';
import { base64, OFFSET_STREAM, sampleBytes, sha256, type Uploader, uploaderOn } from './uploader.ts';

let server: TestServer;
let ann: Uploader;
let bob: Uploader;

beforeAll(async () => {
  server = await startServer({
    env: { MAILROOM_MAX_UPLOAD_SIZE: '10MiB', MAILROOM_ALLOWED_ORIGINS: 'http://page.example' },
  });
  ann = await uploaderOn(server, 'ann');
  bob = await uploaderOn(server, 'bob');
});
afterAll(() => server[Symbol.asyncDispose]());

const header = (response: Response, name: string): string | null => response.headers.get(name);

test('[TUS1] OPTIONS tells what the server can do, without a token and whatever version is asked for', async () => {
  const response = await fetch(`${server.url}/v1/uploads`, { method: 'OPTIONS', headers: { 'Tus-Resumable': '0.1' } });
  expect(response.status).toBe(204);
  expect(header(response, 'tus-version')).toBe('1.0.0');
  expect(header(response, 'tus-max-size')).toBe('10485760');
  expect(header(response, 'tus-extension')?.split(',').sort()).toEqual([
    'checksum',
    'concatenation',
    'creation',
    'creation-defer-length',
    'creation-with-upload',
    'expiration',
    'termination',
  ]);
  expect(header(response, 'tus-checksum-algorithm')?.split(',').sort()).toEqual(['crc32', 'md5', 'sha1', 'sha256']);
});

test('[TUS2] a request of another version, or of none, is not processed', async () => {
  const path = await ann.create(5);
  for (const version of [{}, { 'Tus-Resumable': '0.2.2' }] as Record<string, string>[]) {
    for (const method of ['HEAD', 'PATCH', 'DELETE', 'POST']) {
      const response = await ann.send(method, method === 'POST' ? '/v1/uploads' : path, version);
      expect([method, response.status, header(response, 'tus-version')]).toEqual([method, 412, '1.0.0']);
      expect(header(response, 'tus-resumable')).toBe('1.0.0');
    }
  }
  expect(await ann.offset(path)).toBe(0);
});

test('[TUS3] HEAD says offset and length, 0 included, and is never stored by caches', async () => {
  const path = await ann.create(5, { 'Upload-Metadata': `filename ${base64('a b.txt')},empty` });
  const response = await ann.tus('HEAD', path);
  expect([response.status, header(response, 'upload-offset'), header(response, 'upload-length')]).toEqual([
    200,
    '0',
    '5',
  ]);
  expect(header(response, 'cache-control')).toBe('no-store');
  expect(header(response, 'tus-resumable')).toBe('1.0.0');
  expect(header(response, 'upload-metadata')).toBe(`filename ${base64('a b.txt')},empty`);
});

test('[TUS4] what does not exist, or belongs to somebody else, is not found and has no offset', async () => {
  const path = await ann.create(5);
  const foreign = [await bob.tus('HEAD', path), await bob.patch(path, 0, 'hello'), await bob.tus('DELETE', path)];
  const unknown = [await ann.tus('HEAD', '/v1/uploads/nothing'), await ann.patch('/v1/uploads/nothing', 0, 'hello')];
  const odd = [await ann.tus('HEAD', '/v1/uploads/..%2Fx'), await ann.tus('HEAD', '/v1/uploads/a.b')];
  for (const response of [...foreign, ...unknown, ...odd]) {
    expect([response.status, header(response, 'upload-offset')]).toEqual([404, null]);
  }
  expect(await ann.offset(path)).toBe(0);
});

test('[TUS5] without a valid token nothing happens', async () => {
  const path = await ann.create(5);
  for (const method of ['HEAD', 'PATCH', 'DELETE']) {
    const headers = { 'Tus-Resumable': '1.0.0', 'Content-Type': OFFSET_STREAM, 'Upload-Offset': '0' };
    const response = await fetch(new URL(path, server.url), { method, headers });
    expect([response.status, header(response, 'tus-resumable')]).toEqual([401, '1.0.0']);
  }
});

test('[TUS6] PATCH appends at the offset and answers 204 with the new one; the whole is the file', async () => {
  const bytes = sampleBytes(300_000);
  const path = await ann.create(bytes.length, { 'Upload-Metadata': `filename ${base64('../käse\u0007.bin')}` });
  const first = await ann.patch(path, 0, bytes.subarray(0, 100_001));
  expect([first.status, header(first, 'upload-offset'), header(first, 'mailroom-file')]).toEqual([204, '100001', null]);
  const second = await ann.patch(path, 100_001, bytes.subarray(100_001));
  expect([second.status, header(second, 'upload-offset')]).toEqual([204, '300000']);
  const file = header(second, 'mailroom-file') ?? '';
  const looked = await ann.tus('HEAD', path);
  expect([header(looked, 'upload-offset'), header(looked, 'mailroom-file')]).toEqual(['300000', file]);
  const record = (await (await ann.send('GET', `/v1/files/${file}`)).json()) as { file: Record<string, unknown> };
  expect(record.file).toMatchObject({ id: file, name: 'käse.bin', size: 300_000 });
  expect(sha256(await ann.content(file))).toBe(sha256(bytes));
});

test('[TUS7] PATCH with another offset conflicts and changes nothing; a wrong type is 415; a missing offset 400', async () => {
  const path = await ann.create(10);
  expect((await ann.patch(path, 0, 'hello')).status).toBe(204);
  for (const offset of [0, 4, 6, 10]) expect((await ann.patch(path, offset, 'world')).status).toBe(409);
  expect((await ann.patch(path, 5, 'world', { 'Content-Type': 'text/plain' })).status).toBe(415);
  expect((await ann.tus('PATCH', path, { 'Content-Type': OFFSET_STREAM }, 'world')).status).toBe(400);
  for (const offset of ['-1', 'x', '1e3', '99999999999999999999']) {
    expect((await ann.patch(path, 5, 'world', { 'Upload-Offset': offset })).status).toBe(400);
  }
  expect(await ann.offset(path)).toBe(5);
});

test('[TUS8] bytes beyond the length are refused, whether or not the request tells how many come', async () => {
  const path = await ann.create(10);
  expect((await ann.patch(path, 0, 'hello world')).status).toBe(413);
  const stream = new Blob(['hello world and more']).stream();
  expect((await ann.patch(path, 0, stream)).status).toBe(413);
  expect(await ann.offset(path)).toBe(0);
  expect((await ann.patch(path, 0, 'helloworld')).status).toBe(204);
});

test('[TUS9] X-HTTP-Method-Override is the method, and the real one is ignored', async () => {
  const path = await ann.create(5);
  const headers = { 'X-HTTP-Method-Override': 'PATCH', 'Content-Type': OFFSET_STREAM, 'Upload-Offset': '0' };
  const response = await ann.tus('POST', path, headers, 'hello');
  expect([response.status, header(response, 'upload-offset')]).toEqual([204, '5']);
  expect((await ann.tus('POST', path, { 'X-HTTP-Method-Override': 'DELETE' })).status).toBe(204);
  expect((await ann.tus('HEAD', path)).status).toBe(404);
});

test('[TUS10] creation needs one length, or that it is said later, and none too large', async () => {
  const create = async (headers: Record<string, string>): Promise<number> =>
    (await ann.tus('POST', '/v1/uploads', headers)).status;
  expect(await create({})).toBe(400);
  expect(await create({ 'Upload-Length': '-1' })).toBe(400);
  expect(await create({ 'Upload-Length': '1.5' })).toBe(400);
  expect(await create({ 'Upload-Length': '5', 'Upload-Defer-Length': '1' })).toBe(400);
  expect(await create({ 'Upload-Defer-Length': '2' })).toBe(400);
  expect(await create({ 'Upload-Length': '10485761' })).toBe(413);
  expect(await create({ 'Upload-Length': '10485760' })).toBe(201);
});

test('[TUS11] bad metadata is refused by name', async () => {
  for (const metadata of [
    'a b c',
    'a !',
    `a ${base64('x')},a ${base64('y')}`,
    'sha256 eA==',
    `hashes ${base64('md4')}`,
  ]) {
    const response = await ann.tus('POST', '/v1/uploads', { 'Upload-Length': '5', 'Upload-Metadata': metadata });
    expect(response.status).toBe(400);
    expect(((await response.json()) as { detail: string }).detail).toContain('Upload-Metadata');
  }
});

test('[TUS12] an upload of no bytes is complete at once', async () => {
  const response = await ann.tus('POST', '/v1/uploads', { 'Upload-Length': '0' });
  expect(response.status).toBe(201);
  const file = header(response, 'mailroom-file') ?? '';
  expect((await ann.content(file)).length).toBe(0);
  expect(await ann.offset(header(response, 'location') ?? '')).toBe(0);
});

test('[TUS13] creation may bring the first bytes, or all of them', async () => {
  const bytes = sampleBytes(50_000, 2);
  const create = async (body: Uint8Array): Promise<Response> =>
    await ann.tus('POST', '/v1/uploads', { 'Upload-Length': '50000', 'Content-Type': OFFSET_STREAM }, body);
  const part = await create(bytes.subarray(0, 20_000));
  expect([part.status, header(part, 'upload-offset'), header(part, 'mailroom-file')]).toEqual([201, '20000', null]);
  const rest = await ann.patch(header(part, 'location') ?? '', 20_000, bytes.subarray(20_000));
  const whole = await create(bytes);
  expect([whole.status, header(whole, 'upload-offset')]).toEqual([201, '50000']);
  expect(header(whole, 'mailroom-file')).toBe(header(rest, 'mailroom-file'));
  expect(sha256(await ann.content(header(whole, 'mailroom-file') ?? ''))).toBe(sha256(bytes));
  const typed = await ann.tus('POST', '/v1/uploads', { 'Upload-Length': '5', 'Content-Type': 'text/plain' }, 'hello');
  expect(typed.status).toBe(415);
});

test('[TUS14] a length that is said later is said once', async () => {
  const created = await ann.tus('POST', '/v1/uploads', { 'Upload-Defer-Length': '1' });
  const path = header(created, 'location') ?? '';
  const early = await ann.tus('HEAD', path);
  expect([header(early, 'upload-defer-length'), header(early, 'upload-length')]).toEqual(['1', null]);
  expect((await ann.patch(path, 0, 'hello')).status).toBe(204);
  expect((await ann.patch(path, 5, 'x', { 'Upload-Length': '4' })).status).toBe(400);
  expect((await ann.patch(path, 5, 'wor', { 'Upload-Length': '10' })).status).toBe(204);
  expect((await ann.patch(path, 8, 'ld', { 'Upload-Length': '11' })).status).toBe(400);
  const late = await ann.tus('HEAD', path);
  expect([header(late, 'upload-defer-length'), header(late, 'upload-length')]).toEqual([null, '10']);
  const last = await ann.patch(path, 8, 'ld');
  expect((await ann.content(header(last, 'mailroom-file') ?? '')).toString()).toBe('helloworld');
});

test('[TUS15] every answer that keeps an upload alive says when it expires', async () => {
  const created = await ann.tus('POST', '/v1/uploads', { 'Upload-Length': '10' });
  const patched = await ann.patch(header(created, 'location') ?? '', 0, 'hello');
  for (const response of [created, patched]) {
    const expires = header(response, 'upload-expires') ?? '';
    expect(expires).toMatch(/^\w{3}, \d{2} \w{3} \d{4} \d\d:\d\d:\d\d GMT$/);
    expect(Date.parse(expires)).toBeGreaterThan(Date.now());
  }
});

test('[TUS16] a chunk with a right checksum counts; one with a wrong one is discarded with 460', async () => {
  const path = await ann.create(20);
  const body = Buffer.from('hello');
  const digests: Record<string, Buffer> = { crc32: Buffer.alloc(4) };
  digests.crc32?.writeUInt32BE(crc32(body));
  for (const name of ['sha1', 'md5', 'sha256']) digests[name] = createHash(name).update(body).digest();
  let offset = 0;
  for (const [name, digest] of Object.entries(digests)) {
    const wrong = Buffer.from(digest);
    wrong[0] = (wrong[0] as number) ^ 1;
    const refused = await ann.patch(path, offset, body, { 'Upload-Checksum': `${name} ${wrong.toString('base64')}` });
    expect([name, refused.status]).toEqual([name, 460]);
    expect(await ann.offset(path)).toBe(offset);
    const taken = await ann.patch(path, offset, body, { 'Upload-Checksum': `${name} ${digest.toString('base64')}` });
    offset += 5;
    expect([name, taken.status, header(taken, 'upload-offset')]).toEqual([name, 204, String(offset)]);
  }
  expect(header(await ann.tus('HEAD', path), 'mailroom-file')).not.toBeNull();
});

test('[TUS17] a checksum of an unknown algorithm, or that is none, is 400', async () => {
  const path = await ann.create(5);
  for (const checksum of ['md4 AAAA', 'sha1', 'sha1 AAAA', 'sha1 AAAA AAAA', '']) {
    expect((await ann.patch(path, 0, 'hello', { 'Upload-Checksum': checksum })).status).toBe(400);
  }
  expect(await ann.offset(path)).toBe(0);
});

test('[TUS18] a terminated upload is gone, and so is what it reserved', async () => {
  const path = await ann.create(10);
  await ann.patch(path, 0, 'hello');
  expect((await ann.tus('DELETE', path)).status).toBe(204);
  for (const response of [
    await ann.tus('HEAD', path),
    await ann.patch(path, 5, 'world'),
    await ann.tus('DELETE', path),
  ]) {
    expect(response.status).toBe(404);
  }
});

test('[TUS19] partial uploads become one, in the order that is said, one of them perhaps twice', async () => {
  const parts = [sampleBytes(70_000, 3), sampleBytes(1, 4), sampleBytes(90_000, 5)];
  const paths = await Promise.all(parts.map((part) => ann.create(part.length, { 'Upload-Concat': 'partial' })));
  const done = await Promise.all(parts.map((part, at) => ann.patch(paths[at] ?? '', 0, part)));
  expect(done.map((response) => [response.status, header(response, 'mailroom-file')])).toEqual([
    [204, null],
    [204, null],
    [204, null],
  ]);
  expect(header(await ann.tus('HEAD', paths[0] ?? ''), 'upload-concat')).toBe('partial');
  const order = [2, 0, 1, 0];
  const list = order.map((at, index) => (index % 2 === 0 ? new URL(paths[at] ?? '', server.url).href : paths[at]));
  const concat = `final;${list.join(' ')}`;
  const final = await ann.tus('POST', '/v1/uploads', {
    'Upload-Concat': concat,
    'Upload-Metadata': `filename ${base64('joined.bin')},hashes ${base64('crc32,crc64,md5,sha1')}`,
  });
  expect(final.status).toBe(201);
  const path = header(final, 'location') ?? '';
  const whole = Buffer.concat(order.map((at) => parts[at] as Buffer));
  const looked = await ann.tus('HEAD', path);
  expect([header(looked, 'upload-concat'), header(looked, 'upload-length'), header(looked, 'upload-offset')]).toEqual([
    concat,
    String(whole.length),
    String(whole.length),
  ]);
  expect((await ann.patch(path, whole.length, 'x')).status).toBe(403);
  expect(sha256(await ann.content(header(final, 'mailroom-file') ?? ''))).toBe(sha256(whole));
});

test('[TUS20] a final upload needs whole parts of the same user, brings no bytes and no length', async () => {
  const whole = await ann.create(5, { 'Upload-Concat': 'partial' });
  await ann.patch(whole, 0, 'hello');
  const open = await ann.create(5, { 'Upload-Concat': 'partial' });
  const plain = await ann.create(5);
  const foreign = await bob.create(0, { 'Upload-Concat': 'partial' });
  const create = async (concat: string, headers: Record<string, string> = {}): Promise<number> =>
    (await ann.tus('POST', '/v1/uploads', { 'Upload-Concat': concat, ...headers })).status;
  expect(await create(`final;${whole} ${open}`)).toBe(400);
  expect(await create(`final;${plain}`)).toBe(400);
  expect(await create(`final;${foreign}`)).toBe(404);
  expect(await create('final;')).toBe(400);
  expect(await create('final;http://[')).toBe(400);
  expect(await create('some')).toBe(400);
  expect(await create(`final;${whole}`, { 'Upload-Length': '5' })).toBe(400);
  expect(await create(`final;${whole}`)).toBe(201);
});

test('[TUS21] pages of allowed origins may ask, and read what the answers say', async () => {
  const preflight = await fetch(`${server.url}/v1/uploads`, {
    method: 'OPTIONS',
    headers: { Origin: 'http://page.example', 'Access-Control-Request-Method': 'PATCH' },
  });
  expect([preflight.status, header(preflight, 'access-control-allow-origin')]).toEqual([204, 'http://page.example']);
  const allowed = header(preflight, 'access-control-allow-headers')?.toLowerCase().split(', ') ?? [];
  for (const name of [
    'authorization',
    'tus-resumable',
    'upload-offset',
    'upload-length',
    'upload-metadata',
    'upload-concat',
    'upload-checksum',
    'upload-defer-length',
    'x-http-method-override',
  ]) {
    expect(allowed).toContain(name);
  }
  const created = await ann.tus('POST', '/v1/uploads', { 'Upload-Length': '1', Origin: 'http://page.example' });
  expect(header(created, 'access-control-allow-origin')).toBe('http://page.example');
  const exposed = header(created, 'access-control-expose-headers')?.toLowerCase().split(', ') ?? [];
  for (const name of [
    'location',
    'upload-offset',
    'upload-length',
    'upload-expires',
    'tus-resumable',
    'mailroom-file',
  ]) {
    expect(exposed).toContain(name);
  }
  const foreign = await ann.tus('POST', '/v1/uploads', { 'Upload-Length': '1', Origin: 'http://evil.example' });
  expect(header(foreign, 'access-control-allow-origin')).toBeNull();
});

test('[HSH2] content that is not what was promised is refused, and the upload is gone', async () => {
  const promise = { 'Upload-Metadata': `sha256 ${base64(sha256(Buffer.from('world')))}` };
  const path = await ann.create(5, promise);
  const refused = await ann.patch(path, 0, 'hello');
  expect(refused.status).toBe(400);
  expect(((await refused.json()) as { detail: string }).detail).toContain(sha256(Buffer.from('hello')));
  expect((await ann.tus('HEAD', path)).status).toBe(404);
  const kept = await ann.create(5, promise);
  expect((await ann.patch(kept, 0, 'world')).status).toBe(204);
});
