/** Pictures of profiles and rooms: whose file may be one, and who may read it then. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { type Account, newAccounts } from '../../support/http.ts';
import { plantFile, withFileRecords } from '../../support/planted-files.ts';
import { RawClient } from '../../support/raw-client.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { TEST_MS } from '../../support/wait.ts';

setDefaultTimeout(TEST_MS);

describe('pictures', () => {
  let server: TestServer;
  let ann: Account;
  let bob: Account;

  beforeAll(async () => {
    server = await startServer();
    [ann, bob] = await newAccounts(server.url, ['ann', 'bob']);
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const rolesOf = (user: Account, file: string): Promise<readonly string[]> =>
    withFileRecords(server.dataDir, async (files) => {
      const [access] = await files.access(user.id, [file], Date.now());
      return access?.roles ?? [];
    });

  test('[FIL29] the picture of a profile is a file of the user’s own', async () => {
    const file = await plantFile(server.dataDir, ann.id, 'me.png');
    using owner = await RawClient.greet(server.url, ann.token);
    using thief = await RawClient.greet(server.url, bob.token);
    expect((await owner.ok('users.update', { avatar: file.id })).user.avatar).toBe(file.id);
    for (const avatar of [file.id, 'unknown']) {
      expect((await thief.refused('users.update', { avatar, about: 'lost' })).code).toBe('not_found');
    }
    const { users } = await owner.ok('users.get', { users: [bob.id] });
    expect(users).toEqual([{ id: bob.id, username: bob.username }]);
    expect((await owner.ok('users.update', { avatar: '' })).user.avatar).toBeUndefined();
  });

  test('[FIL29] the picture of a room is for its members to read, and nobody else’s file becomes one', async () => {
    const file = await plantFile(server.dataDir, ann.id, 'room.png');
    const secret = await plantFile(server.dataDir, bob.id, 'secret.png');
    using owner = await RawClient.greet(server.url, ann.token);
    using member = await RawClient.greet(server.url, bob.token);
    const { room } = await owner.ok('rooms.create', { members: [bob.id] });
    expect((await owner.refused('rooms.update', { room, avatar: secret.id, title: 'lost' })).code).toBe('not_found');
    expect(await owner.ok('rooms.get', { room })).toMatchObject({ avatar: '', title: '' });
    expect((await member.refused('rooms.update', { room, avatar: secret.id })).code).toBe('forbidden');
    expect(await rolesOf(ann, secret.id)).toEqual([]);
    expect(await rolesOf(bob, file.id)).toEqual([]);
    expect((await owner.ok('rooms.update', { room, avatar: file.id })).avatar).toBe(file.id);
    expect((await member.ok('rooms.get', { room })).avatar).toBe(file.id);
    expect(await rolesOf(bob, file.id)).toEqual(['member']);
  });
});
