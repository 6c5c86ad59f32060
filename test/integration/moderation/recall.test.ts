/** Administrators take back any message of any room. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { type Account, expectProblem, http, newAccounts } from '../../support/http.ts';
import { RawClient } from '../../support/raw-client.ts';
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

const recall = (by: Account, room: string, seq: number | string) =>
  http(server.url, 'POST', `/v1/admin/rooms/${room}/messages/${seq}/recall`, {
    token: by.token,
    body: { reason: 'spam' },
  });

test('[HOK1] an administrator recalls a message of a room that they are not in, and every member is told', async () => {
  const [ann, bob] = await newAccounts(server.url, ['hok1ann', 'hok1bob']);
  using socket = await RawClient.greet(server.url, ann.token);
  const { room } = await socket.ok('rooms.direct', { user: bob.id });
  await socket.post(room, 'buy now');
  await socket.post(room, 'and here');
  expectProblem(await recall(bob, room, 1), 403, 'forbidden');
  const recalled = await recall(root, room, 1);
  expect([recalled.status, recalled.json]).toEqual([200, { change: 1 }]);
  const told = await socket.notification('changed', (each) => each.room === room && each.seq === 1);
  expect([told.kind, told.from, told.change]).toEqual(['recalled', root.id, 1]);
  const { messages } = (await http(server.url, 'GET', `/v1/rooms/${room}/messages`, { token: bob.token })).json;
  expect(messages.map(({ recalled: isRecalled = false, text = '' }) => [isRecalled, text])).toEqual([
    [true, ''],
    [false, 'and here'],
  ]);
  expectProblem(await recall(root, room, 1), 409, 'conflict');
});

test('[HOK1] what is not there is not found, and the log of actions has what was done and what was not', async () => {
  const [ann] = await newAccounts(server.url, ['hok1carl']);
  using socket = await RawClient.greet(server.url, ann.token);
  const { room } = await socket.ok('rooms.create', { title: 'Logged' });
  await socket.post(room, 'first');
  expectProblem(await recall(root, room, 2), 404, 'not_found');
  expectProblem(await recall(root, 'nowhere', 1), 404, 'not_found');
  expectProblem(await recall(root, room, 0), 400, 'invalid');
  expect((await recall(root, room, 1)).status).toBe(200);
  const { entries } = (await http(server.url, 'GET', '/v1/admin/audit', { token: root.token })).json;
  const own = entries.filter(({ target }: { target: string }) => target.startsWith(`${room}/`));
  expect(
    own.map(({ actor, action, target, detail }: Record<string, unknown>) => [actor, action, target, detail]),
  ).toEqual([
    [root.id, 'message.recall', `${room}/1`, { reason: 'spam' }],
    [root.id, 'message.recall-failed', `${room}/2`, { code: 'not_found', message: 'there is no such message' }],
    [root.id, 'message.recall', `${room}/2`, { reason: 'spam' }],
  ]);
});
