/** Downloads that the server does for its users: from an address to a file, through pauses, crashes and bad company. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Account, expectProblem, type HttpAnswer, type HttpCall, http, newAccounts } from '../../support/http.ts';
import { RawClient } from '../../support/raw-client.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { eventually, TEST_MS } from '../../support/wait.ts';
import { WebServer } from '../../support/web-content.ts';

setDefaultTimeout(TEST_MS);

const MIB = 2 ** 20;

function sample(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed * 2_654_435_761 + 1;
  for (let at = 0; at < length; at += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const envFor = (web: WebServer, more: Record<string, string> = {}): Record<string, string> => ({
  MAILROOM_DOWNLOAD_ALLOW: '127.0.0.1',
  MAILROOM_DOWNLOAD_PORTS: String(web.port),
  ...more,
});

const stagedUploads = (server: TestServer): string[] =>
  readdirSync(join(server.dataDir, 'staging/uploads')).filter((name) => name.endsWith('.bytes'));

const stagedBytes = (server: TestServer): number =>
  stagedUploads(server).reduce((sum, name) => {
    const file = join(server.dataDir, 'staging/uploads', name);
    return sum + (existsSync(file) ? statSync(file).size : 0);
  }, 0);

class Downloading {
  readonly #server: Pick<TestServer, 'url'>;
  readonly user: Account;

  constructor(server: Pick<TestServer, 'url'>, user: Account) {
    this.#server = server;
    this.user = user;
  }

  call(method: string, path: string, call: HttpCall = {}): Promise<HttpAnswer> {
    return http(this.#server.url, method, path, { ...call, token: this.user.token });
  }

  async add(url: string, name?: string): Promise<string> {
    const body = name === undefined ? { url } : { url, name };
    const answer = await this.call('POST', '/v1/downloads', { body });
    expect([answer.status, answer.text]).toEqual([202, expect.any(String)]);
    return answer.json.download.id;
  }

  // biome-ignore lint/suspicious/noExplicitAny: what a server answers is looked into by the test's expectations.
  async look(id: string): Promise<any> {
    return (await this.call('GET', `/v1/downloads/${id}`)).json.download;
  }

  // biome-ignore lint/suspicious/noExplicitAny: as above.
  async until(id: string, state: string): Promise<any> {
    return await eventually(
      `the download to be ${state}`,
      () => this.look(id),
      (download) => download.state === state,
    );
  }

  async content(file: string): Promise<Uint8Array> {
    const response = await fetch(`${this.#server.url}/v1/files/${file}/content`, {
      headers: { authorization: `Bearer ${this.user.token}` },
    });
    return new Uint8Array(await response.arrayBuffer());
  }
}

describe('downloads', () => {
  let web: WebServer;
  let server: TestServer;
  let ann: Downloading;
  let eve: Downloading;

  beforeAll(async () => {
    web = await WebServer.start();
    server = await startServer({
      env: envFor(web, { MAILROOM_QUOTA: '40MiB', MAILROOM_DOWNLOAD_MAX_SIZE: '30MiB', MAILROOM_MAX_DOWNLOADS: '3' }),
    });
    const [first, second] = await newAccounts(server.url, ['ann', 'eve']);
    ann = new Downloading(server, first);
    eve = new Downloading(server, second);
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await web[Symbol.asyncDispose]();
  });

  test('[DLD20] what lies at an address becomes a file of the user, and their devices are told', async () => {
    const bytes = sample(3 * MIB, 1);
    web.put('/tea.bin', bytes, { name: 'Green tea.bin' });
    using device = await RawClient.greet(server.url, ann.user.token);
    const id = await ann.add(web.url('/tea.bin#part'));
    const done = await ann.until(id, 'done');
    expect(done).toEqual({
      id,
      url: web.url('/tea.bin'),
      name: 'Green tea.bin',
      size: bytes.length,
      received: bytes.length,
      state: 'done',
      file: expect.any(String),
      createdAt: expect.any(Number),
      updatedAt: expect.any(Number),
    });
    expect(sha256(await ann.content(done.file))).toBe(sha256(bytes));
    const { json } = await ann.call('GET', `/v1/files/${done.file}`);
    expect([json.file.name, json.file.sha256]).toEqual(['Green tea.bin', sha256(bytes)]);
    const told = await device.until('the device to be told', () =>
      device.notifications.find(({ method, params }) => method === 'download' && params.state === 'done'),
    );
    expect(told.params).toEqual({ id, state: 'done', received: bytes.length, size: bytes.length, file: done.file });
  });

  test('[DLD20] content without a length, empty content and a name of the user’s own', async () => {
    const bytes = sample(MIB + 7, 2);
    web.put('/chunked', bytes, { chunked: true });
    web.put('/empty', new Uint8Array());
    const named = await ann.until(await ann.add(web.url('/chunked'), ' mine.txt '), 'done');
    expect([named.name, named.size]).toEqual(['mine.txt', bytes.length]);
    expect(sha256(await ann.content(named.file))).toBe(sha256(bytes));
    const empty = await ann.until(await ann.add(web.url('/empty')), 'done');
    expect([empty.name, empty.size]).toEqual(['empty', 0]);
    expect((await ann.content(empty.file)).length).toBe(0);
    const page = await ann.call('GET', '/v1/downloads?limit=1');
    expect(page.json.downloads.map(({ id }: { id: string }) => id)).toEqual([empty.id]);
    const next = await ann.call('GET', `/v1/downloads?limit=1&cursor=${page.json.cursor}`);
    expect(next.json.downloads.map(({ id }: { id: string }) => id)).toEqual([named.id]);
  });

  test('[DLD21] a download is paused at once, and goes on where it was', async () => {
    const bytes = sample(6 * MIB, 3);
    const content = web.put('/slow', bytes, { released: 4 * MIB });
    const id = await ann.add(web.url('/slow'));
    await eventually(
      'bytes on the disk',
      () => stagedBytes(server),
      (size) => size >= 3 * MIB,
    );
    expect((await ann.call('POST', `/v1/downloads/${id}/pause`)).json.download.state).toBe('paused');
    const kept = await eventually(
      'what is kept',
      async () => (await ann.look(id)).received,
      (received) => received > 0,
    );
    expect((await ann.look(id)).state).toBe('paused');
    web.release(content);
    expect((await ann.call('POST', `/v1/downloads/${id}/resume`)).status).toBe(200);
    const done = await ann.until(id, 'done');
    expect(sha256(await ann.content(done.file))).toBe(sha256(bytes));
    const asked = web.asked.filter(({ path }) => path === '/slow');
    expect(asked).toEqual([
      { path: '/slow', range: undefined, ifRange: undefined },
      { path: '/slow', range: `bytes=${kept}-`, ifRange: '"one"' },
    ]);
  });

  test('[DLD22] content that changed meanwhile begins anew', async () => {
    const content = web.put('/changes', sample(4 * MIB, 4), { released: 3 * MIB });
    const id = await ann.add(web.url('/changes'));
    await eventually(
      'bytes on the disk',
      () => stagedBytes(server),
      (size) => size >= 2 * MIB,
    );
    await ann.call('POST', `/v1/downloads/${id}/pause`);
    await eventually(
      'what is kept',
      async () => (await ann.look(id)).received,
      (received) => received > 0,
    );
    const bytes = sample(5 * MIB, 5);
    web.put('/changes', bytes, { etag: '"two"' });
    web.release(content);
    await ann.call('POST', `/v1/downloads/${id}/resume`);
    const done = await ann.until(id, 'done');
    expect([done.size, sha256(await ann.content(done.file))]).toEqual([bytes.length, sha256(bytes)]);
  });

  test('[DLD23] a download that is cancelled ends at once and frees what came of it', async () => {
    web.put('/held', sample(6 * MIB, 6), { released: 4 * MIB });
    const id = await eve.add(web.url('/held'));
    await eventually(
      'bytes on the disk',
      () => stagedBytes(server),
      (size) => size >= 3 * MIB,
    );
    expect((await eve.call('DELETE', `/v1/downloads/${id}`)).json.download.state).toBe('cancelled');
    await eventually(
      'the staging to be free',
      () => stagedUploads(server),
      (names) => names.length === 0,
    );
    expect((await eve.call('DELETE', `/v1/downloads/${id}`)).status).toBe(200);
    expectProblem(await eve.call('POST', `/v1/downloads/${id}/resume`), 409, 'conflict');
    const usage = await eventually(
      'the room to be given back',
      async () => (await eve.call('GET', '/v1/files/usage')).json,
      ({ reserved }) => reserved === 0,
    );
    expect(usage.files).toBe(0);
  });

  test('[DLD24] what is too large, or does not fit into the quota, fails with its reason and leaves nothing', async () => {
    web.on('/huge', (response) => void response.writeHead(200, { 'content-length': 31 * MIB }).write('x'));
    const huge = await eve.until(await eve.add(web.url('/huge')), 'failed');
    expect(huge.problem).toBe('too-large');
    for (const path of ['/fills', '/fills-chunked']) {
      web.put(path, sample(25 * MIB, path.length), { chunked: path === '/fills-chunked' });
    }
    expect((await eve.until(await eve.add(web.url('/fills')), 'done')).received).toBe(25 * MIB);
    const over = await eve.until(await eve.add(web.url('/fills-chunked')), 'failed');
    expect(over.problem).toBe('quota');
    web.put('/fills-more', sample(26 * MIB, 9));
    expect((await eve.until(await eve.add(web.url('/fills-more')), 'failed')).problem).toBe('quota');
    await eventually(
      'the staging to be free',
      () => stagedUploads(server),
      (names) => names.length === 0,
    );
  });

  test('[DLD25] addresses of inner networks are refused, at once and behind redirects', async () => {
    for (const url of [
      'http://169.254.169.254/latest/meta-data/',
      'http://10.0.0.1/',
      'http://[::1]/',
      'http://[::ffff:10.0.0.1]/',
      'http://0x7f000002/',
      'http://localhost/',
      'http://db.internal/',
    ]) {
      expectProblem(await ann.call('POST', '/v1/downloads', { body: { url } }), 403, 'forbidden');
    }
    for (const url of [
      'ftp://example.org/',
      'file:///etc/passwd',
      'http://me:secret@example.org/',
      `http://127.0.0.1:${web.port + 1}/`,
      'nothing',
      `https://example.org/${'x'.repeat(2_100)}`,
    ]) {
      expectProblem(await ann.call('POST', '/v1/downloads', { body: { url } }), 400, 'invalid');
    }
    web.on('/to-metadata', (response) =>
      response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data/' }).end(),
    );
    const failed = await ann.until(await ann.add(web.url('/to-metadata')), 'failed');
    expect([failed.problem, failed.received]).toEqual(['forbidden-address', 0]);
  });

  test('[DLD26] a user has so many downloads under way, and nobody else’s are theirs', async () => {
    const content = web.put('/held-too', sample(MIB, 7), { released: 10 });
    const ids = [await ann.add(web.url('/held-too')), await ann.add(web.url('/held-too'))];
    ids.push(await ann.add(web.url('/held-too')));
    const body = { url: web.url('/held-too') };
    expectProblem(await ann.call('POST', '/v1/downloads', { body }), 429, 'rate_limited');
    const path = `/v1/downloads/${ids[0]}`;
    expectProblem(await eve.call('GET', path), 404, 'not_found');
    expectProblem(await eve.call('DELETE', path), 404, 'not_found');
    expectProblem(await eve.call('POST', `${path}/pause`), 404, 'not_found');
    expectProblem(await http(server.url, 'GET', path), 401, 'unauthenticated');
    expectProblem(await ann.call('GET', '/v1/downloads?cursor=x'), 400, 'invalid');
    web.release(content);
    for (const id of ids) await ann.until(id, 'done');
  });

  test('[DLD27] what may pass is tried again later', async () => {
    const bytes = sample(MIB, 8);
    web.on('/busy', (response) => void response.writeHead(503).end());
    const id = await ann.add(web.url('/busy'));
    await eventually(
      'the first try',
      () => web.asked.some(({ path }) => path === '/busy'),
      (isAsked) => isAsked,
    );
    web.on('/busy', (response) => void response.writeHead(200, { 'content-length': bytes.length }).end(bytes));
    const done = await ann.until(id, 'done');
    expect(sha256(await ann.content(done.file))).toBe(sha256(bytes));
  });
});

test('[DLD28] a download survives the death of the engine and goes on where it was', async () => {
  await using web = await WebServer.start();
  const dataDir = mkdtempSync(join(tmpdir(), 'mailroom-downloads-'));
  try {
    const bytes = sample(12 * MIB, 11);
    const content = web.put('/long', bytes, { released: 4 * MIB });
    let id: string;
    let user: Account;
    {
      await using server = await startServer({ dataDir, env: envFor(web) });
      [user] = await newAccounts(server.url, ['ann']);
      const ann = new Downloading(server, user);
      id = await ann.add(web.url('/long'));
      await eventually(
        'bytes on the disk',
        () => stagedBytes(server),
        (size) => size >= 3 * MIB,
      );
      // Progress is told every two seconds, with the next bytes.
      let released = 4 * MIB;
      await eventually(
        'progress in the record',
        async () => {
          released = Math.min(released + 64 * 1024, 10 * MIB);
          web.release(content, released);
          return (await ann.look(id)).received;
        },
        (received) => received > 0,
      );
      await server.kill();
    }
    web.release(content);
    await using server = await startServer({ dataDir, env: envFor(web) });
    const ann = new Downloading(server, user);
    const done = await ann.until(id, 'done');
    expect(sha256(await ann.content(done.file))).toBe(sha256(bytes));
    const last = web.asked.at(-1);
    expect(last?.ifRange).toBe('"one"');
    expect(Number(/^bytes=(\d+)-$/.exec(last?.range ?? '')?.[1])).toBeGreaterThan(0);
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
});
