/** Links: files for whoever has one. */
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { type Account, expectProblem, type HttpAnswer, http, newAccounts } from '../../support/http.ts';
import { type PlantedFile, plantFile } from '../../support/planted-files.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { eventually, TEST_MS } from '../../support/wait.ts';

setDefaultTimeout(TEST_MS);

interface MadeLink {
  readonly id: string;
  readonly url: string;
  readonly token: string;
  /** Of the API. */
  readonly path: string;
}

describe('links', () => {
  let server: TestServer;
  let ann: Account;

  beforeAll(async () => {
    server = await startServer();
  });
  // Equal contents are one file of a user: each test has its own.
  beforeEach(async () => {
    [ann] = await newAccounts(server.url, [`ann-${crypto.randomUUID()}`]);
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const plant = (name: string, bytes: Uint8Array = Buffer.from('0123456789')): Promise<PlantedFile> =>
    plantFile(server.dataDir, ann.id, name, bytes);
  const asAnn = (method: string, path: string, body?: unknown): Promise<HttpAnswer> =>
    http(server.url, method, path, { token: ann.token, ...(body === undefined ? {} : { body }) });
  const linkTo = async ({ id: file }: PlantedFile, wish: object = {}): Promise<MadeLink> => {
    const { status, json } = await asAnn('POST', `/v1/files/${file}/shares`, { link: wish });
    expect(status).toBe(201);
    const { id, url } = json.share;
    const token = url.slice(url.lastIndexOf('/') + 1);
    return { id, url, token, path: `/v1/shares/${token}` };
  };
  const get = (path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<HttpAnswer> =>
    http(server.url, method, path, { headers });
  const basic = (password: string): Record<string, string> => ({
    authorization: `Basic ${Buffer.from(`anyone:${password}`).toString('base64')}`,
  });
  const downloadsOf = async (file: PlantedFile): Promise<readonly number[]> => {
    const { json } = await asAnn('GET', `/v1/files/${file.id}/shares`);
    return json.shares.map(({ downloads }: { readonly downloads: number }) => downloads);
  };

  test('[SHR16] a link opens one file for whoever has it; its token is told once and never stored', async () => {
    const file = await plant('trip.txt');
    const link = await linkTo(file);
    expect(link.url).toBe(`${server.url}/s/${link.token}`);
    expect(Buffer.from(link.token, 'base64url').length).toBe(32);
    const facts = { name: 'trip.txt', size: 10, type: 'application/octet-stream', sha256: file.hash };
    expect((await get(link.path)).json).toEqual({ needsPassword: false, ...facts });
    const whole = await get(`${link.path}/content`);
    expect({ status: whole.status, text: whole.text }).toEqual({ status: 200, text: '0123456789' });
    expect(whole.headers.get('content-disposition')).toBe('attachment; filename=trip.txt');
    const part = await get(`${link.path}/content`, { range: 'bytes=2-4' });
    expect({ status: part.status, text: part.text }).toEqual({ status: 206, text: '234' });
    const head = await get(`${link.path}/content`, {}, 'HEAD');
    expect({ status: head.status, length: head.headers.get('content-length') }).toEqual({ status: 200, length: '10' });
    const { json } = await asAnn('GET', `/v1/files/${file.id}/shares`);
    expect(json.shares).toEqual([
      {
        id: link.id,
        file: file.id,
        kind: 'link',
        createdAt: expect.any(Number),
        downloads: 1,
        hasPassword: false,
      },
    ]);
  });

  test('[SHR17] a link ends at once when it is revoked, when it expires, and with its file; all ends look like a wrong token', async () => {
    const file = await plant('ending.txt');
    const [revoked, trashed] = [await linkTo(file), await linkTo(file)];
    const expiring = await linkTo(file, { expiresAt: Date.now() + 8_000 });
    expect((await get(`${expiring.path}/content`)).status).toBe(200);
    const wrong = await get(`/v1/shares/${'x'.repeat(43)}/content`);
    expectProblem(wrong, 404, 'not_found');
    const isGone = async ({ path, token }: MadeLink): Promise<void> => {
      for (const url of [path, `${path}/content`]) expect((await get(url)).text).toBe(wrong.text);
      const open = await http(server.url, 'POST', `${path}/open`, { body: { password: 'x' } });
      expect({ status: open.status, text: open.text }).toEqual({ status: 404, text: wrong.text });
      expect((await get(`/s/${token}`)).status).toBe(404);
    };
    await asAnn('DELETE', `/v1/files/${file.id}/shares/${revoked.id}`);
    await isGone(revoked);
    await eventually(
      'the link to expire',
      () => get(`${expiring.path}/content`),
      ({ status }) => status === 404,
    );
    await isGone(expiring);
    expect((await get(trashed.path)).status).toBe(200);
    await asAnn('DELETE', `/v1/files/${file.id}`);
    await isGone(trashed);
    for (const token of ['', 'x', encodeURIComponent('../..'), 'y'.repeat(3_000)]) {
      expectProblem(await get(`/v1/shares/${token}/content`), 404, 'not_found');
    }
  });

  test('[SHR18] nothing but the password opens a link that has one, by a grant of this link or by Basic', async () => {
    const file = await plant('secret.txt');
    const link = await linkTo(file, { password: 'pässword' });
    const other = await linkTo(file, { password: 'another' });
    expect((await get(link.path)).json).toEqual({ needsPassword: true });
    const bare = await get(`${link.path}/content`);
    expectProblem(bare, 401, 'unauthenticated');
    expect(bare.headers.get('www-authenticate')).toStartWith('Basic ');
    expectProblem(await get(`${link.path}/content`, basic('another')), 401, 'unauthenticated');
    expect((await get(`${link.path}/content`, basic('pässword'))).text).toBe('0123456789');
    const open = (path: string, password: string): Promise<HttpAnswer> =>
      http(server.url, 'POST', `${path}/open`, { body: { password } });
    expectProblem(await open(link.path, 'wrong'), 403, 'forbidden');
    const { json } = await open(link.path, 'pässword');
    expect([json.name, json.size]).toEqual(['secret.txt', 10]);
    expect(json.expiresAt).toBeGreaterThan(Date.now());
    expect((await get(`${link.path}/content?grant=${json.grant}`)).text).toBe('0123456789');
    const later = json.grant.replace(/^\d+/, String(json.expiresAt + 60_000));
    for (const [path, grant] of [
      [other.path, json.grant],
      [link.path, later],
      [link.path, ''],
      [link.path, 'x'],
    ]) {
      expectProblem(await get(`${path}/content?grant=${grant}`), 401, 'unauthenticated');
    }
    await asAnn('DELETE', `/v1/files/${file.id}/shares/${link.id}`);
    expectProblem(await get(`${link.path}/content?grant=${json.grant}`), 404, 'not_found');
  });

  test('[SHR19] downloads are counted by their first byte and bounded; the parts of one that was counted may follow', async () => {
    const file = await plant('twice.txt');
    const link = await linkTo(file, { maxDownloads: 2 });
    const content = `${link.path}/content`;
    await get(content, {}, 'HEAD');
    const first = await get(content, { range: 'bytes=0-3' });
    expect(first.text).toBe('0123');
    expect(await downloadsOf(file)).toEqual([1]);
    const cookie = (first.headers.get('set-cookie') ?? '').replace(/;.*/, '');
    expect((await get(content, { range: 'bytes=4-', cookie })).text).toBe('456789');
    expect(await downloadsOf(file)).toEqual([1]);
    expect((await get(content, { 'if-none-match': first.headers.get('etag') ?? '' })).status).toBe(304);
    expect((await get(content, { range: 'bytes=10-' })).status).toBe(416);
    expect(await downloadsOf(file)).toEqual([1]);
    // Whoever has no part of it that was counted does not get the rest for nothing.
    expect((await get(content, { range: 'bytes=1-' })).text).toBe('123456789');
    expect(await downloadsOf(file)).toEqual([2]);
    expectProblem(await get(content), 404, 'not_found');
    expectProblem(await get(content, { range: 'bytes=1-' }), 404, 'not_found');
    expectProblem(await get(content, { cookie }), 404, 'not_found');
    expectProblem(await get(link.path), 404, 'not_found');
    expect((await get(content, { range: 'bytes=4-', cookie })).text).toBe('456789');
    expect(await downloadsOf(file)).toEqual([2]);
    const rushed = await linkTo(await plant('rush.txt', Buffer.from('rush')), { maxDownloads: 3 });
    const answers = await Promise.all(Array.from({ length: 12 }, () => get(`${rushed.path}/content`)));
    expect(answers.filter(({ status }) => status === 200).length).toBe(3);
  });

  test('[SHR20] the page of a link shows one file, asks for its password, and lets nothing run', async () => {
    const name = `<img src=x onerror=alert(1)> & 'so' "on".txt`;
    const file = await plant(name, Buffer.from('a page of its own'));
    const open = await get(`/s/${(await linkTo(file)).token}`);
    expect(open.status).toBe(200);
    expect(open.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const policy = open.headers.get('content-security-policy') ?? '';
    expect(policy).toStartWith("default-src 'none';");
    expect(policy).not.toContain('script-src');
    expect(open.text).not.toContain('<img');
    expect(open.text).toContain('&lt;img src=x onerror=alert(1)&gt; &amp; &#39;so&#39; &quot;on&quot;.txt');
    const locked = await linkTo(file, { password: 'please' });
    const asking = await get(`/s/${locked.token}`);
    expect(asking.text).toContain('type="password"');
    expect(asking.text).not.toContain('onerror');
    const answer = (password: string): Promise<HttpAnswer> =>
      http(server.url, 'POST', `/s/${locked.token}`, {
        body: new URLSearchParams({ password }).toString(),
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      });
    const wrong = await answer('no');
    expect(wrong.status).toBe(403);
    expect(wrong.text).not.toContain('onerror');
    const right = await answer('please');
    const href = /href="([^"]+)"/.exec(right.text)?.[1] ?? '';
    expect((await get(href)).text).toBe('a page of its own');
  });

  test('[SHR21] wrong passwords of one link are bounded, right ones are not', async () => {
    await using limited = await startServer({ env: { MAILROOM_RATE_LIMIT: 'on' } });
    const [user] = await newAccounts(limited.url, ['user']);
    const file = await plantFile(limited.dataDir, user.id, 'guarded.txt');
    const make = async (): Promise<string> => {
      const body = { link: { password: 'right' } };
      const { json } = await http(limited.url, 'POST', `/v1/files/${file.id}/shares`, { token: user.token, body });
      return `/v1/shares/${json.share.url.split('/').at(-1)}/open`;
    };
    const [path, other] = [await make(), await make()];
    const open = async (url: string, password: string): Promise<HttpAnswer> =>
      await http(limited.url, 'POST', url, { body: { password } });
    for (let tries = 0; tries < 15; tries++) expect((await open(path, 'right')).status).toBe(200);
    const answers = await Promise.all(Array.from({ length: 14 }, () => open(path, 'wrong')));
    const refused = answers.filter(({ status }) => status === 429);
    expect(answers.filter(({ status }) => status === 403).length).toBeLessThan(13);
    expect(refused[0]?.json.code).toBe('rate_limited');
    expect(refused[0]?.json.retryAfter).toBeNumber();
    expect((await open(other, 'right')).status).toBe(200);
  });
});
