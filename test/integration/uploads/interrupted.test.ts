import { expect, test } from 'bun:test';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { FileStaging } from '../../../src/storage/embedded/staging/file-staging.ts';
import { tempDir } from '../../contract/temp-dir.ts';
import { newAccount } from '../../support/http.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { eventually } from '../../support/wait.ts';
import { OFFSET_STREAM, sampleBytes, sha256, type Uploader, uploaderOn } from './uploader.ts';

/** A PATCH over a bare connection, of which only the first bytes are sent. */
async function halfPatch(
  server: TestServer,
  uploader: Uploader,
  path: string,
  bytes: Uint8Array,
  contentLength: number,
): Promise<Socket> {
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.once('error', reject);
  socket.write(
    [
      `PATCH ${path} HTTP/1.1`,
      `Host: ${hostname}`,
      `Authorization: Bearer ${uploader.token}`,
      'Tus-Resumable: 1.0.0',
      'Upload-Offset: 0',
      `Content-Type: ${OFFSET_STREAM}`,
      `Content-Length: ${contentLength}`,
      '\r\n',
    ].join('\r\n'),
  );
  socket.write(bytes, () => resolve());
  await promise;
  socket.on('error', () => undefined);
  return socket;
}

const bytesFile = (dataDir: string, path: string): string =>
  join(dataDir, 'staging/uploads', `${path.split('/').at(-1)}.bytes`);

const sizeOf = (file: string): number => (existsSync(file) ? statSync(file).size : 0);

test('[UPL6] what came of a request whose client went away is kept, and the upload goes on from there', async () => {
  await using server = await startServer();
  const ann = await uploaderOn(server, 'ann');
  const bytes = sampleBytes(3_000_000, 7);
  const path = await ann.create(bytes.length);
  const socket = await halfPatch(server, ann, path, bytes.subarray(0, 1_500_000), bytes.length);
  // A request that ends before anybody reads it has brought nothing.
  await eventually(
    'the beginning to be written',
    () => sizeOf(bytesFile(server.dataDir, path)),
    (size) => size > 0,
  );
  socket.destroy();
  await eventually(
    'what came to be written',
    () => sizeOf(bytesFile(server.dataDir, path)),
    (size) => size === 1_500_000,
  );
  expect(await ann.offset(path)).toBe(1_500_000);
  const done = await ann.patch(path, 1_500_000, bytes.subarray(1_500_000));
  expect(done.status).toBe(204);
  expect(sha256(await ann.content(done.headers.get('mailroom-file') ?? ''))).toBe(sha256(bytes));
});

test('[UPL7] a newer request takes an upload from one that stands still, and loses nothing of what that one brought', async () => {
  await using server = await startServer();
  const ann = await uploaderOn(server, 'ann');
  const bytes = sampleBytes(2_000_000, 8);
  const path = await ann.create(bytes.length);
  const stale = await halfPatch(server, ann, path, bytes.subarray(0, 1_500_000), bytes.length);
  let answer = '';
  stale.on('data', (data) => {
    answer += data.toString('latin1');
  });
  await eventually(
    'half of it to be written',
    () => sizeOf(bytesFile(server.dataDir, path)),
    (size) => size > 500_000,
  );
  const offset = await ann.offset(path);
  expect(offset).toBeGreaterThan(500_000);
  const done = await ann.patch(path, offset, bytes.subarray(offset));
  expect([done.status, done.headers.get('upload-offset')]).toEqual([204, '2000000']);
  await eventually(
    'the stale request to be answered',
    () => answer,
    (text) => text.startsWith('HTTP/1.1 409'),
  );
  stale.destroy();
  expect(sha256(await ann.content(done.headers.get('mailroom-file') ?? ''))).toBe(sha256(bytes));
});

test('[UPL7] of many requests for the same offset at once exactly one file comes out, with the right content', async () => {
  await using server = await startServer();
  const ann = await uploaderOn(server, 'ann');
  const bytes = sampleBytes(400_000, 9);
  const path = await ann.create(bytes.length);
  const answers = await Promise.all(Array.from({ length: 8 }, () => ann.patch(path, 0, bytes)));
  for (const { status } of answers) expect([204, 409]).toContain(status);
  const offset = await ann.offset(path);
  const last = await ann.patch(path, offset, bytes.subarray(offset));
  const file = last.headers.get('mailroom-file') ?? '';
  expect(sha256(await ann.content(file))).toBe(sha256(bytes));
});

test('[UPL8] every acknowledged byte survives a kill, and the upload goes on after the restart', async () => {
  using dir = tempDir();
  const bytes = sampleBytes(3_000_000, 10);
  let path = '';
  {
    await using server = await startServer({ dataDir: dir.path });
    const ann = await uploaderOn(server, 'ann');
    path = await ann.create(bytes.length);
    expect((await ann.patch(path, 0, bytes.subarray(0, 1_000_000))).status).toBe(204);
    await halfPatch(server, ann, path, bytes.subarray(0, 1_000), 2_000_000);
    await server.kill();
  }
  await using server = await startServer({ dataDir: dir.path });
  const ann = await uploaderOn(server, 'ann');
  expect(await ann.offset(path)).toBe(1_000_000);
  const done = await ann.patch(path, 1_000_000, bytes.subarray(1_000_000));
  expect(sha256(await ann.content(done.headers.get('mailroom-file') ?? ''))).toBe(sha256(bytes));
});

test('[UPL9] an upload that was whole when the process ended becomes a file at the next start', async () => {
  using dir = tempDir();
  const bytes = sampleBytes(100_000, 11);
  {
    await using server = await startServer({ dataDir: dir.path });
    const { id } = await newAccount(server.url, 'ann');
    await server.stop();
    const staging = new FileStaging(join(dir.path, 'staging'));
    const times = { at: Date.now(), expiresAt: Date.now() + 3_600_000 };
    const said = { length: bytes.length, name: 'late.bin', metadata: null, concat: null, parts: null, sha256: null };
    await staging.create('late', [{ type: 'created', id: 'late', user: id, ...times, ...said, hashes: [] }], true);
    const writer = await staging.writer('late');
    await writer.write([bytes], 0);
    await writer.close();
    const crc32 = Bun.hash.crc32(bytes);
    await staging.append('late', { type: 'received', offset: bytes.length, crc32, expiresAt: times.expiresAt }, true);
  }
  await using server = await startServer({ dataDir: dir.path });
  const ann = await uploaderOn(server, 'ann');
  const list = async () =>
    ((await (await ann.send('GET', '/v1/files')).json()) as { files: { id: string; name: string }[] }).files;
  const [file] = await eventually('the file to be there', list, (files) => files.length > 0);
  expect(file?.name).toBe('late.bin');
  expect(sha256(await ann.content(file?.id ?? ''))).toBe(sha256(bytes));
});

test('[UPL10] bytes on the disk that are not those that came never become a file', async () => {
  using dir = tempDir();
  const bytes = sampleBytes(100_000, 12);
  let path = '';
  {
    await using server = await startServer({ dataDir: dir.path });
    const ann = await uploaderOn(server, 'ann');
    path = await ann.create(bytes.length);
    await ann.patch(path, 0, bytes.subarray(0, 60_000));
    await server.stop();
  }
  const staging = new FileStaging(join(dir.path, 'staging'));
  const writer = await staging.writer(path.split('/').at(-1) ?? '');
  await writer.write([Buffer.from('rot')], 1_000);
  await writer.close();
  await using server = await startServer({ dataDir: dir.path });
  const ann = await uploaderOn(server, 'ann');
  expect((await ann.patch(path, 60_000, bytes.subarray(60_000))).status).toBe(500);
  expect((await ann.tus('HEAD', path)).status).toBe(404);
});

test('[UPL11] an upload that nothing comes for expires, and leaves nothing on the disk', async () => {
  await using server = await startServer({ env: { MAILROOM_UPLOAD_TTL: '1s' } });
  const ann = await uploaderOn(server, 'ann');
  const path = await ann.create(10);
  await ann.patch(path, 0, 'hello');
  const left = (): string[] => readdirSync(join(server.dataDir, 'staging/uploads'));
  await eventually('the upload to be removed', left, (names) => names.length === 0);
  expect((await ann.tus('HEAD', path)).status).toBe(404);
});

test('[UPL12] a user has a bounded number of unfinished uploads, and those that end make room', async () => {
  await using server = await startServer({ env: { MAILROOM_MAX_UPLOADS: '2' } });
  const ann = await uploaderOn(server, 'ann');
  const first = await ann.create(5);
  const second = await ann.create(5);
  const third = await ann.tus('POST', '/v1/uploads', { 'Upload-Length': '5' });
  expect([third.status, third.headers.has('retry-after')]).toEqual([429, true]);
  await (await uploaderOn(server, 'bob')).create(5);
  await ann.tus('DELETE', first);
  const next = await ann.create(5);
  await ann.patch(second, 0, 'hello');
  await ann.patch(next, 0, 'world');
  expect(await ann.create(5)).toStartWith('/v1/uploads/');
});

test('[UPL13] what does not fit into the quota is refused before it comes; ended uploads give back what they reserved', async () => {
  await using server = await startServer({ env: { MAILROOM_QUOTA: '1MiB' } });
  const ann = await uploaderOn(server, 'ann');
  const first = await ann.create(900_000);
  expect((await ann.tus('POST', '/v1/uploads', { 'Upload-Length': '900000' })).status).toBe(413);
  await ann.tus('DELETE', first);
  expect(await ann.create(900_000)).toStartWith('/v1/uploads/');
});

test('[UPL14] a full disk is said clearly, and the upload goes on when there is room', async () => {
  await using server = await startServer();
  const ann = await uploaderOn(server, 'ann');
  const bytes = sampleBytes(3_000_000, 13);
  const path = await ann.create(bytes.length);
  const limit = (text: string): number | null =>
    spawnSync('prlimit', ['--pid', String(server.pid), `--fsize=${text}`]).status;
  expect(limit('1500000:unlimited')).toBe(0);
  const refused = await ann.patch(path, 0, bytes);
  expect(refused.status).toBe(503);
  expect(((await refused.json()) as { detail: string }).detail).toContain('disk of the server is full');
  expect(limit('unlimited:unlimited')).toBe(0);
  const offset = await ann.offset(path);
  expect(offset).toBeGreaterThan(0);
  const done = await ann.patch(path, offset, bytes.subarray(offset));
  expect(sha256(await ann.content(done.headers.get('mailroom-file') ?? ''))).toBe(sha256(bytes));
});
