/** Bots, and messages over HTTP for everybody. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { CLOSE } from '../../../src/protocol/close-codes.ts';
import { type Account, expectProblem, http, newAccount, newAccounts } from '../../support/http.ts';
import { RawClient, range, textBody } from '../../support/raw-client.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { TEST_MS } from '../../support/wait.ts';
import { newAdministrator } from './administrators.ts';

setDefaultTimeout(TEST_MS);

let server: TestServer;
let root: Account;

beforeAll(async () => {
  server = await startServer();
  root = await newAdministrator(server, 'root');
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const call = (token: string, method: string, path: string, body?: unknown) =>
  http(server.url, method, path, { token, ...(body === undefined ? {} : { body }) });

describe('bots', () => {
  test('[BOT2] a bot has a lasting token, posts where it was invited, and everybody sees it', async () => {
    const ann = await newAccount(server.url, 'bot2ann');
    const made = await call(root.token, 'POST', '/v1/admin/bots', { username: 'bot2' });
    expect(made.status).toBe(201);
    const { user, token, expiresAt } = made.json;
    expect(expiresAt).toBeGreaterThan(Date.now() + 365 * 86_400_000);
    expectProblem(await call(root.token, 'POST', '/v1/admin/bots', { username: 'bot2' }), 409, 'conflict');
    expectProblem(await call(root.token, 'POST', '/v1/admin/bots', { username: 'not a name' }), 400, 'invalid');
    using socket = await RawClient.greet(server.url, ann.token);
    const { room } = await socket.ok('rooms.create', { title: 'With a bot' });
    expectProblem(await call(token, 'POST', `/v1/rooms/${room}/messages`, { text: 'too early' }), 403, 'forbidden');
    await socket.ok('rooms.invite', { room, user: user.id });
    const posted = await call(token, 'POST', `/v1/rooms/${room}/messages`, { text: 'beep', mentions: [ann.id] });
    expect([posted.status, posted.json.seq]).toEqual([201, 1]);
    const message = await socket.notification('message', (each) => each.room === room);
    expect([message.from, message.at, message.mentions]).toEqual([user.id, posted.json.at, [ann.id]]);
    expect(message.body).toEqual(textBody('beep'));
  });

  test('[BOT3] a bot’s new token ends the one before it, nobody logs in as a bot, and a suspended one is silent', async () => {
    const { user, token } = (await call(root.token, 'POST', '/v1/admin/bots', { username: 'bot3' })).json;
    using socket = await RawClient.greet(server.url, token);
    const renewed = await call(root.token, 'POST', `/v1/admin/bots/${user.id}/token`);
    expect(renewed.status).toBe(200);
    expect(await socket.closeCode()).toBe(CLOSE.revoked);
    expectProblem(await call(token, 'GET', '/v1/me'), 401, 'unauthenticated');
    expect((await call(renewed.json.token, 'GET', '/v1/me')).json.user).toEqual(user);
    const login = { username: 'bot3', password: 'any password at all' };
    expectProblem(await http(server.url, 'POST', '/v1/login', { body: login }), 401, 'unauthenticated');
    expectProblem(await call(root.token, 'POST', `/v1/admin/bots/${root.id}/token`), 409, 'conflict');
    await call(root.token, 'POST', `/v1/admin/users/${user.id}/suspend`, { reason: 'noisy' });
    expectProblem(await call(renewed.json.token, 'GET', '/v1/me'), 401, 'unauthenticated');
  });
});

describe('messages over HTTP', () => {
  test('[BOT4] a repeated nonce is the same post, over HTTP and the socket alike', async () => {
    const ann = await newAccount(server.url, 'bot4ann');
    using socket = await RawClient.greet(server.url, ann.token);
    const { room } = await socket.ok('rooms.create', { title: 'Nonces' });
    const path = `/v1/rooms/${room}/messages`;
    const [first, ...others] = await Promise.all(
      range(1, 5).map(() => call(ann.token, 'POST', path, { text: 'once', nonce: 'n1' })),
    );
    for (const other of others) expect(other.json).toEqual(first?.json);
    expect(await socket.post(room, 'once', 'n1')).toEqual(first?.json);
    expect((await call(ann.token, 'POST', path, { text: 'another' })).json.seq).toBe(2);
    const base64 = Buffer.from(textBody('bytes')).toString('base64');
    expect((await call(ann.token, 'POST', path, { body: base64, replyTo: 1 })).json.seq).toBe(3);
    const page = (await call(ann.token, 'GET', path)).json;
    const shown = page.messages.map(({ seq, text, replyTo }: Record<string, unknown>) => [seq, text, replyTo]);
    expect(shown).toEqual([
      [1, 'once', undefined],
      [2, 'another', undefined],
      [3, 'bytes', 1],
    ]);
    expect(page.more).toBe(false);
    const older = (await call(ann.token, 'GET', `${path}?before=3&limit=1`)).json;
    expect([older.messages[0].seq, older.more]).toEqual([2, true]);
    const raw = Buffer.from([0xc1, 1, 2]).toString('base64');
    await call(ann.token, 'POST', path, { body: raw });
    expect((await call(ann.token, 'GET', `${path}?after=3`)).json.messages[0].body).toBe(raw);
  });

  test('[BOT5] bad input, strangers and the dead are refused, and nothing is posted', async () => {
    const [ann, eve] = await newAccounts(server.url, ['bot5ann', 'bot5eve']);
    using socket = await RawClient.greet(server.url, ann.token);
    const { room } = await socket.ok('rooms.create', { title: 'Closed' });
    const path = `/v1/rooms/${room}/messages`;
    for (const body of [
      {},
      { text: 'a', body: 'YQ==' },
      { text: '' },
      { body: 'no base64!' },
      { text: 'a', nonce: '' },
      { text: 'a', nonce: 'ü'.repeat(33) },
      { text: 'a', replyTo: 0 },
      { text: 'a', mentions: ['not an id'] },
    ]) {
      expectProblem(await call(ann.token, 'POST', path, body), 400, 'invalid');
    }
    expectProblem(await call(ann.token, 'POST', path, { text: 'x'.repeat(70_000) }), 413, 'too_large');
    expectProblem(await call(ann.token, 'GET', `${path}?before=2&after=1`), 400, 'invalid');
    expectProblem(await call(ann.token, 'GET', `${path}?limit=201`), 400, 'invalid');
    for (const [method, body] of [
      ['POST', { text: 'a' }],
      ['GET', undefined],
    ] as const) {
      expectProblem(await call(eve.token, method, path, body), 403, 'forbidden');
      expectProblem(await call('nobody.token', method, path, body), 401, 'unauthenticated');
      expectProblem(await call(ann.token, method, '/v1/rooms/no-such-room/messages', body), 404, 'not_found');
    }
    expect((await call(ann.token, 'GET', path)).json.messages).toEqual([]);
  });

  test('[BOT6] one user posts only so fast, and is told when to go on', async () => {
    await using limited = await startServer({ env: { MAILROOM_RATE_LIMIT: 'on', MAILROOM_THREADS: '1' } });
    const ann = await newAccount(limited.url, 'bot6ann');
    const path = '/v1/rooms/no-such-room/messages';
    const answers = await Promise.all(range(1, 700).map(() => http(limited.url, 'GET', path, { token: ann.token })));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(0);
    expect(answers.filter(({ status }) => status === 404).length).toBeGreaterThanOrEqual(500);
    expect(refused[0]?.json.retryAfter).toBeGreaterThan(0);
    expect(refused[0]?.headers.get('retry-after')).toBe('1');
  });
});
