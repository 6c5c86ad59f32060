/** Posting: one order, no holes, once each, to everybody. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { tempDir } from '../../contract/temp-dir.ts';
import { type Account, newAccounts } from '../../support/http.ts';
import { RawClient, range, textBody } from '../../support/raw-client.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { openOnEveryThread } from '../../support/threads.ts';
import { TEST_MS } from '../../support/wait.ts';

setDefaultTimeout(TEST_MS);

describe('posting', () => {
  let server: TestServer;
  let ann: Account;
  let bob: Account;
  let room: string;
  beforeAll(async () => {
    server = await startServer();
    [ann, bob] = await newAccounts(server.url, ['ann', 'bob']);
  });
  afterAll(() => server[Symbol.asyncDispose]());

  async function newRoom(): Promise<string> {
    using client = await RawClient.greet(server.url, ann.token);
    return (await client.ok('rooms.create', { members: [bob.id] })).room;
  }

  test('[ENG30] a message reaches every socket of every member on every thread, the sender’s too, unchanged', async () => {
    room = await newRoom();
    const sockets = [
      ...(await openOnEveryThread(server.url, ann.token)),
      ...(await openOnEveryThread(server.url, bob.token)),
    ];
    const poster = sockets[0] as RawClient;
    const post = { room, nonce: 'first', body: textBody('hello ✓'), mentions: [bob.id] };
    const { seq, at } = await poster.ok('messages.post', post);
    expect([seq, Math.abs(at - Date.now()) < 60_000]).toEqual([1, true]);
    for (const socket of sockets) {
      expect(await socket.notification('message')).toEqual({ ...post, seq: 1, from: ann.id, at });
    }
    const second = { room, nonce: 'second', body: textBody('yes'), replyTo: 1 };
    await poster.ok('messages.post', second);
    for (const socket of sockets) {
      expect(await socket.notification('message', (message) => message.seq === 2)).toMatchObject(second);
      await socket.close();
    }
  });

  test('[ENG31] many posters at once make one order without hole or repeat, and everybody sees the same', async () => {
    room = await newRoom();
    const sockets = [
      ...(await openOnEveryThread(server.url, ann.token)),
      ...(await openOnEveryThread(server.url, bob.token)),
    ];
    const each = 150;
    const posts = sockets.flatMap((socket, which) => range(1, each).map((n) => socket.post(room, `${which}/${n}`)));
    const seqs = (await Promise.all(posts)).map(({ seq }) => seq);
    const all = range(1, each * sockets.length);
    expect([...seqs].sort((a, b) => a - b)).toEqual(all);
    const views = await Promise.all(
      sockets.map(async (socket) => {
        await socket.upTo(room, all.length);
        return socket.messages(room).map((message) => `${message.seq} ${message.from} ${message.nonce} ${message.at}`);
      }),
    );
    for (const socket of sockets) expect(socket.seqs(room)).toEqual(all);
    for (const view of views) expect(view).toEqual(views[0] as string[]);
    for (const socket of sockets) await socket.close();
  });

  test('[ENG32] posts that one socket pipelines get ascending seqs in the order of sending', async () => {
    room = await newRoom();
    using client = await RawClient.greet(server.url, ann.token);
    const batches = range(0, 4).map((batch) => client.askAll(range(1, 60).map((n) => postOf(room, `${batch}-${n}`))));
    const seqs = (await Promise.all(batches.flat())).map(({ result }) => (result as { seq: number }).seq);
    expect(seqs).toEqual(range(1, 300));
  });

  test('[ENG32] beyond what may be in flight posts are refused, and none of those behind overtakes them', async () => {
    room = await newRoom();
    using client = await RawClient.greet(server.url, ann.token);
    const wanted = range(1, 3_000).map((n) => `n${n}`);
    let left = wanted;
    const order: string[] = [];
    for (let round = 0; left.length > 0; round++) {
      expect(round).toBeLessThan(30);
      const batches: (readonly string[])[] = [];
      for (let start = 0; start < left.length; start += 900) batches.push(left.slice(start, start + 900));
      const answers = await Promise.all(
        batches.flatMap((batch) => client.askAll(batch.map((nonce) => postOf(room, nonce)))),
      );
      const refused = left.filter((_, index) => answers[index]?.fault != null);
      for (const { fault } of answers) if (fault !== null) expect(fault.retryAfter).toBeGreaterThan(0);
      order.push(...left.filter((_, index) => answers[index]?.fault == null));
      left = refused;
    }
    await client.upTo(room, wanted.length);
    // Within what was in flight at once, what was accepted is in order: a refused post is not overtaken by one behind it.
    const nonces = client.messages(room).map(({ nonce }) => nonce);
    expect(nonces).toEqual(order);
    expect([...nonces].sort()).toEqual([...wanted].sort());
  });

  test('[ENG33] a repeated nonce is the same post: on the socket, on another, after a reconnect, and while in flight', async () => {
    room = await newRoom();
    const [first, second] = (await openOnEveryThread(server.url, ann.token)) as unknown as [RawClient, RawClient];
    const posted = await first.post(room, 'once', 'nonce');
    expect(await first.post(room, 'once', 'nonce')).toEqual(posted);
    expect(await second.post(room, 'once', 'nonce')).toEqual(posted);
    const inFlight = await Promise.all(
      [...range(1, 10)].flatMap(() => [first, second].map((client) => client.post(room, 'twice', 'other'))),
    );
    expect(new Set(inFlight.map(({ seq, at }) => `${seq} ${at}`)).size).toBe(1);
    await first.close();
    using third = await RawClient.greet(server.url, ann.token);
    expect(await third.post(room, 'once', 'nonce')).toEqual(posted);
    expect((await third.ok('messages.history', { room })).messages.map(({ nonce }) => nonce)).toEqual([
      'nonce',
      'other',
    ]);
    await second.close();
  });

  test('[ENG33] nonces are compared by byte and belong to one user and one room', async () => {
    const rooms = [await newRoom(), await newRoom()] as const;
    using a = await RawClient.greet(server.url, ann.token);
    using b = await RawClient.greet(server.url, bob.token);
    const nonces = ['case', 'Case', 'CASE', 'ü', 'u\u0308', 'a ', 'a', '0', 'x'.repeat(64)];
    for (const nonce of nonces) await a.post(rooms[0], nonce, nonce);
    expect((await a.ok('messages.history', { room: rooms[0] })).messages.map(({ nonce }) => nonce)).toEqual(nonces);
    expect((await b.post(rooms[0], 'case', 'case')).seq).toBe(nonces.length + 1);
    expect((await a.post(rooms[1], 'case', 'case')).seq).toBe(1);
  });

  test('[ENG33] of a user’s posts in a room the last 1,000 are known', async () => {
    room = await newRoom();
    using client = await RawClient.greet(server.url, ann.token);
    for (let start = 1; start <= 1_001; start += 200) {
      const nonces = range(start, Math.min(start + 199, 1_001)).map((n) => `n${n}`);
      const answers = await Promise.all(client.askAll(nonces.map((nonce) => postOf(room, nonce))));
      expect(answers.every(({ fault }) => fault === null)).toBe(true);
    }
    expect((await client.post(room, 'second', 'n2')).seq).toBe(2);
    expect((await client.post(room, 'first', 'n1')).seq).toBe(1_002);
  });

  test('[ENG34] posts, their order and their nonces outlive a crash', async () => {
    using dir = tempDir();
    const first = await startServer({ dataDir: dir.path });
    const [carl, dora] = await newAccounts(first.url, ['carl', 'dora']);
    const before = await RawClient.greet(first.url, carl.token);
    const created = await before.ok('rooms.create', { members: [dora.id] });
    const posted = await Promise.all(range(1, 250).map((n) => before.post(created.room, `${n}`, `n${n}`)));
    await first.kill();
    await using second = await startServer({ dataDir: dir.path });
    using after = await RawClient.greet(second.url, carl.token, { [created.room]: [200, 0, created.log] });
    for (const n of [1, 100, 250]) {
      expect(await after.post(created.room, `${n}`, `n${n}`)).toEqual(posted[n - 1] as (typeof posted)[number]);
    }
    expect((await after.post(created.room, 'N1', 'N1')).seq).toBe(251);
    expect(await after.upTo(created.room, 251)).toEqual(range(201, 251));
  });
});

function postOf(room: string, nonce: string): readonly [method: string, params: object] {
  return ['messages.post', { room, nonce, body: textBody(nonce) }];
}
