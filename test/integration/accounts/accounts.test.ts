/** Accounts over HTTP: registering, logging in, who one is, and how each refusal is told. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { expectProblem, http, logIn, newAccount, PASSWORD } from '../../support/http.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { TEST_MS } from '../../support/wait.ts';

setDefaultTimeout(TEST_MS);

describe('accounts', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const call = (method: string, path: string, options = {}) => http(server.url, method, path, options);

  test('[ENG1] a person registers, logs in on a device and learns who they are', async () => {
    const registered = await call('POST', '/v1/register', { body: { username: 'ann', password: PASSWORD } });
    expect(registered.status).toBe(201);
    expect(registered.json).toEqual({ user: { id: expect.any(String), username: 'ann' } });
    const login = await call('POST', '/v1/login', { body: { username: 'ann', password: PASSWORD, device: 'desk' } });
    expect(login.status).toBe(200);
    const { user } = registered.json;
    expect(login.json).toEqual({ token: expect.any(String), expiresAt: expect.any(Number), device: 'desk', user });
    expect(login.json.expiresAt).toBeGreaterThan(Date.now() + 29 * 86_400_000);
    expect(login.headers.get('cache-control')).toBe('no-store');
    const me = await call('GET', '/v1/me', { token: login.json.token });
    expect(me.json).toEqual({ user, device: 'desk', expiresAt: login.json.expiresAt });
  });

  test('[ENG1] a login without a device gets a new random one each time', async () => {
    await newAccount(server.url, 'dora');
    const body = { username: 'dora', password: PASSWORD };
    const first = await call('POST', '/v1/login', { body });
    const second = await call('POST', '/v1/login', { body });
    expect(first.json.device).not.toBe(second.json.device);
    for (const { json } of [first, second])
      expect((await call('GET', '/v1/me', { token: json.token })).status).toBe(200);
  });

  test('[ENG1] names keep their letters of every script, and are compared exactly', async () => {
    for (const username of ['Ünïcødé', '小明', 'a.b-c_d', 'Case', 'case']) {
      expect((await call('POST', '/v1/register', { body: { username, password: PASSWORD } })).json).toMatchObject({
        user: { username: username.normalize('NFC') },
      });
    }
    const decomposed = { username: 'Ünïcødé'.normalize('NFD'), password: PASSWORD };
    expectProblem(await call('POST', '/v1/register', { body: decomposed }), 409, 'conflict');
    expect((await call('POST', '/v1/login', { body: decomposed })).status).toBe(200);
  });

  test('[ENG2] a taken name is a conflict, also for two who register at once', async () => {
    const body = { username: 'twice', password: PASSWORD };
    const answers = await Promise.all([1, 2, 3, 4].map(() => call('POST', '/v1/register', { body })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
    for (const answer of answers) if (answer.status !== 201) expectProblem(answer, 409, 'conflict');
  });

  test.each([
    ['no body', undefined],
    ['no JSON', '{"username": '],
    ['another type', { username: 5, password: PASSWORD }],
    ['an array', []],
    ['null', 'null'],
    ['a missing key', { username: 'eve' }],
    ['a short password', { username: 'eve', password: 'short' }],
    ['a huge password', { username: 'eve', password: 'x'.repeat(1_025) }],
    ['an empty name', { username: '', password: PASSWORD }],
    ['a long name', { username: 'x'.repeat(65), password: PASSWORD }],
    ['a name with a space', { username: 'eve adams', password: PASSWORD }],
    ['a name with a control character', { username: 'eve\u0000', password: PASSWORD }],
  ])('[ENG2] registering with %s is invalid', async (_, body) => {
    expectProblem(await call('POST', '/v1/register', body === undefined ? {} : { body }), 400, 'invalid');
  });

  test('[ENG2] a wrong password and an unknown name get the same answer', async () => {
    await newAccount(server.url, 'frida');
    const wrong = await call('POST', '/v1/login', { body: { username: 'frida', password: 'not the password' } });
    const unknown = await call('POST', '/v1/login', { body: { username: 'nobody', password: 'not the password' } });
    expectProblem(wrong, 401, 'unauthenticated');
    expect(unknown.json).toEqual(wrong.json);
    expect(wrong.headers.get('www-authenticate')).toBe('Bearer');
  });

  test.each(['/v1/me', '/v1/logout', '/v1/token', '/v1/password'])('[ENG2] %s needs a valid token', async (path) => {
    const method = path === '/v1/me' ? 'GET' : 'POST';
    const body = path === '/v1/password' ? { body: { old: PASSWORD, new: `${PASSWORD}!` } } : {};
    const { id } = await newAccount(server.url, `guest-${path.slice(4)}`);
    for (const authorization of [
      undefined,
      'Bearer',
      'Basic YTpi',
      'Bearer nonsense',
      `Bearer ${id}.${'A'.repeat(43)}`,
      `Bearer unknown.${'A'.repeat(43)}`,
    ]) {
      const headers = authorization === undefined ? {} : { authorization };
      expectProblem(await call(method, path, { ...body, headers }), 401, 'unauthenticated');
    }
  });

  test('[ENG2] what is not there is a problem document too', async () => {
    expectProblem(await call('GET', '/v1/nothing'), 404, 'not_found');
    expectProblem(await call('GET', '/v1/login'), 404, 'not_found');
  });

  test('[ENG2] a body over the limit is too large, with or without its length told', async () => {
    const body = { username: 'x', password: 'x'.repeat(80_000) };
    expectProblem(await call('POST', '/v1/login', { body }), 413, 'too_large');
    const chunks = new ReadableStream({
      start(controller) {
        for (let sent = 0; sent < 20; sent++) controller.enqueue(new Uint8Array(131_072).fill(32));
        controller.close();
      },
    });
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${server.url}/v1/login`, { method: 'POST', headers, body: chunks }).catch(
      () => undefined,
    );
    // The transport may cut the connection before all of it was sent.
    if (answer !== undefined) expect(answer.status).toBe(413);
    expect((await call('GET', '/healthz')).status).toBe(200);
  });

  test('[ENG3] the password changes only for who knows the old one, and the asking token stays', async () => {
    const { token } = await newAccount(server.url, 'gerd', 'one');
    const other = await logIn(server.url, 'gerd', 'two');
    const wrong = { old: 'not the password', new: 'another password' };
    expectProblem(await call('POST', '/v1/password', { token, body: wrong }), 401, 'unauthenticated');
    expectProblem(await call('POST', '/v1/password', { token, body: { old: PASSWORD, new: 'short' } }), 400, 'invalid');
    expect((await call('GET', '/v1/me', { token: other })).status).toBe(200);
    const changed = await call('POST', '/v1/password', { token, body: { old: PASSWORD, new: 'another password' } });
    expect([changed.status, changed.text]).toEqual([204, '']);
    expect((await call('GET', '/v1/me', { token })).status).toBe(200);
    expectProblem(await call('GET', '/v1/me', { token: other }), 401, 'unauthenticated');
    const old = { username: 'gerd', password: PASSWORD };
    expectProblem(await call('POST', '/v1/login', { body: old }), 401, 'unauthenticated');
    expect((await call('POST', '/v1/login', { body: { ...old, password: 'another password' } })).status).toBe(200);
  });

  test('[ENG3] renewing puts a new token in the place of the old one', async () => {
    const { token } = await newAccount(server.url, 'hugo');
    const renewed = await call('POST', '/v1/token', { token });
    expect(renewed.json).toEqual({ token: expect.any(String), expiresAt: expect.any(Number) });
    expect(renewed.json.token).not.toBe(token);
    expectProblem(await call('GET', '/v1/me', { token }), 401, 'unauthenticated');
    expectProblem(await call('POST', '/v1/token', { token }), 401, 'unauthenticated');
    const me = await call('GET', '/v1/me', { token: renewed.json.token });
    expect(me.json).toMatchObject({ device: 'test', expiresAt: renewed.json.expiresAt });
  });

  test('[ENG3] of two renewals of one token at once only one succeeds', async () => {
    const { token } = await newAccount(server.url, 'ines');
    const answers = await Promise.all([1, 2, 3].map(() => call('POST', '/v1/token', { token })));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401]);
  });

  test('[ENG3] a user keeps at most 32 tokens; the oldest goes first', async () => {
    const { token } = await newAccount(server.url, 'jana', 'device-0');
    let newest = token;
    for (let device = 1; device <= 32; device++) newest = await logIn(server.url, 'jana', `device-${device}`);
    expectProblem(await call('GET', '/v1/me', { token }), 401, 'unauthenticated');
    expect((await call('GET', '/v1/me', { token: newest })).status).toBe(200);
  });

  test('[ENG9] the log holds no passwords and no tokens', async () => {
    const { token } = await newAccount(server.url, 'karl');
    await call('POST', '/v1/login', { body: { username: 'karl', password: 'a-wrong-secret-word' } });
    await call('POST', '/v1/login', { body: '{"username":"karl","password":"a-broken-secret-word"' });
    await call('GET', `/v1/me?token=${token}`);
    const written = server.errors();
    expect(written).toContain('"started"');
    for (const secret of [PASSWORD, 'a-wrong-secret-word', 'a-broken-secret-word', token.split('.')[1] as string]) {
      expect(written).not.toContain(secret);
    }
  });
});
