/** Marks, hidden messages and receipts over a real engine: the same on all devices of a user, and after a restart. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { decodeBody } from '../../../src/protocol/frames/body.ts';
import { LIMITS } from '../../../src/protocol/limits.ts';
import type { Message } from '../../../src/protocol/types.ts';
import { tempDir } from '../../contract/temp-dir.ts';
import { type Account, logIn, newAccounts } from '../../support/http.ts';
import { RawClient, range, textBody } from '../../support/raw-client.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { eventually, TEST_MS } from '../../support/wait.ts';

setDefaultTimeout(TEST_MS);

async function summaryOf(client: RawClient, room: string) {
  const { rooms } = await client.ok('rooms.list', {});
  return rooms.find(({ id }) => id === room);
}

const hiddenOf = (messages: readonly Message[]): number[] =>
  messages.filter(({ hidden }) => hidden).map(({ seq }) => seq);

describe('reading', () => {
  let server: TestServer;
  let accounts: readonly [Account, Account, Account];
  let ann: RawClient;
  let annsOther: RawClient;
  let bob: RawClient;
  beforeAll(async () => {
    server = await startServer({ env: { MAILROOM_RECEIPTS_UP_TO: '2' } });
    accounts = await newAccounts(server.url, ['ann', 'bob', 'eve']);
    ann = await RawClient.greet(server.url, accounts[0].token);
    annsOther = await RawClient.greet(server.url, await logIn(server.url, 'ann', 'other'));
    bob = await RawClient.greet(server.url, accounts[1].token);
  });
  afterAll(() => server[Symbol.asyncDispose]());

  async function roomOf(count: number, members = [accounts[1].id]): Promise<string> {
    const { room } = await ann.ok('rooms.create', { members });
    for (const n of range(1, count)) await bob.post(room, `${n}`, `n${n}`);
    await ann.upTo(room, count);
    return room;
  }

  test('[RDS3] a mark shows on all devices of the user, in lists and after a hello, and for nobody else', async () => {
    const room = await roomOf(1);
    await ann.ok('rooms.mark', { room, unread: true });
    expect(await annsOther.notification('marked', (each) => each.room === room)).toEqual({ room, unread: true });
    expect((await summaryOf(annsOther, room))?.marked).toBe(true);
    using again = await RawClient.greet(server.url, accounts[0].token);
    expect(again.hello.rooms.find(({ id }) => id === room)?.marked).toBe(true);
    expect((await summaryOf(bob, room))?.marked).toBeUndefined();
    await annsOther.ok('rooms.mark', { room, unread: false });
    await ann.notification('marked', (each) => each.room === room && !each.unread);
    expect((await summaryOf(ann, room))?.marked).toBeUndefined();
    expect(bob.all('marked')).toEqual([]);
  });

  test('[RDS3] reading takes the mark off, although everything was read before', async () => {
    const room = await roomOf(2);
    await ann.ok('messages.read', { room, seq: 2 });
    await ann.ok('rooms.mark', { room, unread: true });
    await annsOther.ok('messages.read', { room, seq: 2 });
    await ann.notification('marked', (each) => each.room === room && !each.unread);
    expect((await summaryOf(ann, room))?.marked).toBeUndefined();
  });

  test('[RDS4] what a user hides is a stub in history and in a resume, for that user only, and seqs have no hole', async () => {
    const room = await roomOf(6);
    await ann.ok('messages.hide', { room, seqs: [2, 5] });
    expect(await annsOther.notification('hidden', (each) => each.room === room)).toEqual({
      room,
      seqs: [2, 5],
      hidden: 2,
    });
    const { messages } = await annsOther.ok('messages.history', { room });
    expect(messages.map(({ seq }) => seq)).toEqual(range(1, 6));
    expect(hiddenOf(messages)).toEqual([2, 5]);
    const stub = messages[1] as Message;
    expect(decodeBody(stub.body)).toEqual({ type: 'system', event: 'hidden' });
    expect([stub.from, stub.nonce, stub.at]).toEqual([accounts[1].id, 'n2', bob.messages(room)[1]?.at as number]);
    expect(hiddenOf((await bob.ok('messages.history', { room })).messages)).toEqual([]);
    using again = await RawClient.greet(server.url, accounts[0].token, { [room]: 1 });
    expect(again.hello.rooms.find(({ id }) => id === room)?.hidden).toBe(2);
    expect(await again.upTo(room, 6)).toEqual(range(2, 6));
    expect(hiddenOf(again.messages(room))).toEqual([2, 5]);
    await bob.post(room, 'goes on');
    expect(await again.upTo(room, 7)).toEqual(range(2, 7));
    expect((await again.ok('messages.hidden', { room })).seqs).toEqual([2, 5]);
    expect((await bob.ok('messages.hidden', { room })).seqs).toEqual([]);
  });

  test('[RDS4] what is hidden is not found', async () => {
    const room = await roomOf(1);
    await bob.post(room, 'unfindable');
    const find = async (client: RawClient) => (await client.ok('messages.search', { query: 'unfindable' })).hits.length;
    await eventually(
      'the message to be found',
      () => find(ann),
      (count) => count === 1,
    );
    await ann.ok('messages.hide', { room, seqs: [2] });
    expect([await find(annsOther), await find(bob)]).toEqual([0, 1]);
  });

  test('[RDS4] nobody hides what is not there, in a room of others, or too much at once', async () => {
    const room = await roomOf(1);
    using eve = await RawClient.greet(server.url, accounts[2].token);
    expect((await ann.refused('messages.hide', { room, seqs: [1, 2] })).code).toBe('invalid');
    expect((await ann.refused('messages.hide', { room, seqs: range(1, LIMITS.maxHidesAtOnce + 1) })).code).toBe(
      'invalid',
    );
    expect((await eve.refused('messages.hide', { room, seqs: [1] })).code).toBe('forbidden');
    expect((await eve.refused('rooms.mark', { room, unread: true })).code).toBe('forbidden');
    expect((await eve.refused('messages.readers', { room, seq: 1 })).code).toBe('forbidden');
    expect((await ann.ok('messages.hidden', { room })).seqs).toEqual([]);
  });

  test('[RDS5] a small room says who has read, a larger one how many', async () => {
    const small = await roomOf(2);
    await bob.ok('messages.read', { room: small, seq: 2 });
    const readers = [{ user: accounts[1].id, username: 'bob', read: 2 }];
    expect(await ann.ok('messages.readers', { room: small, seq: 2 })).toEqual({ count: 1, readers });
    expect(await ann.ok('messages.readers', { room: small, seq: 3 })).toEqual({ count: 0, readers: [] });
    expect((await ann.refused('messages.readers', { room: small, seq: 1, cursor: 'nobody' })).code).toBe('invalid');
    const large = await roomOf(2, [accounts[1].id, accounts[2].id]);
    await bob.ok('messages.read', { room: large, seq: 2 });
    expect(await ann.ok('messages.readers', { room: large, seq: 1 })).toEqual({ count: 1 });
    await ann.ok('messages.read', { room: large, seq: 1 });
    await annsOther.notification('read', ({ room, seq }) => room === large && seq === 1);
    expect(bob.all('read').filter(({ room, user }) => room === large && user === accounts[0].id)).toEqual([]);
  });
});

test('[RDS9] who wants it so shows nobody else how far they have read, and their own devices all the same', async () => {
  await using server = await startServer();
  const [ann, bob] = await newAccounts(server.url, ['ann', 'bob']);
  const anns = await RawClient.greet(server.url, ann.token);
  const bobs = await RawClient.greet(server.url, bob.token);
  await bobs.ok('users.set', { receipts: false });
  const { room } = await anns.ok('rooms.create', { members: [bob.id] });
  await anns.post(room, 'text');
  await bobs.ok('messages.read', { room, seq: 1 });
  expect(await bobs.notification('read', ({ user }) => user === bob.id)).toEqual({ room, user: bob.id, seq: 1 });
  expect(await anns.ok('messages.readers', { room, seq: 1 })).toEqual({ count: 0, readers: [] });
  const readOf = async (client: RawClient) =>
    (await client.ok('rooms.members', { room })).members.find(({ user }) => user === bob.id)?.read;
  expect([await readOf(anns), await readOf(bobs)]).toEqual([0, 1]);
  expect(anns.all('read').filter(({ user }) => user === bob.id)).toEqual([]);
});

test('[RDS7] unread mentions are counted before and after the store has them, and only what is not read', async () => {
  using dir = tempDir();
  const names = ['ann', 'bob'] as const;
  let people: readonly [Account, Account] | undefined;
  let room = '';
  const post = (client: RawClient, nonce: string, more: object) =>
    client.ok('messages.post', { room, nonce, body: textBody('text'), ...more });
  const mentionsOf = async (client: RawClient) => (await summaryOf(client, room))?.mentions;
  for (const isFirst of [true, false]) {
    await using server = await startServer({ dataDir: dir.path });
    people ??= await newAccounts(server.url, names);
    const [ann, bob] = people;
    const annsClient = await RawClient.greet(server.url, ann.token);
    const bobs = await RawClient.greet(server.url, bob.token);
    if (isFirst) {
      room = (await annsClient.ok('rooms.create', { members: [bob.id] })).room;
      await post(annsClient, 'a1', { mentions: [bob.id] });
      await post(annsClient, 'a2', {});
      await post(annsClient, 'a3', { mentionAll: true });
      await post(annsClient, 'a4', { mentions: [bob.id], mentionAll: true });
      expect(
        (await bobs.refused('messages.post', { room, nonce: 'b', body: textBody('x'), mentionAll: true })).code,
      ).toBe('forbidden');
      const { mentionAll, seq } = await bobs.notification('message', (message) => message.seq === 3);
      expect({ mentionAll, seq }).toEqual({ mentionAll: true, seq: 3 });
      expect([await mentionsOf(bobs), await mentionsOf(annsClient)]).toEqual([3, undefined]);
      await bobs.ok('messages.read', { room, seq: 1 });
      expect(await mentionsOf(bobs)).toBe(2);
      await server.kill();
    } else {
      expect(bobs).toBeDefined();
      expect(await mentionsOf(bobs)).toBe(2);
      using again = await RawClient.greet(server.url, bob.token);
      expect(again.hello.rooms.find(({ id }) => id === room)?.mentions).toBe(2);
      await post(annsClient, 'a5', { mentions: [bob.id] });
      expect(await mentionsOf(bobs)).toBe(3);
      await bobs.ok('messages.read', { room, seq: 5 });
      expect(await mentionsOf(bobs)).toBeUndefined();
      const direct = (await bobs.ok('rooms.direct', { user: ann.id })).room;
      await bobs.ok('messages.post', { room: direct, nonce: 'd', body: textBody('x'), mentionAll: true });
      expect((await summaryOf(annsClient, direct))?.mentions).toBe(1);
    }
  }
});

test('[RDS1] marks and hidden messages are there after a kill', async () => {
  using dir = tempDir();
  let token = '';
  let room = '';
  for (const isFirst of [true, false]) {
    await using server = await startServer({ dataDir: dir.path });
    if (isFirst) token = (await newAccounts(server.url, ['ann']))[0].token;
    const client = await RawClient.greet(server.url, token);
    if (isFirst) {
      room = (await client.ok('rooms.create', {})).room;
      await client.post(room, 'text');
      await client.ok('messages.hide', { room, seqs: [1] });
      await client.ok('rooms.mark', { room, unread: true });
    }
    const { hidden, marked } = (await summaryOf(client, room)) ?? {};
    expect({ hidden, marked }).toEqual({ hidden: 1, marked: true });
    await server.kill();
  }
});
