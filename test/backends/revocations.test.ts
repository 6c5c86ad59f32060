/** What another process does to the tokens in MySQL is seen by a running engine; without the primary nothing is promised. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { secrets } from '../../src/app/secrets.ts';
import { CLOSE } from '../../src/protocol/close-codes.ts';
import { type MysqlServers, openMysqlServers } from '../../src/storage/mysql/mysql-servers.ts';
import { MysqlRecords } from '../../src/storage/mysql/records/mysql-records.ts';
import { expectDeathFromOutside, WAYS_TO_DIE } from '../integration/accounts/outside.ts';
import { describeWith } from '../support/back-ends.ts';
import { type Deployment, makeDeployment } from '../support/deployment.ts';
import { expectProblem, http, logIn, newAccount } from '../support/http.ts';
import { RawClient } from '../support/raw-client.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { TEST_MS } from '../support/wait.ts';
import { type Gateway, gatewayTo } from './gateway.ts';

setDefaultTimeout(TEST_MS);

describeWith(['mysql'], 'tokens that die elsewhere, MySQL', (variables) => {
  let deployment: Deployment;
  let servers: MysqlServers;
  let gateway: Gateway;
  let server: TestServer;
  let outside: MysqlRecords;

  beforeAll(async () => {
    deployment = await makeDeployment(variables, ['mysql']);
    const url = deployment.env.MAILROOM_MYSQL_URL ?? '';
    gateway = await gatewayTo(url);
    server = await startServer({ env: { ...deployment.env, MAILROOM_MYSQL_URL: gateway.url } });
    servers = await openMysqlServers({ url, replicaUrls: [], schemas: [], pool: { queryMs: 30_000 } });
    outside = new MysqlRecords(servers);
  });

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await gateway[Symbol.asyncDispose]();
    await servers.close();
    await deployment[Symbol.asyncDispose]();
  });

  for (const way of WAYS_TO_DIE) {
    test(`[REV8] one that ${way} is refused everywhere, and its sockets on every thread are closed`, async () => {
      await expectDeathFromOutside(server.url, outside, way);
    });
  }

  test('[REV9] without the primary a logout is `unavailable`; what died meanwhile is dead here once it is reached again', async () => {
    const { id, token } = await newAccount(server.url, 'bob', 'desk');
    const other = await logIn(server.url, 'bob', 'phone');
    using desk = await RawClient.greet(server.url, token);
    using phone = await RawClient.greet(server.url, other);
    gateway.shut();
    const refused = await http(server.url, 'POST', '/v1/logout', { token: other });
    expectProblem(refused, 503, 'unavailable');
    expect(refused.json.retryAfter).toBeGreaterThan(0);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await outside.deleteToken(id, secrets.hashToken(token))).toBe(true);
    expect(await desk.ok('ping', {})).toEqual({});
    gateway.open();
    expect(await desk.closeCode()).toBe(CLOSE.revoked);
    expect(await phone.ok('ping', {})).toEqual({});
    expectProblem(await http(server.url, 'GET', '/v1/me', { token }), 401, 'unauthenticated');
  });
});
