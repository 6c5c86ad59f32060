/** A room of 10,000 members: it opens, is joined, listed, governed and talked in as a small one is. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { join } from 'node:path';
import { SqliteRecords } from '../../../src/storage/embedded/records/sqlite-records.ts';
import { tempDir } from '../../contract/temp-dir.ts';
import { type Account, newAccounts } from '../../support/http.ts';
import { RawClient } from '../../support/raw-client.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { TEST_MS } from '../../support/wait.ts';

setDefaultTimeout(TEST_MS);

const MEMBERS = 10_000;
const ROOM = 'a-large-room';
/** Name of the file of the records in the data directory. */
const RECORDS = 'records.db';

describe('a room of 10,000 members', () => {
  const dir = tempDir();
  let server: TestServer;
  let ann: Account;
  let bob: Account;
  let owner: Awaited<ReturnType<typeof RawClient.greet>>;
  let other: RawClient;
  beforeAll(async () => {
    await using first = await startServer({ dataDir: dir.path });
    [ann, bob] = (await newAccounts(first.url, ['ann', 'bob'])) as [Account, Account];
    await first.stop();
    populate(join(dir.path, RECORDS), ann.id);
    server = await startServer({ dataDir: dir.path });
    owner = await RawClient.greet(server.url, ann.token);
    other = await RawClient.greet(server.url, bob.token);
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    dir[Symbol.dispose]();
  });

  test('[GRP40] it opens, and all members come page by page, each once, in the order of joining', async () => {
    expect(owner.hello.rooms).toMatchObject([{ id: ROOM, role: 'owner' }]);
    const users: string[] = [];
    for (let cursor: string | undefined; ; ) {
      const page = await owner.ok('rooms.members', cursor === undefined ? { room: ROOM } : { room: ROOM, cursor });
      users.push(...page.members.map(({ user }) => user));
      cursor = page.cursor;
      if (cursor === undefined) break;
    }
    expect(users.length).toBe(MEMBERS);
    expect(new Set(users).size).toBe(MEMBERS);
    const { members } = await owner.ok('rooms.members', { room: ROOM, role: 'owner' });
    expect(members.map(({ user }) => user)).toEqual([ann.id]);
  });

  test('[GRP41] members come, talk, are muted, kicked and banned in it', async () => {
    await other.ok('rooms.join', { room: ROOM });
    await owner.post(ROOM, 'hello, all of you');
    expect(await other.upTo(ROOM, 1)).toEqual([1]);
    await owner.ok('rooms.mute', { room: ROOM, user: member(7), until: 4_000_000_000_000 });
    await owner.ok('rooms.kick', { room: ROOM, user: member(8) });
    await owner.ok('rooms.ban', { room: ROOM, user: member(9) });
    expect(await owner.ok('rooms.get', { room: ROOM })).toMatchObject({ members: MEMBERS - 1, version: 5 });
    await owner.ok('rooms.kick', { room: ROOM, user: bob.id });
    await other.notification('room', ({ room, event }) => room === ROOM && event === 'left');
  });

  test('[GRP42] deleting it ends all memberships', async () => {
    await owner.ok('rooms.delete', { room: ROOM });
    expect((await owner.refused('rooms.get', { room: ROOM })).code).toBe('not_found');
    await server.stop();
    server = await startServer({ dataDir: dir.path });
    using again = await RawClient.greet(server.url, ann.token);
    expect(again.hello.rooms).toEqual([]);
    expect((await again.refused('rooms.join', { room: ROOM })).code).toBe('not_found');
  });
});

const member = (index: number): string => `member-${String(index).padStart(5, '0')}`;

/** The room and everybody in it but the owner, in one transaction. */
function populate(path: string, ownerId: string): void {
  const records = new SqliteRecords(path);
  const users = Array.from({ length: MEMBERS - 1 }, (_, index) => member(index));
  const insert = records.database.prepare(
    'INSERT INTO users (id, username, password_hash, created_at) VALUES (?, ?, ?, 1)',
  );
  records.database.transaction(() => {
    for (const user of users) insert.run(user, user, 'none');
  })();
  const row = { id: ROOM, kind: 'group', title: 'Large', log: 'log', version: 1, createdAt: 1 } as const;
  const members = users.map((user) => ({ user, role: 'member' }) as const);
  records.createRoom(row, [{ user: ownerId, role: 'owner' }, ...members]);
  records.close();
}
