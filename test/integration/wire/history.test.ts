/** History both ways, and read positions. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { LIMITS } from '../../../src/protocol/limits.ts';
import { tempDir } from '../../contract/temp-dir.ts';
import { type Account, newAccounts } from '../../support/http.ts';
import { RawClient, range } from '../../support/raw-client.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { openOnEveryThread } from '../../support/threads.ts';
import { TEST_MS } from '../../support/wait.ts';

setDefaultTimeout(TEST_MS);

const HEAD = 450;

describe('history and read positions', () => {
  let server: TestServer;
  let accounts: readonly [Account, Account];
  let ann: RawClient;
  let bob: RawClient;
  let room: string;
  beforeAll(async () => {
    server = await startServer();
    accounts = await newAccounts(server.url, ['ann', 'bob']);
    ann = await RawClient.greet(server.url, accounts[0].token);
    bob = await RawClient.greet(server.url, accounts[1].token);
    room = (await ann.ok('rooms.create', { members: [accounts[1].id] })).room;
    await Promise.all(range(1, HEAD).map((n) => ann.post(room, `${n}`, `n${n}`)));
  });
  afterAll(() => server[Symbol.asyncDispose]());

  async function page(bounds: {
    before?: number;
    after?: number;
    limit?: number;
  }): Promise<[seqs: number[], more: boolean]> {
    const { messages, more } = await bob.ok('messages.history', { room, ...bounds });
    return [messages.map(({ seq }) => seq), more];
  }

  test('[ENG35] without bounds it is the newest, 50 of them unless said otherwise', async () => {
    expect(await page({})).toEqual([range(HEAD - 49, HEAD), true]);
    expect(await page({ limit: 1 })).toEqual([[HEAD], true]);
    expect(await page({ limit: 200 })).toEqual([range(HEAD - 199, HEAD), true]);
  });

  test('[ENG35] `before` reads backwards, `after` forwards, and `more` tells of that direction', async () => {
    expect(await page({ before: 11, limit: 5 })).toEqual([range(6, 10), true]);
    expect(await page({ before: 6, limit: 5 })).toEqual([range(1, 5), false]);
    expect(await page({ before: 6, limit: 200 })).toEqual([range(1, 5), false]);
    expect(await page({ before: 1 })).toEqual([[], false]);
    expect(await page({ before: 0 })).toEqual([[], false]);
    expect(await page({ before: 1_000_000, limit: 2 })).toEqual([[HEAD - 1, HEAD], true]);
    expect(await page({ after: 0, limit: 5 })).toEqual([range(1, 5), true]);
    expect(await page({ after: HEAD - 5, limit: 5 })).toEqual([range(HEAD - 4, HEAD), false]);
    expect(await page({ after: HEAD - 6, limit: 5 })).toEqual([range(HEAD - 5, HEAD - 1), true]);
    expect(await page({ after: HEAD })).toEqual([[], false]);
    expect(await page({ after: 1_000_000 })).toEqual([[], false]);
  });

  test.each([1, 7, 50, 199, 200])('[ENG35] pages of %i make up the whole room both ways', async (limit) => {
    const forwards: number[] = [];
    for (let more = true; more; ) {
      const [seqs, isMore] = await page({ after: forwards.at(-1) ?? 0, limit });
      forwards.push(...seqs);
      more = isMore && forwards.length < HEAD + 1;
    }
    expect(forwards).toEqual(range(1, HEAD));
    if (limit === 1) return;
    const backwards: number[] = [];
    for (let more = true; more; ) {
      const [seqs, isMore] = await page({ before: backwards[0] ?? HEAD + 1, limit });
      backwards.unshift(...seqs);
      more = isMore;
    }
    expect(backwards).toEqual(range(1, HEAD));
  });

  test('[RDS8] `around` reads the messages about one, also at both ends of the room', async () => {
    const around = async (seq: number, limit: number) => {
      const { messages, more } = await bob.ok('messages.history', { room, around: seq, limit });
      return [messages.map((message) => message.seq), more];
    };
    expect(await around(100, 10)).toEqual([range(96, 105), true]);
    expect(await around(100, 1)).toEqual([[100], true]);
    expect(await around(HEAD, 1)).toEqual([[HEAD], false]);
    expect(await around(100, 2)).toEqual([[100, 101], true]);
    expect(await around(1, 10)).toEqual([range(1, 10), true]);
    expect(await around(3, 200)).toEqual([range(1, 200), true]);
    expect(await around(HEAD, 5)).toEqual([range(HEAD - 2, HEAD), false]);
    expect(await around(HEAD - 240, 200)).toEqual([range(HEAD - 339, HEAD - 140), true]);
    expect(await around(1_000_000, 4)).toEqual([[HEAD - 1, HEAD], false]);
    expect((await bob.refused('messages.history', { room, around: 5, after: 1 })).code).toBe('invalid');
  });

  test('[ENG35] what history reads is what was delivered', async () => {
    const { messages } = await bob.ok('messages.history', { room, before: HEAD + 1, limit: 200 });
    await bob.upTo(room, HEAD);
    expect(messages).toEqual(bob.messages(room).slice(-200));
  });

  test('[ENG35] pages of large messages hold as many as fit one WebSocket message, and at least one', async () => {
    const large = (await ann.ok('rooms.create', { members: [accounts[1].id] })).room;
    const body = crypto.getRandomValues(new Uint8Array(LIMITS.maxBodyBytes));
    for (const n of range(1, 24)) await ann.ok('messages.post', { room: large, nonce: `n${n}`, body });
    const read: number[] = [];
    for (let more = true; more; ) {
      const answer = await bob.ok('messages.history', { room: large, after: read.at(-1) ?? 0, limit: 200 });
      expect(answer.messages.length).toBeWithin(1, 16);
      read.push(...answer.messages.map(({ seq }) => seq));
      more = answer.more;
    }
    expect(read).toEqual(range(1, 24));
    const newest = await bob.ok('messages.history', { room: large, limit: 200 });
    expect(newest.messages.at(-1)?.seq).toBe(24);
    expect(newest.more).toBe(true);
  });

  test('[ENG36] reading is told to everybody, on every thread, and only raises the position', async () => {
    const fresh = (await ann.ok('rooms.create', { members: [accounts[1].id] })).room;
    for (const text of ['1', '2', '3', '4', '5']) await ann.post(fresh, text);
    const sockets = [ann, ...(await openOnEveryThread(server.url, accounts[1].token))];
    expect(await bob.ok('messages.read', { room: fresh, seq: 3 })).toEqual({});
    for (const socket of sockets) {
      const read = await socket.notification('read', (each) => each.room === fresh && each.user === accounts[1].id);
      expect(read.seq).toBe(3);
    }
    await bob.ok('messages.read', { room: fresh, seq: 1 });
    const position = async () =>
      (await bob.ok('rooms.members', { room: fresh })).members.find(({ username }) => username === 'bob')?.read;
    expect(await position()).toBe(3);
    await bob.ok('messages.read', { room: fresh, seq: 1_000_000 });
    expect(await position()).toBe(5);
    for (const socket of sockets.slice(1)) await socket.close();
  });

  test('[ENG36] unread counts survive a crash', async () => {
    using dir = tempDir();
    const first = await startServer({ dataDir: dir.path });
    const [carl, dora] = await newAccounts(first.url, ['carl', 'dora']);
    const writer = await RawClient.greet(first.url, carl.token);
    const reader = await RawClient.greet(first.url, dora.token);
    const { room: lasting } = await writer.ok('rooms.create', { members: [dora.id] });
    for (const text of ['1', '2', '3', '4', '5']) await writer.post(lasting, text);
    await reader.ok('messages.read', { room: lasting, seq: 2 });
    await first.kill();
    await using second = await startServer({ dataDir: dir.path });
    using after = await RawClient.greet(second.url, dora.token);
    expect(after.hello.rooms[0]).toMatchObject({ id: lasting, seq: 5, read: 2 });
  });
});
