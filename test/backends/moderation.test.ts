/** Moderation, bots and data rights on real back ends, over a real server. */
import { expect, setDefaultTimeout, test } from 'bun:test';
import { CLOSE } from '../../src/protocol/close-codes.ts';
import { newAdministrator } from '../integration/moderation/administrators.ts';
import { describeWith } from '../support/back-ends.ts';
import { makeDeployment } from '../support/deployment.ts';
import { expectProblem, http, newAccounts, PASSWORD } from '../support/http.ts';
import { RawClient } from '../support/raw-client.ts';
import { startServer } from '../support/server.ts';

setDefaultTimeout(120_000);

describeWith(['mysql', 'redis', 'rabbitmq'], 'moderation on real back ends', (variables) => {
  test('[MOD9] suspending, lifting, bots and deleting hold on MySQL, Redis and RabbitMQ as they do embedded', async () => {
    await using deployment = await makeDeployment(variables, ['mysql', 'redis', 'rabbitmq']);
    await using server = await startServer({ env: deployment.env });
    const { url } = server;
    const root = await newAdministrator(server, 'root', deployment.env);
    const [ann, bob] = await newAccounts(url, ['ann', 'bob']);
    const admin = (method: string, path: string, body?: unknown) =>
      http(url, method, path, { token: root.token, ...(body === undefined ? {} : { body }) });
    using socket = await RawClient.greet(url, ann.token);
    using other = await RawClient.greet(url, bob.token);
    const { room } = await other.ok('rooms.create', { title: 'R', members: [ann.id] });
    expect((await other.ok('devices.list', {})).devices.map(({ device }) => device)).toEqual(['test']);

    expect((await admin('POST', `/v1/admin/users/${ann.id}/suspend`, { reason: 'spam' })).status).toBe(204);
    expect(await socket.closeCode()).toBe(CLOSE.revoked);
    const login = { username: 'ann', password: PASSWORD };
    expectProblem(await http(url, 'POST', '/v1/login', { body: login }), 403, 'forbidden');
    expect((await admin('POST', `/v1/admin/users/${ann.id}/lift`)).status).toBe(204);
    const { token } = (await http(url, 'POST', '/v1/login', { body: login })).json;

    const bot = (await admin('POST', '/v1/admin/bots', { username: 'helper' })).json;
    await other.ok('rooms.invite', { room, user: bot.user.id });
    const posted = await http(url, 'POST', `/v1/rooms/${room}/messages`, { token: bot.token, body: { text: 'beep' } });
    expect(posted.status).toBe(201);
    await other.upTo(room, 1);
    const { report } = await other.ok('reports.create', { room, seq: 1, reason: 'noise' });
    const { reports } = (await admin('GET', '/v1/admin/reports')).json;
    expect([reports[0].id, reports[0].message.text, reports[0].user]).toEqual([report, 'beep', bot.user.id]);

    expect((await http(url, 'DELETE', '/v1/me', { token, body: { password: PASSWORD } })).status).toBe(204);
    expectProblem(await http(url, 'POST', '/v1/login', { body: login }), 401, 'unauthenticated');
    const { users } = await other.ok('users.get', { users: [ann.id] });
    expect(users[0]?.username).toBe(`deleted~${ann.id}`);
    const { entries } = (await admin('GET', '/v1/admin/audit')).json;
    expect(entries.map(({ action }: { action: string }) => action)).toEqual([
      'user.delete-account',
      'bot.create',
      'user.lift-suspension',
      'user.suspend',
      'user.grant-admin',
    ]);
  });
});
