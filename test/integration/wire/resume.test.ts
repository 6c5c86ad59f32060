/** Coming back: exactly what was missed, once, in order. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { LIMITS } from '../../../src/protocol/limits.ts';
import { type Account, newAccounts } from '../../support/http.ts';
import { RawClient, range } from '../../support/raw-client.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { openOnEveryThread } from '../../support/threads.ts';
import { TEST_MS } from '../../support/wait.ts';

setDefaultTimeout(TEST_MS);

/** Messages that a resuming client is pushed at most; more is a gap. */
const MAX_REPLAY = 500;

describe('resume', () => {
  let server: TestServer;
  let ann: Account;
  let bob: Account;
  let writer: RawClient;
  beforeAll(async () => {
    server = await startServer();
    [ann, bob] = await newAccounts(server.url, ['ann', 'bob']);
    writer = await RawClient.greet(server.url, ann.token);
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const newRoom = () => writer.ok('rooms.create', { members: [bob.id] });

  /** Posts `from` … `to`, each named by its seq. */
  async function write(room: string, from: number, to: number): Promise<void> {
    for (let start = from; start <= to; start += 200) {
      await Promise.all(range(start, Math.min(to, start + 199)).map((n) => writer.post(room, `${n}`)));
    }
  }

  test.each([
    ['one message', 40, 39],
    ['more than fits the recent frames', 200, 100],
    ['more than a page of history', 460, 1],
    ['everything up to the bound', MAX_REPLAY, 0],
  ])(
    '[ENG40] who missed %s gets it, after the answer and on every thread',
    async (_, head, seen) => {
      const { room, log } = await newRoom();
      await write(room, 1, head);
      for (const position of [seen, [seen, 0, log] as [number, number, string]]) {
        const clients = await openOnEveryThread(server.url, bob.token, 2, { [room]: position });
        for (const client of clients) {
          expect(await client.upTo(room, head)).toEqual(range(seen + 1, head));
          await client.close();
        }
      }
    },
    15_000,
  );

  test('[ENG40] who missed nothing gets nothing, and what comes next', async () => {
    const { room } = await newRoom();
    await write(room, 1, 5);
    using current = await RawClient.greet(server.url, bob.token, { [room]: 5 });
    using ahead = await RawClient.greet(server.url, bob.token, { [room]: 1_000_000 });
    using silent = await RawClient.greet(server.url, bob.token);
    await write(room, 6, 6);
    for (const client of [current, ahead, silent]) expect(await client.upTo(room, 6)).toEqual([6]);
  });

  test('[ENG41] with posts going on meanwhile each message comes once, in order, none is missing', async () => {
    const { room } = await newRoom();
    await write(room, 1, 100);
    const end = 2_100;
    const all: number[] = [];
    const posting = write(room, 101, end);
    while ((all.at(-1) ?? 0) < end) {
      const client = await RawClient.greet(server.url, bob.token, { [room]: all.at(-1) ?? 0 });
      const isAtEnd = () => client.seqs(room).includes(end) || client.all('gap').some(({ to }) => to === end);
      await client.until('some messages', () => client.seqs(room).length > 60 || isAtEnd() || undefined);
      await client.close();
      all.push(...(await seqsWithGaps(client, room, server.url, bob.token)));
    }
    await posting;
    expect(all).toEqual(range(1, end));
  });

  test('[ENG42] past the bound a gap is told, history fills it, and live messages follow', async () => {
    const { room } = await newRoom();
    await write(room, 1, MAX_REPLAY + 1);
    using client = await RawClient.greet(server.url, bob.token, { [room]: 0 });
    expect(await client.notification('gap')).toEqual({ room, stream: 'messages', from: 1, to: MAX_REPLAY + 1 });
    await write(room, MAX_REPLAY + 2, MAX_REPLAY + 2);
    expect(await client.upTo(room, MAX_REPLAY + 2)).toEqual([MAX_REPLAY + 2]);
    const filled: number[] = [];
    for (let more = true; more; ) {
      const page = await client.ok('messages.history', { room, after: filled.at(-1) ?? 0, limit: 200 });
      filled.push(...page.messages.map(({ seq }) => seq));
      more = page.more;
    }
    expect(filled).toEqual(range(1, MAX_REPLAY + 2));
  });

  test('[ENG42] much that is large reaches a resuming client as messages or as a gap, and it stays connected', async () => {
    const { room } = await newRoom();
    const body = new Uint8Array(LIMITS.maxBodyBytes);
    const count = 160;
    for (let start = 1; start <= count; start += 20) {
      await Promise.all(
        range(start, start + 19).map((n) => writer.ok('messages.post', { room, nonce: `n${n}`, body })),
      );
    }
    using client = await RawClient.greet(server.url, bob.token, { [room]: 0 });
    await client.until(
      'the last message or a gap',
      () => client.seqs(room).includes(count) || client.all('gap').length > 0 || undefined,
    );
    expect(await client.ok('ping', {})).toEqual({});
    const seqs = client.seqs(room);
    const [gap] = client.all('gap');
    expect(seqs).toEqual(range(1, gap === undefined ? count : gap.from - 1));
    expect(client.batches.length).toBeGreaterThan(0);
  });

  test('[ENG43] a position of another incarnation is not replayed', async () => {
    const { room, log } = await newRoom();
    await write(room, 1, 10);
    using client = await RawClient.greet(server.url, bob.token, { [room]: [2, 0, 'another-log'] });
    expect(client.hello.rooms.find(({ id }) => id === room)).toMatchObject({ seq: 10, log });
    await write(room, 11, 11);
    expect(await client.upTo(room, 11)).toEqual([11]);
  });

  test('[ENG43] rooms that do not exist, or that the user has no part in, are not replayed and harm nothing', async () => {
    const { room } = await newRoom();
    const own = await writer.ok('rooms.create', { title: 'Ann alone' });
    await write(own.room, 1, 3);
    await write(room, 1, 3);
    const resume = { [own.room]: 0, nowhere: 5, 'also-nowhere': [1, 2, 'x'] as [number, number, string], [room]: 1 };
    using client = await RawClient.greet(server.url, bob.token, resume);
    expect(await client.upTo(room, 3)).toEqual([2, 3]);
    await client.ok('ping', {});
    expect(client.all('message').filter((message) => message.room !== room)).toEqual([]);
    expect(client.all('gap')).toEqual([]);
  });

  test('[ENG40] many rooms resume at once', async () => {
    const rooms = (await Promise.all(range(1, 60).map(newRoom))).map(({ room }) => room);
    await Promise.all(rooms.map((room) => write(room, 1, 7)));
    const resume = Object.fromEntries(rooms.map((room, index) => [room, index % 7]));
    using client = await RawClient.greet(server.url, bob.token, resume);
    for (const [index, room] of rooms.entries()) expect(await client.upTo(room, 7)).toEqual(range((index % 7) + 1, 7));
  });
});

/** What a closed client got, with the gaps that it was told of filled from history. */
async function seqsWithGaps(client: RawClient, room: string, url: string, token: string): Promise<number[]> {
  const filled: number[] = [];
  using reader = await RawClient.greet(url, token);
  for (const { from, to } of client.all('gap')) {
    for (let after = from - 1; after < to; ) {
      const { messages } = await reader.ok('messages.history', { room, after, limit: Math.min(200, to - after) });
      filled.push(...messages.map(({ seq }) => seq));
      after = messages.at(-1)?.seq ?? to;
    }
  }
  // Not sorted: the order of arrival is what is checked.
  return [...filled, ...client.seqs(room)];
}
