/** Rooms: how they come to be, who is in them, and who hears of it. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { tempDir } from '../../contract/temp-dir.ts';
import { type Account, logIn, newAccounts } from '../../support/http.ts';
import { RawClient, range } from '../../support/raw-client.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { openOnEveryThread } from '../../support/threads.ts';
import { TEST_MS } from '../../support/wait.ts';

setDefaultTimeout(TEST_MS);

describe('rooms', () => {
  let server: TestServer;
  let accounts: readonly [Account, Account, Account];
  let ann: RawClient;
  let bob: RawClient;
  let eve: RawClient;
  beforeAll(async () => {
    server = await startServer();
    accounts = await newAccounts(server.url, ['ann', 'bob', 'eve']);
    ann = await RawClient.greet(server.url, accounts[0].token);
    bob = await RawClient.greet(server.url, accounts[1].token);
    eve = await RawClient.greet(server.url, accounts[2].token);
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const idOf = (name: 'ann' | 'bob' | 'eve'): string => accounts[({ ann: 0, bob: 1, eve: 2 } as const)[name]].id;

  test('[ENG26] creating answers with the room, and every socket of every member hears that it is in', async () => {
    const second = await openOnEveryThread(server.url, accounts[1].token);
    const created = await ann.ok('rooms.create', {
      title: 'Tea & talk',
      members: [idOf('bob'), idOf('ann'), idOf('bob')],
    });
    const state = { kind: 'group', title: 'Tea & talk', seq: 0, change: 0, log: expect.any(String), read: 0 } as const;
    expect(created).toEqual({ room: expect.any(String), ...state, role: 'owner' });
    for (const socket of [bob, ...second]) {
      const joined = await socket.notification('room', ({ room }) => room === created.room);
      expect(joined).toMatchObject({
        event: 'joined',
        user: idOf('bob'),
        username: 'bob',
        role: 'member',
        title: 'Tea & talk',
        seq: 0,
        log: created.log,
      });
    }
    const { members } = await bob.ok('rooms.members', { room: created.room });
    expect(members).toEqual([
      { user: idOf('ann'), username: 'ann', role: 'owner', read: 0 },
      { user: idOf('bob'), username: 'bob', role: 'member', read: 0 },
    ]);
    for (const socket of second) await socket.close();
  });

  test('[ENG26] there is one direct room between two users, whoever opens it, also both at once', async () => {
    const opened = await Promise.all([
      ann.ok('rooms.direct', { user: idOf('bob') }),
      bob.ok('rooms.direct', { user: idOf('ann') }),
      ann.ok('rooms.direct', { user: idOf('bob') }),
    ]);
    expect(new Set(opened.map(({ room }) => room)).size).toBe(1);
    expect(opened[0]).toMatchObject({ kind: 'direct', title: '', peer: { id: idOf('bob'), username: 'bob' } });
    expect(opened[1]).toMatchObject({ peer: { id: idOf('ann'), username: 'ann' } });
    const { room } = opened[0];
    await ann.post(room, 'psst');
    await bob.upTo(room, 1);
    expect(eve.messages(room)).toEqual([]);
  });

  test('[ENG26] who joins gets what comes from then on; members hear of it; joining again changes nothing', async () => {
    const { room } = await ann.ok('rooms.create', { title: 'Open' });
    await ann.post(room, 'before');
    const entry = await bob.ok('rooms.join', { room });
    expect(entry).toMatchObject({ room, seq: 1, read: 1, role: 'member' });
    expect(
      await ann.notification(
        'room',
        (change) => change.room === room && change.event === 'joined' && change.user === idOf('bob'),
      ),
    ).toMatchObject({ username: 'bob', role: 'member' });
    await ann.post(room, 'after');
    expect(await bob.upTo(room, 2)).toEqual([2]);
    expect(await bob.ok('rooms.join', { room })).toMatchObject({ room, seq: 2, role: 'member' });
    const { members } = await ann.ok('rooms.members', { room });
    expect(members.map(({ username }) => username)).toEqual(['ann', 'bob']);
  });

  test('[ENG26] an invited user hears of the room and gets what comes from then on', async () => {
    const { room } = await ann.ok('rooms.create', { title: 'Invited' });
    await ann.post(room, 'before');
    expect(await ann.ok('rooms.invite', { room, user: idOf('eve') })).toMatchObject({ room, role: 'owner', seq: 1 });
    const joined = await eve.notification('room', (change) => change.room === room);
    expect(joined).toMatchObject({ event: 'joined', user: idOf('eve'), seq: 1, read: 1 });
    await ann.post(room, 'after');
    expect(await eve.upTo(room, 2)).toEqual([2]);
    expect(await ann.ok('rooms.invite', { room, user: idOf('eve') })).toMatchObject({ room, seq: 2 });
  });

  test('[ENG27] nobody receives anything of a room after they left, on none of their sockets', async () => {
    const { room } = await ann.ok('rooms.create', { title: 'Left', members: [idOf('bob')] });
    const others = await openOnEveryThread(server.url, accounts[1].token);
    await ann.post(room, 'one');
    await Promise.all(others.map((socket) => socket.upTo(room, 1)));
    const posting = range(2, 60).map((n) => ann.post(room, `${n}`));
    const left = await others[0]?.ok('rooms.leave', { room });
    const leftAt = left?.seq ?? 0;
    await Promise.all(posting);
    await ann.upTo(room, 60);
    for (const socket of [bob, ...others]) {
      const change = await socket.notification('room', (each) => each.room === room && each.event === 'left');
      expect(change.user).toBe(idOf('bob'));
      // What the server sent before this answer has arrived with it.
      await socket.ok('ping', {});
      expect(socket.seqs(room)).toEqual(range(1, leftAt));
    }
    expect((await bob.refused('messages.post', { room, nonce: 'n', body: new Uint8Array(1) })).code).toBe('forbidden');
    expect((await bob.refused('messages.history', { room })).code).toBe('forbidden');
    expect((await bob.ok('rooms.list', {})).rooms.map(({ id }) => id)).not.toContain(room);
    expect(await ann.notification('room', (each) => each.room === room && each.event === 'left')).toMatchObject({
      user: idOf('bob'),
    });
  });

  test('[ENG27] who leaves and joins again, over and over, gets each message of its memberships once and no other', async () => {
    const { room } = await ann.ok('rooms.create', { title: 'Door' });
    const expected: number[] = [];
    let seq = 0;
    for (let round = 0; round < 8; round++) {
      await bob.ok('rooms.join', { room });
      await ann.post(room, 'inside');
      expected.push(++seq);
      await bob.upTo(room, seq);
      await bob.ok('rooms.leave', { room });
      await ann.post(room, 'outside');
      seq += 1;
    }
    await bob.ok('rooms.join', { room });
    await ann.post(room, 'last');
    expect(await bob.upTo(room, seq + 1)).toEqual([...expected, seq + 1]);
  });

  test('[ENG27] a change made on one socket reaches the user’s others, however quickly it is undone', async () => {
    const { room } = await ann.ok('rooms.create', { title: 'Flutter' });
    const others = await openOnEveryThread(server.url, await logIn(server.url, 'bob', 'phone'));
    for (let round = 0; round < 10; round++) {
      await bob.ok('rooms.join', { room });
      if (round < 9) await bob.ok('rooms.leave', { room });
    }
    const { seq } = await ann.post(room, 'now');
    await Promise.all([bob, ...others].map((socket) => socket.upTo(room, seq)));
    for (const socket of others) await socket.close();
  });

  test('[ENG28] `rooms.list` and repeated entries tell the state of now', async () => {
    const { room } = await ann.ok('rooms.create', { title: 'Now' });
    for (const text of ['one', 'two', 'three']) await ann.post(room, text);
    await ann.ok('messages.read', { room, seq: 2 });
    expect(await ann.ok('rooms.join', { room })).toMatchObject({ seq: 3 });
    const listed = (await ann.ok('rooms.list', {})).rooms.find(({ id }) => id === room);
    expect(listed).toMatchObject({ seq: 3, read: 3 });
  });

  test('[ENG28] a user in many rooms gets them page by page, each once, and messages from all', async () => {
    const { rooms, last } = await createMany(ann, 230, idOf('eve'));
    using client = await RawClient.greet(server.url, accounts[2].token);
    const listed = client.hello.rooms.map(({ id }) => id);
    expect(listed.length).toBe(200);
    let { cursor } = client.hello;
    while (cursor !== undefined) {
      const page = await client.ok('rooms.list', { cursor });
      listed.push(...page.rooms.map(({ id }) => id));
      cursor = page.cursor;
    }
    expect(new Set(listed).size).toBe(listed.length);
    expect(rooms.filter((room) => !listed.includes(room))).toEqual([]);
    await Promise.all(rooms.map((room) => ann.post(room, 'hello all')));
    await Promise.all(rooms.map((room) => client.upTo(room, 1)));
    expect(client.seqs(last)).toEqual([1]);
  });

  test('[ENG28] members of a large room come page by page, in the order of joining', async () => {
    const { room } = await ann.ok('rooms.create', { title: 'Many' });
    await bob.ok('rooms.join', { room });
    await eve.ok('rooms.join', { room });
    const { members, cursor } = await eve.ok('rooms.members', { room });
    expect(members.map(({ username }) => username)).toEqual(['ann', 'bob', 'eve']);
    expect(cursor).toBeUndefined();
    const rest = await eve.ok('rooms.members', { room, cursor: members[0]?.user ?? '' });
    expect(rest.members.map(({ username }) => username)).toEqual(['bob', 'eve']);
    expect((await eve.refused('rooms.members', { room, cursor: 'unknown' })).code).toBe('invalid');
  });

  test('[ENG29] rooms, members and titles are the same after a crash', async () => {
    using dir = tempDir();
    const first = await startServer({ dataDir: dir.path });
    const [carl, dora] = await newAccounts(first.url, ['carl', 'dora']);
    const before = await RawClient.greet(first.url, carl.token);
    const { room, log } = await before.ok('rooms.create', { title: 'Lasting', members: [dora.id] });
    await before.post(room, 'one');
    await first.kill();
    await using second = await startServer({ dataDir: dir.path });
    using after = await RawClient.greet(second.url, dora.token);
    expect(after.hello.rooms).toEqual([
      { id: room, kind: 'group', title: 'Lasting', seq: 1, change: 0, log, read: 0, role: 'member' },
    ]);
  });
});

async function createMany(
  client: RawClient,
  count: number,
  member: string,
): Promise<{ rooms: string[]; last: string }> {
  const rooms: string[] = [];
  while (rooms.length < count) {
    const made = await Promise.all(
      range(1, 46).map((n) => client.ok('rooms.create', { title: `room ${rooms.length + n}`, members: [member] })),
    );
    rooms.push(...made.map(({ room }) => room));
  }
  return { rooms, last: rooms.at(-1) as string };
}
