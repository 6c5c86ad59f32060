/** The bytes of files over HTTP, from staging and from the embedded object store. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { sampleBytes, sha256Of } from '../../contract/objects-samples.ts';
import { type Account, expectProblem, http, newAccounts } from '../../support/http.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { eventually, TEST_MS } from '../../support/wait.ts';
import { type Seeded, seed } from './seeding.ts';

setDefaultTimeout(TEST_MS);

const BYTES = sampleBytes(300_000);
const NAME = 'Füße & "Hände"\n.png';

interface Fetched {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Buffer;
}

let server: TestServer;
let anna: Account;
let ben: Account;
let picture: Seeded;

beforeAll(async () => {
  server = await startServer();
  [anna, ben] = await newAccounts(server.url, ['anna', 'ben']);
  picture = await seed(server.dataDir, { user: anna.id, bytes: BYTES, name: NAME, type: 'image/png' });
});
afterAll(async () => await server[Symbol.asyncDispose]());

async function fetched(
  path: string,
  headers: Readonly<Record<string, string>> = {},
  { token, method = 'GET' }: { token?: string | undefined; method?: string } = { token: anna.token },
): Promise<Fetched> {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const answer = await fetch(server.url + path, { method, headers: { ...authorization, ...headers } });
  return { status: answer.status, headers: answer.headers, bytes: Buffer.from(await answer.arrayBuffer()) };
}

const pathOf = (file: string): string => `/v1/files/${file}/content`;

for (const where of ['staging', 'the object store'] as const) {
  describe(`from ${where}`, () => {
    if (where === 'the object store') {
      // A start gives every content without a known job one.
      beforeAll(async () => {
        const port = Number(new URL(server.url).port);
        await server.stop();
        server = await startServer({ dataDir: server.dataDir, port, env: { MAILROOM_STAGING_GRACE: '0s' } });
        await eventually(
          'the content to be nowhere but in the object store',
          async () => [...new Bun.Glob('*').scanSync(`${server.dataDir}/staging/contents`)],
          (left) => left.length === 0,
        );
      });
    }

    test('[DLV1] a file comes whole, with what is known of it', async () => {
      const { status, headers, bytes } = await fetched(pathOf(picture.file));
      expect([status, sha256Of(bytes)]).toEqual([200, picture.hash]);
      expect(Object.fromEntries(headers)).toMatchObject({
        'content-length': String(BYTES.length),
        'content-type': 'image/png',
        etag: `"sha256-${Buffer.from(picture.hash, 'hex').toString('base64')}"`,
        'accept-ranges': 'bytes',
        'cache-control': 'private, no-cache',
        vary: 'Authorization',
      });
      expect(Date.parse(headers.get('last-modified') ?? '')).toBeCloseTo(picture.content.createdAt, -4);
    });

    test('[DLV1] HEAD says the same of it and sends nothing', async () => {
      const get = await fetched(pathOf(picture.file));
      const head = await fetched(pathOf(picture.file), {}, { token: anna.token, method: 'HEAD' });
      expect([head.status, head.bytes.length]).toEqual([200, 0]);
      const named = (headers: Headers) => Object.fromEntries([...headers].filter(([name]) => name !== 'date'));
      expect(named(head.headers)).toEqual(named(get.headers));
    });

    test('[DLV2] one range is sent alone; several, or what is none, are not counted; one behind the end is refused', async () => {
      const size = BYTES.length;
      const ranges = [
        ['bytes=0-99', 0, 99],
        ['bytes=299999-', 299_999, 299_999],
        ['bytes=-5', 299_995, 299_999],
        ['bytes=100000-900000', 100_000, 299_999],
      ] as const;
      for (const [range, first, last] of ranges) {
        const { status, headers, bytes } = await fetched(pathOf(picture.file), { range });
        expect([status, headers.get('content-range')]).toEqual([206, `bytes ${first}-${last}/${size}`]);
        expect(headers.get('content-length')).toBe(String(last - first + 1));
        expect(Buffer.compare(bytes, BYTES.subarray(first, last + 1))).toBe(0);
      }
      for (const range of ['bytes=0-1,5-9', 'bytes=9-1', 'lines=1-2']) {
        const { status, bytes } = await fetched(pathOf(picture.file), { range });
        expect([status, bytes.length]).toEqual([200, size]);
      }
      const behind = await fetched(pathOf(picture.file), { range: `bytes=${size}-` });
      expect([behind.status, behind.headers.get('content-range')]).toEqual([416, `bytes */${size}`]);
      const head = await fetched(pathOf(picture.file), { range: 'bytes=0-9' }, { token: anna.token, method: 'HEAD' });
      expect([head.status, head.headers.get('content-length')]).toEqual([200, String(size)]);
    });

    test('[DLV3] [DLV4] conditions are held, and a range counts only for the content that it was meant for', async () => {
      const { headers } = await fetched(pathOf(picture.file), {}, { token: anna.token, method: 'HEAD' });
      const etag = headers.get('etag') ?? '';
      const statuses = [];
      for (const conditions of [
        { 'if-none-match': etag },
        { 'if-match': '"other"' },
        { 'if-range': etag, range: 'bytes=0-9' },
        { 'if-range': '"other"', range: 'bytes=0-9' },
        { 'if-none-match': etag, range: 'bytes=0-9' },
      ]) {
        const answer = await fetched(pathOf(picture.file), conditions);
        statuses.push([answer.status, answer.bytes.length]);
      }
      expect(statuses).toEqual([
        [304, 0],
        [412, 0],
        [206, 10],
        [200, BYTES.length],
        [304, 0],
      ]);
    });

    test('[DLV5] a signed address needs no token, is the same for a while, and nobody can make one', async () => {
      const [first, second] = await Promise.all(
        [0, 1].map(() => http(server.url, 'POST', `/v1/files/${picture.file}/url`, { token: anna.token })),
      );
      expect([first!.status, second!.json]).toEqual([200, first!.json]);
      const url = new URL(first!.json.url);
      expect(url.origin).toBe(server.url);
      const answer = await fetched(url.pathname + url.search, {}, {});
      expect([answer.status, sha256Of(answer.bytes)]).toEqual([200, picture.hash]);
      expect(answer.headers.get('cache-control')).toMatch(/^public, max-age=\d+, immutable$/);
      expect(answer.headers.get('cross-origin-resource-policy')).toBe('cross-origin');
      expect(answer.headers.get('content-disposition')).toStartWith('inline');
      const range = await fetched(url.pathname + url.search, { range: 'bytes=5-9' }, {});
      expect([range.status, Buffer.compare(range.bytes, BYTES.subarray(5, 10))]).toEqual([206, 0]);
      url.searchParams.set('expires', '2000000000');
      expectProblem(await http(server.url, 'GET', url.pathname + url.search), 403, 'forbidden');
    });
  });
}

test('[DLV6] who has nothing to do with a file hears that there is none, with and without a token', async () => {
  for (const path of [pathOf(picture.file), pathOf('no-such-file')]) {
    expectProblem(await http(server.url, 'GET', path, { token: ben.token }), 404, 'not_found');
    expectProblem(await http(server.url, 'GET', path), 401, 'unauthenticated');
  }
  for (const file of [picture.file, 'no-such-file']) {
    expectProblem(await http(server.url, 'POST', `/v1/files/${file}/url`, { token: ben.token }), 404, 'not_found');
  }
});

test('[DLV7] only what can do no harm is shown in place; everything else is saved, as a type that nothing opens', async () => {
  const cases = [
    ['image/png', 'image/png', 'inline'],
    ['video/mp4', 'video/mp4', 'inline'],
    ['audio/mpeg', 'audio/mpeg', 'inline'],
    ['image/svg+xml', 'application/octet-stream', 'attachment'],
    ['text/html', 'application/octet-stream', 'attachment'],
    ['application/xml', 'application/octet-stream', 'attachment'],
    ['application/pdf', 'application/octet-stream', 'attachment'],
    ['application/octet-stream', 'application/octet-stream', 'attachment'],
    ['image/png; charset=x', 'application/octet-stream', 'attachment'],
  ] as const;
  for (const [type, sent, disposition] of cases) {
    const bytes = new TextEncoder().encode(`<script>alert(${JSON.stringify(type)})</script>`);
    const { file } = await seed(server.dataDir, { user: anna.id, bytes, name: NAME, type });
    const { headers } = await fetched(`${pathOf(file)}?disposition=inline`);
    expect([type, headers.get('content-type')]).toEqual([type, sent]);
    const shown = headers.get('content-disposition') ?? '';
    expect([type, shown.split(';')[0]]).toEqual([type, disposition]);
    expect(shown).toContain(`filename*=UTF-8''F%C3%BC%C3%9Fe%20%26%20%22H%C3%A4nde%22%0A.png`);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toBe(
      "sandbox; default-src 'none'; img-src 'self' data:; media-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'",
    );
    expect(headers.get('cross-origin-resource-policy')).toBe('same-site');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    const saved = await fetched(pathOf(file));
    expect(saved.headers.get('content-disposition')).toStartWith('attachment');
  }
});

test('[DLV10] an empty file comes empty, and has no range', async () => {
  const { file } = await seed(server.dataDir, { user: anna.id, bytes: new Uint8Array(0), name: 'empty', type: 'x' });
  const whole = await fetched(pathOf(file));
  expect([whole.status, whole.bytes.length, whole.headers.get('content-length')]).toEqual([200, 0, '0']);
  expect((await fetched(pathOf(file), { range: 'bytes=0-' })).status).toBe(416);
});

test('[DLV11] content that is on another node, or whose bytes are not there, is unavailable', async () => {
  const elsewhere = await seed(server.dataDir, {
    user: anna.id,
    bytes: sampleBytes(100, 2),
    name: 'elsewhere',
    type: 'image/png',
    node: 'another-node',
  });
  expectProblem(await http(server.url, 'GET', pathOf(elsewhere.file), { token: anna.token }), 503, 'unavailable');
});

test('[DLV12] one who reads a large file slowly costs no memory, and gets all of it', async () => {
  const bytes = sampleBytes(64 * 1024 * 1024, 3);
  const { file, hash } = await seed(server.dataDir, { user: anna.id, bytes, name: 'large', type: 'video/mp4' });
  const readers = Array.from({ length: 8 }, () => stalledReader(pathOf(file)));
  const heads = await Promise.all(readers.map((reader) => reader.began));
  expect(heads.every((head) => head.startsWith('HTTP/1.1 200'))).toBe(true);
  const before = rssOf(server.pid);
  expect((await http(server.url, 'GET', '/healthz')).status).toBe(200);
  expect(rssOf(server.pid) - before).toBeLessThan(128 * 1024 * 1024);
  for (const reader of readers.slice(1)) reader.socket.destroy();
  const rest = await readers[0]!.rest();
  expect(sha256Of(rest)).toBe(hash);
});

/** Asks for a path, takes the first bytes and then nothing until the rest is wanted. */
function stalledReader(path: string) {
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  const request = [
    `GET ${path} HTTP/1.1`,
    'host: x',
    `authorization: Bearer ${anna.token}`,
    'connection: close',
    '',
    '',
  ];
  socket.write(request.join('\r\n'));
  const chunks: Buffer[] = [];
  const began = Promise.withResolvers<string>();
  socket.once('data', (chunk: Buffer) => {
    socket.pause();
    chunks.push(chunk);
    began.resolve(chunk.toString('latin1'));
  });
  return {
    socket,
    began: began.promise,
    async rest(): Promise<Buffer> {
      for await (const chunk of socket) chunks.push(chunk as Buffer);
      const all = Buffer.concat(chunks);
      return all.subarray(all.indexOf('\r\n\r\n') + 4);
    },
  };
}

function rssOf(pid: number): number {
  const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
  return pages * 4096;
}
