/** Deleting one's account. */
import { expect, setDefaultTimeout, test } from 'bun:test';
import { CLOSE } from '../../../src/protocol/close-codes.ts';
import { tempDir } from '../../contract/temp-dir.ts';
import { expectProblem, http, newAccount, newAccounts, PASSWORD } from '../../support/http.ts';
import { RawClient } from '../../support/raw-client.ts';
import { startServer } from '../../support/server.ts';
import { TEST_MS } from '../../support/wait.ts';
import { newAdministrator } from './administrators.ts';

setDefaultTimeout(TEST_MS);

test('[EXP2] a deleted account is out of its groups and off all sockets, its messages stay, and its name is free', async () => {
  using dir = tempDir();
  const first = await startServer({ dataDir: dir.path });
  const root = await newAdministrator(first, 'root');
  const [ann, bob] = await newAccounts(first.url, ['ann', 'bob']);
  using socket = await RawClient.greet(first.url, ann.token);
  using other = await RawClient.greet(first.url, bob.token);
  const { room } = await socket.ok('rooms.create', { title: 'R', members: [bob.id] });
  const direct = await socket.ok('rooms.direct', { user: bob.id });
  await socket.post(room, 'what stays');
  await socket.post(direct.room, 'what stays here too');
  await other.upTo(direct.room, 1);
  const remove = (token: string, password: string) =>
    http(first.url, 'DELETE', '/v1/me', { token, body: { password } });
  expectProblem(await remove(ann.token, 'not the password'), 401, 'unauthenticated');
  expectProblem(await http(first.url, 'DELETE', '/v1/me', { token: ann.token, body: {} }), 400, 'invalid');
  expect((await http(first.url, 'GET', '/v1/me', { token: ann.token })).status).toBe(200);
  expect((await remove(ann.token, PASSWORD)).status).toBe(204);
  expect(await socket.closeCode()).toBe(CLOSE.revoked);
  await other.notification('room', (event) => event.room === room && event.event === 'left' && event.user === ann.id);
  expectProblem(await remove(ann.token, PASSWORD), 401, 'unauthenticated');
  const login = { username: 'ann', password: PASSWORD };
  expectProblem(await http(first.url, 'POST', '/v1/login', { body: login }), 401, 'unauthenticated');
  const tombstone = { username: `deleted~${ann.id}`, password: '' };
  expectProblem(await http(first.url, 'POST', '/v1/login', { body: tombstone }), 401, 'unauthenticated');
  await first.kill();

  await using second = await startServer({ dataDir: dir.path });
  using again = await RawClient.greet(second.url, bob.token);
  const { users } = await again.ok('users.get', { users: [ann.id] });
  expect(users.map(({ username }) => username)).toEqual([`deleted~${ann.id}`]);
  const { messages } = await again.ok('messages.history', { room });
  expect(messages.map(({ from }) => from)).toEqual([ann.id]);
  const { members } = await again.ok('rooms.members', { room });
  expect(members.map(({ user, role }) => [user, role])).toEqual([[bob.id, 'owner']]);
  expect((await again.ok('messages.history', { room: direct.room })).messages).toHaveLength(1);
  expect((await newAccount(second.url, 'ann')).id).not.toBe(ann.id);
  const { entries } = (await http(second.url, 'GET', '/v1/admin/audit', { token: root.token })).json;
  expect([entries[0].action, entries[0].actor, entries[0].target]).toEqual(['user.delete-account', ann.id, ann.id]);
});
