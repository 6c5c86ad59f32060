/** Governing a room: what owner and admins do, and what everybody hears of it. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { tempDir } from '../../contract/temp-dir.ts';
import { type Account, newAccounts } from '../../support/http.ts';
import { RawClient, range, textBody } from '../../support/raw-client.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { openOnEveryThread } from '../../support/threads.ts';
import { TEST_MS } from '../../support/wait.ts';

setDefaultTimeout(TEST_MS);

const LATER = 4_000_000_000_000;
const NAMES = ['ann', 'bob', 'eve', 'dan'] as const;
type Name = (typeof NAMES)[number];

describe('governing', () => {
  let server: TestServer;
  let id: Record<Name, string>;
  let ann: RawClient;
  let bob: RawClient;
  let eve: RawClient;
  let dan: RawClient;
  let accounts: readonly Account[];
  beforeAll(async () => {
    server = await startServer();
    accounts = await newAccounts(server.url, NAMES);
    id = Object.fromEntries(NAMES.map((name, index) => [name, accounts[index]?.id])) as typeof id;
    const greeted = await Promise.all(accounts.map(({ token }) => RawClient.greet(server.url, token)));
    [ann, bob, eve, dan] = greeted as unknown as [RawClient, RawClient, RawClient, RawClient];
  });
  afterAll(() => server[Symbol.asyncDispose]());

  /** A group of ann, who owns it, bob and eve. */
  const makeRoom = async (): Promise<string> =>
    (await ann.ok('rooms.create', { title: 'Tea', members: [id.bob, id.eve] })).room;

  const heard = (client: RawClient, room: string, event: string) =>
    client.notification('room', (change) => change.room === room && change.event === event);

  const membersOf = async (client: RawClient, room: string) => {
    const { members } = await client.ok('rooms.members', { room });
    return Object.fromEntries(members.map(({ username, role }) => [username, role]));
  };

  test('[GRP20] fields are set, told to everybody with the next version, and shown wherever the room is', async () => {
    const room = await makeRoom();
    const set = { title: 'Talk', topic: 'Tea', slowMode: 60, joinPolicy: 'invite' } as const;
    const details = await ann.ok('rooms.update', { room, ...set, past: 'all' });
    expect(details).toMatchObject({
      room,
      ...set,
      announcement: false,
      avatar: '',
      past: 'all',
      members: 3,
      version: 2,
    });
    const updated = { room, event: 'updated', version: 2, ...set } as const;
    for (const client of [ann, bob, eve]) expect(await heard(client, room, 'updated')).toEqual(updated);
    expect(await ann.ok('rooms.update', { room, ...set })).toEqual(details);
    expect((await bob.ok('rooms.get', { room })).version).toBe(2);
    const shown = (await bob.ok('rooms.list', {})).rooms.find((each) => each.id === room);
    expect(shown).toMatchObject({ ...set, role: 'member' });
    expect(Object.keys(shown ?? {})).not.toContain('announcement');
  });

  test('[GRP21] who is kicked hears why, on every socket, gets nothing more, and may come back', async () => {
    const room = await makeRoom();
    const sockets = await openOnEveryThread(server.url, accounts[2]?.token as string);
    await ann.ok('rooms.kick', { room, user: id.eve });
    await ann.post(room, 'without eve');
    const left = {
      room,
      event: 'left',
      version: 2,
      user: id.eve,
      username: 'eve',
      by: id.ann,
      reason: 'kicked',
    } as const;
    for (const client of [eve, ...sockets, bob]) expect(await heard(client, room, 'left')).toEqual(left);
    await bob.upTo(room, 1);
    expect((await eve.refused('messages.history', { room })).code).toBe('forbidden');
    await eve.ok('rooms.join', { room });
    for (const client of [eve, ...sockets]) expect(client.seqs(room)).toEqual([]);
    for (const socket of sockets) await socket.close();
  });

  test('[GRP22] who is banned stays out, by id, by invitation and by link, until the ban ends', async () => {
    const room = await makeRoom();
    const { token } = await ann.ok('rooms.link-create', { room });
    await ann.ok('rooms.ban', { room, user: id.eve, reason: 'spam' });
    expect(await heard(eve, room, 'left')).toMatchObject({ by: id.ann, reason: 'banned' });
    expect((await eve.refused('rooms.join', { room })).message).toContain('banned');
    expect((await eve.refused('rooms.link-join', { token })).message).toContain('banned');
    expect((await bob.refused('rooms.invite', { room, user: id.eve })).message).toContain('banned');
    const { bans } = await ann.ok('rooms.bans', { room });
    const ban = { user: id.eve, username: 'eve', by: id.ann, at: expect.any(Number), until: 0, reason: 'spam' };
    expect(bans).toEqual([ban]);
    await ann.ok('rooms.unban', { room, user: id.eve });
    expect((await ann.refused('rooms.unban', { room, user: id.eve })).code).toBe('not_found');
    expect(await eve.ok('rooms.join', { room })).toMatchObject({ room, role: 'member' });
  });

  test('[GRP23] a muted member reads and does not post, also after coming back, until the mute ends', async () => {
    const room = await makeRoom();
    await ann.ok('rooms.mute', { room, user: id.bob, until: LATER });
    for (const client of [ann, bob]) {
      expect(await heard(client, room, 'muted')).toEqual({
        room,
        event: 'muted',
        version: 2,
        user: id.bob,
        until: LATER,
      });
    }
    const post = { room, nonce: 'n', body: textBody('hello') };
    expect((await bob.refused('messages.post', post)).code).toBe('forbidden');
    await bob.ok('rooms.leave', { room });
    expect(await bob.ok('rooms.join', { room })).toMatchObject({ muted: LATER });
    expect((await bob.refused('messages.post', post)).code).toBe('forbidden');
    await ann.ok('rooms.unmute', { room, user: id.bob });
    expect(await bob.ok('messages.post', post)).toMatchObject({ seq: 1 });
  });

  test('[GRP24] nobody does anything to somebody whose role is as high as theirs, or to themselves', async () => {
    const room = await makeRoom();
    for (const user of [id.bob, id.eve]) await ann.ok('rooms.role', { room, user, role: 'admin' });
    for (const [client, user] of [
      [bob, id.eve],
      [bob, id.ann],
    ] as const) {
      expect((await client.refused('rooms.kick', { room, user })).code).toBe('forbidden');
      expect((await client.refused('rooms.ban', { room, user })).code).toBe('forbidden');
      expect((await client.refused('rooms.mute', { room, user, until: LATER })).code).toBe('forbidden');
    }
    expect((await ann.refused('rooms.kick', { room, user: id.ann })).code).toBe('invalid');
    expect((await ann.refused('rooms.kick', { room, user: id.dan })).code).toBe('not_found');
    expect(await membersOf(ann, room)).toEqual({ ann: 'owner', bob: 'admin', eve: 'admin' });
  });

  test('[GRP25] a room is handed over; an owner who leaves is followed by the first admin, or else the first member', async () => {
    const room = await makeRoom();
    await ann.ok('rooms.transfer', { room, user: id.bob });
    expect(await membersOf(eve, room)).toEqual({ ann: 'admin', bob: 'owner', eve: 'member' });
    await bob.ok('rooms.leave', { room });
    expect(await membersOf(eve, room)).toEqual({ ann: 'owner', eve: 'member' });
    await ann.ok('rooms.leave', { room });
    expect(await membersOf(eve, room)).toEqual({ eve: 'owner' });
    await eve.ok('rooms.leave', { room });
    expect(await dan.ok('rooms.join', { room })).toMatchObject({ role: 'owner' });
    const versions = eve
      .all('room')
      .filter((change) => change.room === room)
      .map(({ version }) => version);
    expect(versions).toEqual(range(1, 8));
  });

  test('[GRP26] where joining takes approval, a request is kept once, told to who decides, and decided', async () => {
    const room = await makeRoom();
    await ann.ok('rooms.update', { room, joinPolicy: 'approval' });
    for (let tries = 0; tries < 2; tries++)
      expect((await dan.refused('rooms.join', { room })).message).toContain('asked');
    expect(await heard(ann, room, 'requested')).toMatchObject({ user: id.dan, username: 'dan' });
    const asked = { user: id.dan, username: 'dan', at: expect.any(Number) };
    expect(await ann.ok('rooms.requests', { room })).toEqual({ requests: [asked] });
    await ann.ok('rooms.decline', { room, user: id.dan });
    await heard(dan, room, 'declined');
    expect((await ann.refused('rooms.approve', { room, user: id.dan })).code).toBe('not_found');
    expect((await dan.refused('rooms.join', { room })).code).toBe('forbidden');
    await ann.ok('rooms.approve', { room, user: id.dan });
    expect(await heard(dan, room, 'joined')).toMatchObject({ role: 'member', title: 'Tea' });
    expect((await ann.ok('rooms.requests', { room })).requests).toEqual([]);
    expect(bob.all('room').filter((change) => change.room === room && change.event === 'requested')).toEqual([]);
  });

  test('[GRP27] a link lets in as many as it has uses, until it ends or is revoked; its secret is told once', async () => {
    const room = await makeRoom();
    await ann.ok('rooms.update', { room, joinPolicy: 'invite' });
    const { token, ...link } = await ann.ok('rooms.link-create', { room, maxUses: 1, expiresAt: LATER });
    expect((await dan.refused('rooms.join', { room })).code).toBe('forbidden');
    expect(await dan.ok('rooms.link-join', { token })).toMatchObject({ room, role: 'member' });
    expect(await dan.ok('rooms.link-join', { token }).catch((error: Error) => error.message)).toContain('not_found');
    expect(await ann.ok('rooms.links', { room })).toEqual({ links: [{ ...link, uses: 1 }] });
    await dan.ok('rooms.leave', { room });
    expect((await dan.refused('rooms.link-join', { token })).code).toBe('not_found');
    const second = await ann.ok('rooms.link-create', { room });
    await ann.ok('rooms.link-revoke', { room, link: second.link });
    expect((await dan.refused('rooms.link-join', { token: second.token })).code).toBe('not_found');
  });

  test('[GRP28] a deleted room is gone for everybody, at once and for good', async () => {
    const room = await makeRoom();
    await ann.post(room, 'the last');
    await ann.ok('rooms.delete', { room });
    for (const client of [ann, bob, eve]) {
      expect(await heard(client, room, 'deleted')).toEqual({ room, event: 'deleted', version: 2 });
      expect((await client.refused('messages.history', { room })).code).toBe('not_found');
      expect((await client.ok('rooms.list', {})).rooms.map((each) => each.id)).not.toContain(room);
    }
    using again = await RawClient.greet(server.url, accounts[1]?.token as string);
    expect(again.hello.rooms.map((each) => each.id)).not.toContain(room);
  });

  test('[GRP29] in slow mode a member’s posts keep their distance; a repeated one is answered, and who rules is free', async () => {
    const room = await makeRoom();
    await ann.ok('rooms.update', { room, slowMode: 600 });
    const first = await bob.post(room, 'first', 'first');
    const fault = await bob.refused('messages.post', { room, nonce: 'second', body: textBody('second') });
    expect(fault.code).toBe('rate_limited');
    expect(fault.retryAfter).toBeWithin(590_000, 600_001);
    expect(await bob.post(room, 'first', 'first')).toEqual(first);
    await eve.post(room, 'another member');
    for (const text of ['a', 'b']) await ann.post(room, text);
  });

  test('[GRP30] where the past is closed, nobody gets a message from before they joined, on no way', async () => {
    const room = await makeRoom();
    await ann.ok('rooms.update', { room, past: 'joined' });
    for (let count = 0; count < 5; count++) await ann.post(room, 'before');
    expect(await dan.ok('rooms.join', { room })).toMatchObject({ seq: 5, from: 6 });
    await ann.post(room, 'after');
    await dan.upTo(room, 6);
    const seqs = async (query: object): Promise<unknown> => {
      const { messages, more } = await dan.ok('messages.history', { room, ...query });
      return [messages.map(({ seq }) => seq), more];
    };
    expect(await seqs({})).toEqual([[6], false]);
    expect(await seqs({ before: 6 })).toEqual([[], false]);
    expect(await seqs({ after: 0 })).toEqual([[6], false]);
    expect(await seqs({ after: 2, limit: 1 })).toEqual([[6], false]);
    using resumed = await RawClient.greet(server.url, accounts[3]?.token as string, { [room]: 0 });
    expect(await resumed.upTo(room, 6)).toEqual([6]);
    const { messages } = await bob.ok('messages.history', { room });
    expect(messages.map(({ seq }) => seq)).toEqual(range(1, 6));
    await ann.ok('rooms.update', { room, past: 'all' });
    expect(await seqs({})).toEqual([range(1, 6), false]);
  });

  test('[GRP32] rooms have a bound of members, and users of rooms: past it joining and making are refused', async () => {
    const env = { MAILROOM_MAX_ROOM_MEMBERS: '2', MAILROOM_MAX_ROOMS_PER_USER: '2' };
    await using own = await startServer({ env });
    const [first, second, third] = (await newAccounts(own.url, ['a', 'b', 'c'])) as [Account, Account, Account];
    using a = await RawClient.greet(own.url, first.token);
    using c = await RawClient.greet(own.url, third.token);
    const { room } = await a.ok('rooms.create', { members: [second.id] });
    expect((await c.refused('rooms.join', { room })).code).toBe('conflict');
    await a.ok('rooms.create', {});
    expect((await a.refused('rooms.create', {})).code).toBe('conflict');
    expect((await c.refused('rooms.create', { members: [first.id] })).code).toBe('conflict');
    const { room: last } = await c.ok('rooms.create', {});
    expect((await a.refused('rooms.join', { room: last })).code).toBe('conflict');
  });

  test('[GRP31] all of it survives a crash', async () => {
    using dir = tempDir();
    let own = await startServer({ dataDir: dir.path });
    const people = await newAccounts(own.url, NAMES);
    const by = (name: Name) => people[NAMES.indexOf(name)] as Account;
    using owner = await RawClient.greet(own.url, by('ann').token);
    const create = { kind: 'channel', members: [by('bob').id, by('eve').id] } as const;
    const { room } = await owner.ok('rooms.create', create);
    await owner.ok('rooms.role', { room, user: by('bob').id, role: 'admin' });
    await owner.ok('rooms.mute', { room, user: by('eve').id, until: LATER });
    await owner.ok('rooms.ban', { room, user: by('dan').id });
    const { token } = await owner.ok('rooms.link-create', { room });
    const details = await owner.ok('rooms.update', { room, topic: 'Lasting', past: 'joined' });
    const { room: deleted } = await owner.ok('rooms.create', {});
    await owner.ok('rooms.delete', { room: deleted });
    await own.kill();
    own = await startServer({ dataDir: dir.path });
    using again = await RawClient.greet(own.url, by('ann').token);
    expect(await again.ok('rooms.get', { room })).toEqual(details);
    expect(await membersOf(again, room)).toEqual({ ann: 'owner', bob: 'admin', eve: 'member' });
    expect((await again.refused('rooms.get', { room: deleted })).code).toBe('not_found');
    using muted = await RawClient.greet(own.url, by('eve').token);
    expect(muted.hello.rooms).toMatchObject([{ id: room, kind: 'channel', muted: LATER }]);
    using banned = await RawClient.greet(own.url, by('dan').token);
    expect((await banned.refused('rooms.link-join', { token })).message).toContain('banned');
    await own[Symbol.asyncDispose]();
  });
});
