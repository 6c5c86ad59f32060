/** Administrators, suspensions, reports and the log of actions, on a running engine. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { CLOSE } from '../../../src/protocol/close-codes.ts';
import { type Account, expectProblem, http, newAccount, newAccounts, PASSWORD } from '../../support/http.ts';
import { RawClient, range } from '../../support/raw-client.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { TEST_MS } from '../../support/wait.ts';
import { adminCommand, newAdministrator } from './administrators.ts';

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

const ask = (account: Account | undefined, method: string, path: string, body?: unknown) =>
  http(server.url, method, path, {
    ...(account === undefined ? {} : { token: account.token }),
    ...(body === undefined ? {} : { body }),
  });
const login = (username: string) =>
  http(server.url, 'POST', '/v1/login', { body: { username, password: PASSWORD, device: 'test' } });

/** Every route of administrators with what a well-formed request to it looks like. */
const ADMIN_ROUTES = [
  ['GET', '/v1/admin/users/nobody', undefined],
  ['POST', '/v1/admin/users/nobody/suspend', { reason: 'r' }],
  ['POST', '/v1/admin/users/nobody/lift', undefined],
  ['PUT', '/v1/admin/users/nobody/admin', undefined],
  ['DELETE', '/v1/admin/users/nobody/admin', undefined],
  ['POST', '/v1/admin/bots', { username: 'made-by-nobody' }],
  ['POST', '/v1/admin/bots/nobody/token', undefined],
  ['POST', '/v1/admin/rooms/nowhere/messages/1/recall', { reason: 'r' }],
  ['GET', '/v1/admin/reports', undefined],
  ['POST', '/v1/admin/reports/1000000/resolve', { note: '' }],
  ['GET', '/v1/admin/audit', undefined],
  ['POST', '/v1/admin/hooks', { url: 'https://example.com/hook' }],
  ['GET', '/v1/admin/hooks', undefined],
  ['DELETE', '/v1/admin/hooks/nothing', undefined],
  ['GET', '/v1/admin/hooks/nothing/dead', undefined],
  ['POST', '/v1/admin/hooks/nothing/replay', {}],
] as const;

describe('administrators', () => {
  test('[MOD5] every route of administrators is theirs alone', async () => {
    const member = await newAccount(server.url, 'mod5member');
    const former = await newAdministrator(server, 'mod5former');
    expect((await ask(root, 'DELETE', `/v1/admin/users/${former.id}/admin`)).status).toBe(204);
    const bot = (await ask(root, 'POST', '/v1/admin/bots', { username: 'mod5bot' })).json;
    for (const [method, path, body] of ADMIN_ROUTES) {
      for (const stranger of [member, former, { ...member, token: bot.token }]) {
        const answer = await ask(stranger, method, path, body);
        expect([method, path, answer.status, answer.json?.code]).toEqual([method, path, 403, 'forbidden']);
      }
      expectProblem(await ask(undefined, method, path, body), 401, 'unauthenticated');
      const allowed = await ask(root, method, path, body);
      expect([method, path, [200, 201, 404].includes(allowed.status)]).toEqual([method, path, true]);
    }
    const described = (await http(server.url, 'GET', '/openapi.json')).json.paths as Record<string, object>;
    const wanted = Object.entries(described).flatMap(([path, methods]) =>
      path.startsWith('/v1/admin/') ? Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`) : [],
    );
    const tried = ADMIN_ROUTES.map(([method, path]) =>
      `${method} ${path}`
        .replace(/users\/nobody/, 'users/{user}')
        .replace(/bots\/nobody/, 'bots/{user}')
        .replace('rooms/nowhere/messages/1/', 'rooms/{room}/messages/{seq}/')
        .replace('hooks/nothing', 'hooks/{hook}')
        .replace('1000000', '{id}'),
    );
    expect(wanted.sort()).toEqual(tried.sort());
  });

  test('[MOD6] the operator grants and revokes while the engine runs, and each of it is logged', async () => {
    const { id } = await newAdministrator(server, 'mod6');
    expect((await adminCommand(server.dataDir, ['grant', 'mod6'])).code).toBe(1);
    expect((await adminCommand(server.dataDir, ['grant', 'no-such-name'])).code).toBe(1);
    expect((await adminCommand(server.dataDir, ['grant'])).code).toBe(2);
    expect((await ask(root, 'GET', `/v1/admin/users/${id}`)).json.standing).toEqual({
      admin: true,
      bot: false,
      suspended: false,
      reason: '',
    });
    expect((await adminCommand(server.dataDir, ['revoke', 'mod6'])).code).toBe(0);
    const { entries } = (await ask(root, 'GET', '/v1/admin/audit')).json;
    const own = entries.filter(({ target }: { target: string }) => target === id);
    expect(own.map(({ actor, action }: Record<string, string>) => [actor, action])).toEqual([
      ['~operator', 'user.revoke-admin'],
      ['~operator', 'user.grant-admin'],
    ]);
  });
});

describe('suspensions', () => {
  test('[MOD7] a suspended user is out at once on every socket, and cannot log in until it is lifted', async () => {
    const [ann, bob] = await newAccounts(server.url, ['mod7ann', 'mod7bob']);
    const sockets = await Promise.all(range(1, 4).map(() => RawClient.greet(server.url, ann.token)));
    using other = await RawClient.greet(server.url, bob.token);
    const suspend = `/v1/admin/users/${ann.id}/suspend`;
    expect((await ask(root, 'POST', suspend, { reason: 'spam' })).status).toBe(204);
    for (const socket of sockets) expect(await socket.closeCode()).toBe(CLOSE.revoked);
    expectProblem(await ask(ann, 'GET', '/v1/me'), 401, 'unauthenticated');
    const refused = await login('mod7ann');
    expectProblem(refused, 403, 'forbidden');
    expect(refused.json.detail).toBe('the account is suspended: spam');
    const wrong = { username: 'mod7ann', password: 'not the password' };
    expectProblem(await http(server.url, 'POST', '/v1/login', { body: wrong }), 401, 'unauthenticated');
    expect(await other.ok('ping', {})).toEqual({});
    expect((await ask(root, 'POST', `/v1/admin/users/${ann.id}/lift`)).status).toBe(204);
    expectProblem(await ask(root, 'POST', `/v1/admin/users/${ann.id}/lift`), 409, 'conflict');
    expect((await login('mod7ann')).status).toBe(200);
  });

  test('[MOD7] a suspension ends by itself, is refused in the past and of administrators', async () => {
    const { id } = await newAccount(server.url, 'mod7carl');
    const suspend = `/v1/admin/users/${id}/suspend`;
    expectProblem(await ask(root, 'POST', suspend, { reason: 'r', until: 1 }), 400, 'invalid');
    expectProblem(await ask(root, 'POST', suspend, { reason: '' }), 400, 'invalid');
    expectProblem(await ask(root, 'POST', `/v1/admin/users/${root.id}/suspend`, { reason: 'r' }), 409, 'conflict');
    const until = Date.now() + 3_000;
    expect((await ask(root, 'POST', suspend, { reason: 'r', until })).status).toBe(204);
    const { standing } = (await ask(root, 'GET', `/v1/admin/users/${id}`)).json;
    expect(standing.suspendedUntil).toBe(until);
    let answer = await login('mod7carl');
    while (answer.status === 403 && Date.now() < until + 1_000) answer = await login('mod7carl');
    expect(answer.status).toBe(200);
    expect(Date.now()).toBeGreaterThanOrEqual(until);
  });
});

describe('reports', () => {
  test('[MOD8] members report a message, and administrators see it as it was, and close it', async () => {
    const [ann, bob, eve] = await newAccounts(server.url, ['mod8ann', 'mod8bob', 'mod8eve']);
    using socket = await RawClient.greet(server.url, ann.token);
    using victim = await RawClient.greet(server.url, bob.token);
    using stranger = await RawClient.greet(server.url, eve.token);
    const { room } = await socket.ok('rooms.create', { title: 'R', members: [bob.id] });
    await socket.post(room, 'something rude');
    const params = { room, seq: 1, reason: 'rude' };
    const { report } = await victim.ok('reports.create', params);
    expect((await victim.refused('reports.create', params)).code).toBe('conflict');
    expect((await victim.refused('reports.create', { ...params, seq: 2 })).code).toBe('not_found');
    expect((await stranger.refused('reports.create', params)).code).toBe('forbidden');
    for (const bad of [
      { reason: 'r' },
      { reason: 'r', room },
      { reason: 'r', room, seq: 1, user: ann.id },
      { room, seq: 1 },
    ]) {
      expect((await victim.refused('reports.create', bad)).code).toBe('invalid');
    }
    const overHttp = await ask(bob, 'POST', '/v1/reports', { user: ann.id, reason: 'always so' });
    expect(overHttp.status).toBe(201);
    expectProblem(await ask(bob, 'POST', '/v1/reports', { user: 'nobody', reason: 'r' }), 404, 'not_found');
    const { reports } = (await ask(root, 'GET', '/v1/admin/reports')).json;
    const shown = reports.find(({ id }: { id: number }) => id === report);
    expect([shown.reporter, shown.user, shown.room, shown.seq, shown.reason]).toEqual([
      bob.id,
      ann.id,
      room,
      1,
      'rude',
    ]);
    expect([shown.message.text, shown.message.from]).toEqual(['something rude', ann.id]);
    expect(reports.find(({ id }: { id: number }) => id === overHttp.json.report).user).toBe(ann.id);
    expect((await ask(root, 'POST', `/v1/admin/reports/${report}/resolve`, { note: 'warned' })).status).toBe(204);
    const resolved = (await ask(root, 'GET', '/v1/admin/reports?state=resolved&limit=1')).json;
    expect([resolved.reports[0].id, resolved.reports[0].note, resolved.reports[0].resolvedBy]).toEqual([
      report,
      'warned',
      root.id,
    ]);
    const audit = (await ask(root, 'GET', '/v1/admin/audit?limit=1')).json;
    expect([audit.entries[0].action, audit.entries[0].target, audit.entries[0].detail]).toEqual([
      'report.resolve',
      String(report),
      { note: 'warned' },
    ]);
    const older = (await ask(root, 'GET', `/v1/admin/audit?limit=1&cursor=${audit.cursor}`)).json;
    expect(older.entries[0].id).toBeLessThan(audit.entries[0].id);
  });

  test('[MOD8] past fifty open reports a user has to wait', async () => {
    const reporter = await newAccount(server.url, 'mod8many');
    using socket = await RawClient.greet(server.url, reporter.token);
    const { room } = await socket.ok('rooms.create', { title: 'R' });
    for (const seq of range(1, 51)) await socket.post(room, String(seq));
    for (const seq of range(1, 50)) await socket.ok('reports.create', { room, seq, reason: 'r' });
    const refused = await socket.refused('reports.create', { room, seq: 51, reason: 'r' });
    expect([refused.code, refused.retryAfter]).toEqual(['rate_limited', 3_600_000]);
  });
});
