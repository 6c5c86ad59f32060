/** What operators and pages of other origins see: the description, health, metrics, origins. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { http, newAccount, PASSWORD, ready } from '../../support/http.ts';
import { RawClient } from '../../support/raw-client.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { TEST_MS } from '../../support/wait.ts';

setDefaultTimeout(TEST_MS);

const FRIEND = 'https://chat.example.org';
const STRANGER = 'https://evil.example.net';

const ROUTES = [
  ['post', '/v1/register'],
  ['post', '/v1/login'],
  ['post', '/v1/logout'],
  ['post', '/v1/token'],
  ['post', '/v1/password'],
  ['get', '/v1/me'],
  ['get', '/v1/ws'],
  ['get', '/healthz'],
  ['get', '/readyz'],
  ['get', '/metrics'],
] as const;

describe('operation', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer({ env: { MAILROOM_ALLOWED_ORIGINS: FRIEND } });
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const call = (method: string, path: string, options = {}) => http(server.url, method, path, options);

  test('[ENG10] the description names every route, what it takes and what it answers', async () => {
    const { json, status } = await call('GET', '/openapi.json');
    expect(status).toBe(200);
    expect(json.openapi).toStartWith('3.');
    for (const [method, path] of ROUTES) {
      expect({ path, summary: json.paths[path]?.[method]?.summary }).toEqual({ path, summary: expect.any(String) });
    }
    expect(json.paths['/v1/login'].post.requestBody.content['application/json'].schema.required).toEqual([
      'username',
      'password',
    ]);
    expect(json.paths['/v1/login'].post.responses['200'].content['application/json'].schema.required).toContain(
      'token',
    );
    expect(json.paths['/v1/me'].get.security).toEqual([{ bearer: [] }]);
    expect(json.components.securitySchemes.bearer.scheme).toBe('bearer');
  });

  test('[ENG10] every described route of the API is served', async () => {
    const { json } = await call('GET', '/openapi.json');
    for (const [path, methods] of Object.entries<Record<string, unknown>>(json.paths)) {
      for (const method of Object.keys(methods)) {
        if (path === '/v1/ws') continue;
        const { status, json: said } = await call(method.toUpperCase(), path, method === 'post' ? { body: {} } : {});
        // A route that is there may say that what it was asked for is not.
        const isUnknown = status === 404 && said?.detail === 'there is nothing here';
        expect({ method, path, isMissing: isUnknown || status >= 500 }).toEqual({
          method,
          path,
          isMissing: false,
        });
      }
    }
  });

  test('[ENG11] health, readiness and metrics need no token', async () => {
    expect((await call('GET', '/healthz')).json).toEqual({ status: 'alive' });
    expect(await ready(server.url)).toEqual({ status: 'ready', silentThreads: [], backEnds: [] });
    const { token } = await newAccount(server.url, 'ann');
    using client = await RawClient.greet(server.url, token);
    await client.ok('ping', {});
    const metrics = await call('GET', '/metrics');
    expect(metrics.headers.get('content-type')).toStartWith('text/plain; version=0.0.4');
    const sockets = [...metrics.text.matchAll(/^mailroom_sockets\{thread="\d+"\} (\d+)$/gm)].map(([, count]) =>
      Number(count),
    );
    expect(sockets.reduce((sum, count) => sum + count, 0)).toBe(1);
    expect(metrics.text).toMatch(/^mailroom_actors_live\{thread="[01]",kind="session"\} 1$/m);
    for (const line of metrics.text.trimEnd().split('\n')) {
      expect(line).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+\{[^}]+\} -?[\d.e+-]+)$/);
    }
  });

  test('[ENG12] a page of an allowed origin may read answers, refusals too; one of another may not', async () => {
    const body = { username: 'ann', password: 'not the password' };
    for (const path of ['/v1/login', '/v1/register', '/v1/nothing']) {
      const friend = await call('POST', path, { body, headers: { origin: FRIEND } });
      expect({ path, allow: friend.headers.get('access-control-allow-origin') }).toEqual({ path, allow: FRIEND });
      expect(friend.headers.get('vary')).toContain('Origin');
      const stranger = await call('POST', path, { body, headers: { origin: STRANGER } });
      expect(stranger.headers.get('access-control-allow-origin')).toBeNull();
    }
    const large = await call('POST', '/v1/login', { body: 'x'.repeat(70_000), headers: { origin: FRIEND } });
    expect([large.status, large.headers.get('access-control-allow-origin')]).toEqual([413, FRIEND]);
  });

  test('[ENG12] preflights are answered for allowed origins only', async () => {
    const asking = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' };
    const friend = await call('OPTIONS', '/v1/me', { headers: { origin: FRIEND, ...asking } });
    expect([friend.status, friend.headers.get('access-control-allow-origin')]).toEqual([204, FRIEND]);
    expect(friend.headers.get('access-control-allow-headers')).toContain('authorization');
    const stranger = await call('OPTIONS', '/v1/me', { headers: { origin: STRANGER, ...asking } });
    expect([stranger.status, stranger.headers.get('access-control-allow-origin')]).toEqual([403, null]);
  });

  test('[ENG12] a page of another origin opens no socket; own pages, allowed ones and programs do', async () => {
    await expect(RawClient.open(server.url, { headers: { origin: STRANGER } })).rejects.toThrow('could not be opened');
    await expect(RawClient.open(server.url, { headers: { origin: 'null' } })).rejects.toThrow('could not be opened');
    for (const origin of [FRIEND, new URL(server.url).origin]) {
      const client = await RawClient.open(server.url, { headers: { origin } });
      expect((await client.refused('ping', {})).code).toBe('unauthenticated');
      await client.close();
    }
  });

  test('[ENG13] the subprotocol is answered where it is offered, among others too, and is not demanded', async () => {
    for (const [protocols, answered] of [
      [['mailroom.v1'], 'mailroom.v1'],
      [['other', 'mailroom.v1'], 'mailroom.v1'],
      [[], ''],
    ] as const) {
      const client = await RawClient.open(server.url, { protocols });
      expect(client.socket.protocol).toBe(answered);
      await client.close();
    }
    const plain = await call('GET', '/v1/ws');
    expect(plain.status).toBeWithin(400, 500);
  });

  test('[ENG9] refusals repeat neither passwords nor what was sent', async () => {
    const body = { username: 5, password: `${PASSWORD} that stays secret` };
    const answer = await call('POST', '/v1/register', { body });
    expect(answer.status).toBe(400);
    expect(answer.text).not.toContain('stays secret');
    expect(server.errors()).not.toContain('stays secret');
  });
});
