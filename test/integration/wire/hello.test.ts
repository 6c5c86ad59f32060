/** The first request on a socket, what comes before it, and what comes right behind it. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { CLOSE } from '../../../src/protocol/close-codes.ts';
import { concat, encode } from '../../../src/protocol/frames/rpc.ts';
import { LIMITS } from '../../../src/protocol/limits.ts';
import { type Account, newAccounts } from '../../support/http.ts';
import { RawClient, range, textBody } from '../../support/raw-client.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { openOnEveryThread, threadsOf } from '../../support/threads.ts';
import { TEST_MS } from '../../support/wait.ts';

setDefaultTimeout(TEST_MS);

describe('hello', () => {
  let server: TestServer;
  let ann: Account;
  let bob: Account;
  beforeAll(async () => {
    server = await startServer();
    [ann, bob] = await newAccounts(server.url, ['ann', 'bob']);
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test('[ENG20] it answers with the session, the user, the heartbeat and the rooms', async () => {
    using client = await RawClient.greet(server.url, bob.token);
    expect(client.hello).toEqual({
      session: expect.stringMatching(/^[01]-\d+$/),
      user: { id: bob.id, username: 'bob' },
      heartbeatMs: LIMITS.heartbeatMs,
      rooms: [],
    });
  });

  test('[ENG20] the rooms of hello say how the user stands in each', async () => {
    using writer = await RawClient.greet(server.url, ann.token);
    const group = await writer.ok('rooms.create', { title: 'Weekend', members: [bob.id] });
    const direct = await writer.ok('rooms.direct', { user: bob.id });
    await writer.post(group.room, 'one');
    await writer.post(group.room, 'two');
    using reader = await RawClient.greet(server.url, bob.token);
    const { room, version: _, ...state } = { ...group, version: 0 };
    const listed = new Map(reader.hello.rooms.map((summary) => [summary.id, summary]));
    expect(listed.get(room)).toEqual({ id: room, ...state, seq: 2, read: 0, role: 'member' });
    expect(listed.get(direct.room)).toMatchObject({
      kind: 'direct',
      title: '',
      seq: 0,
      peer: { id: ann.id, username: 'ann' },
    });
  });

  test('[ENG21] whatever comes before it is answered `unauthenticated`, and it may still follow', async () => {
    using client = await RawClient.open(server.url);
    for (const [method, params] of [
      ['ping', {}],
      ['messages.post', { room: 'r', nonce: 'n', body: textBody('x') }],
      ['rooms.list', {}],
      ['no.such.method', {}],
    ] as const) {
      expect((await client.refused(method, params)).code).toBe('unauthenticated');
    }
    expect((await client.ok('hello', { token: ann.token })).user.id).toBe(ann.id);
  });

  test('[ENG21] params of hello that are not what it takes are invalid, and the socket stays', async () => {
    using client = await RawClient.open(server.url);
    for (const params of [
      {},
      { token: 5 },
      { token: '' },
      { token: 'x'.repeat(513) },
      { token: ann.token, client: 5 },
      { token: ann.token, resume: [] },
      { token: ann.token, resume: { room: -1 } },
      { token: ann.token, resume: { room: [1, 2] } },
      { token: ann.token, resume: { 'no id': 1 } },
      { token: ann.token, resume: Object.fromEntries(range(1, 1_001).map((n) => [`r${n}`, 1])) },
    ]) {
      expect((await client.refused('hello', params)).code).toBe('invalid');
    }
    expect((await client.ok('hello', { token: ann.token })).user.id).toBe(ann.id);
  });

  test.each([
    ['no token at all', 'nonsense'],
    ['a token of nobody', `nobody.${'A'.repeat(43)}`],
  ])('[ENG21] %s is answered, and the socket closes with 4401', async (_, token) => {
    const client = await RawClient.open(server.url);
    expect((await client.refused('hello', { token })).code).toBe('unauthenticated');
    expect(await client.closeCode()).toBe(CLOSE.unauthenticated);
  });

  test('[ENG21] a right user with a wrong secret is refused', async () => {
    const client = await RawClient.open(server.url);
    const wrong = `${ann.id}.${'A'.repeat(43)}`;
    const [refused, early] = client.askAll([
      ['hello', { token: wrong }],
      ['rooms.list', {}],
    ]);
    expect((await refused)?.fault?.code).toBe('unauthenticated');
    expect((await early)?.fault?.code).toBe('unauthenticated');
    expect(await client.closeCode()).toBe(CLOSE.unauthenticated);
  });

  test('[ENG21] a second hello is a conflict', async () => {
    using client = await RawClient.greet(server.url, ann.token);
    expect((await client.refused('hello', { token: ann.token })).code).toBe('conflict');
    expect(await client.ok('ping', {})).toEqual({});
  });

  test('[ENG22] requests behind hello in the same WebSocket message are answered after it, in order', async () => {
    using client = await RawClient.open(server.url);
    const posts = range(1, 20).map((n) => ['ping', { n }] as const);
    const answers = await Promise.all(client.askAll([['hello', { token: ann.token }], ...posts]));
    expect(answers.map(({ fault }) => fault)).toEqual(answers.map(() => null));
    expect(client.answered).toEqual(range(1, 21));
  });

  test('[ENG22] a room can be created and posted to without waiting for any answer but its id', async () => {
    using client = await RawClient.open(server.url);
    const [, created] = client.askAll([
      ['hello', { token: ann.token }],
      ['rooms.create', { title: 'Quick' }],
    ]);
    const { room } = (await (created as NonNullable<typeof created>)).result as { room: string };
    const answers = client.askAll(
      range(1, 30).map((n) => ['messages.post', { room, nonce: `n${n}`, body: textBody(`${n}`) }] as const),
    );
    const seqs = (await Promise.all(answers)).map(({ result }) => (result as { seq: number }).seq);
    expect(seqs).toEqual(range(1, 30));
  });

  test('[ENG23] many messages in one WebSocket message are read in order, up to 1,000, and answers are batched too', async () => {
    using client = await RawClient.greet(server.url, ann.token);
    const before = client.answered.length;
    const answers = await Promise.all(client.askAll(range(1, 400).map((n) => ['ping', { n }] as const)));
    expect(answers.every(({ fault }) => fault === null)).toBe(true);
    expect(client.answered.slice(before)).toEqual(range(2, 401));
    expect(Math.max(...client.batches)).toBeGreaterThan(1);
  });

  test('[ENG23] notifications of a client mean nothing and are skipped', async () => {
    using client = await RawClient.greet(server.url, ann.token);
    const notification = encode([2, 'messages.post', [{ room: 'x' }]]);
    const { frame, answer } = client.prepare('ping', {});
    client.send(concat([notification, notification, frame, notification]));
    expect((await answer).fault).toBeNull();
  });

  test('[ENG21] a socket without a hello is closed with 4408 after 10 s, whatever else it says', async () => {
    // Before they are opened: the engine counts from a later moment.
    const startMs = performance.now();
    const silent = await RawClient.open(server.url);
    const talking = await RawClient.open(server.url);
    expect((await talking.refused('ping', {})).code).toBe('unauthenticated');
    expect((await talking.refused('hello', {})).code).toBe('invalid');
    const codes = await Promise.all([silent.closeCode(), talking.closeCode()]);
    expect(codes).toEqual([CLOSE.timedOut, CLOSE.timedOut]);
    expect(performance.now() - startMs).toBeGreaterThan(LIMITS.helloDeadlineMs - 1_000);
  });

  test('[ENG20] sockets of one user live on all threads', async () => {
    const clients = await openOnEveryThread(server.url, ann.token);
    expect(threadsOf(clients)).toEqual([0, 1]);
    for (const client of clients) await client.close();
  });
});
