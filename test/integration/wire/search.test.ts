/** Search over a real engine: what is found, by whom, and after what. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import type { ParamsOf, ResultOf } from '../../../src/protocol/types.ts';
import { dataDirPaths } from '../../../src/storage/embedded/data-dir.ts';
import { SqliteSearch } from '../../../src/storage/embedded/search/sqlite-search.ts';
import { termsOf } from '../../../src/storage/ports/search-words.ts';
import { tempDir } from '../../contract/temp-dir.ts';
import { type Account, http, newAccounts } from '../../support/http.ts';
import { RawClient, textBody } from '../../support/raw-client.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { eventually, TEST_MS } from '../../support/wait.ts';

setDefaultTimeout(TEST_MS);

type Query = Omit<ParamsOf<'messages.search'>, 'query'>;
type Found = ResultOf<'messages.search'>;

/** Room and seq of what is found, once there are so many hits. */
async function found(client: RawClient, query: string, count: number, more: Query = {}): Promise<string[]> {
  const { hits } = await eventually(
    `${count} hits of ${query}`,
    () => client.ok('messages.search', { query, ...more }),
    (answer: Found) => answer.hits.length === count,
  );
  return hits.map(({ room, seq }) => `${room} ${seq}`);
}

describe('search', () => {
  let server: TestServer;
  let accounts: readonly [Account, Account, Account];
  let ann: RawClient;
  let bob: RawClient;
  let eve: RawClient;
  let room: string;
  beforeAll(async () => {
    server = await startServer();
    accounts = await newAccounts(server.url, ['ann', 'bob', 'eve']);
    ann = await RawClient.greet(server.url, accounts[0].token);
    bob = await RawClient.greet(server.url, accounts[1].token);
    eve = await RawClient.greet(server.url, accounts[2].token);
    room = (await ann.ok('rooms.create', { title: 'room', members: [accounts[1].id] })).room;
    await ann.post(room, 'Hello, the weather is fine');
    await bob.post(room, '今天天气很好');
    await ann.ok('messages.post', { room, nonce: 'x', body: Uint8Array.of(0x01, 0x02) });
    await bob.post(room, 'weather again');
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test('[SRC10] words, their beginnings, and text without spaces are found, the newest first, with a snippet', async () => {
    expect(await found(ann, 'weather', 2)).toEqual([`${room} 4`, `${room} 1`]);
    expect(await found(bob, 'WEA the', 1)).toEqual([`${room} 1`]);
    expect(await found(bob, '天气', 1)).toEqual([`${room} 2`]);
    const { hits } = await ann.ok('messages.search', { query: '天气', room });
    expect(hits).toEqual([
      { room, seq: 2, from: accounts[1].id, at: expect.any(Number) as unknown as number, snippet: '今天天气很好' },
    ]);
    expect(await ann.ok('messages.search', { query: '?!' })).toEqual({ hits: [] });
  });

  test('[SRC10] by sender, by time and page by page', async () => {
    expect(await found(ann, 'weather', 1, { from: accounts[1].id })).toEqual([`${room} 4`]);
    const first = await ann.ok('messages.search', { query: 'weather', limit: 1 });
    expect(first.hits.map(({ seq }) => seq)).toEqual([4]);
    const second = await ann.ok('messages.search', { query: 'weather', limit: 1, cursor: first.cursor as string });
    expect(second.hits.map(({ seq }) => seq)).toEqual([1]);
    expect(second.cursor).toBeUndefined();
    const before = first.hits[0]?.at as number;
    expect((await ann.ok('messages.search', { query: 'again', before })).hits).toEqual([]);
    const cursor = await ann.refused('messages.search', { query: 'weather', cursor: 'made up' });
    expect(cursor.code).toBe('invalid');
  });

  test('[SRC11] nobody finds what is in a room that they are not in, and who has left does not any more', async () => {
    await found(ann, 'weather', 2);
    expect((await eve.ok('messages.search', { query: 'weather' })).hits).toEqual([]);
    expect((await eve.refused('messages.search', { query: 'weather', room })).code).toBe('forbidden');
    await eve.ok('rooms.join', { room });
    await eve.ok('rooms.leave', { room });
    expect((await eve.ok('messages.search', { query: 'weather' })).hits).toEqual([]);
    const direct = (await ann.ok('rooms.direct', { user: accounts[1].id })).room;
    await ann.post(direct, 'between us');
    expect(await found(bob, 'between', 1)).toEqual([`${direct} 1`]);
    expect((await eve.refused('messages.search', { query: 'between', room: direct })).code).toBe('not_found');
  });

  test('[SRC13] the lag of the index is a metric', async () => {
    const { text } = await http(server.url, 'GET', '/metrics');
    expect(text).toContain('mailroom_search_lag_seconds');
    expect(text).toMatch(/mailroom_search_indexed_messages_total\{?[^\n]* [1-9]/);
  });
});

test('[SRC13] what was stored before the index was there is found, after a kill and after an order to make it anew', async () => {
  using dir = tempDir();
  const env = (search: string) => ({ dataDir: dir.path, env: { MAILROOM_SEARCH: search } });
  let token: string;
  let room: string;
  {
    await using server = await startServer(env('off'));
    const [ann] = await newAccounts(server.url, ['ann']);
    token = ann.token;
    const client = await RawClient.greet(server.url, token);
    room = (await client.ok('rooms.create', {})).room;
    await client.ok('messages.post', { room, nonce: 'one', body: textBody('first words') });
    expect((await client.refused('messages.search', { query: 'first' })).code).toBe('unsupported');
    await server.kill();
  }
  for (const search of ['on', 'on', 'rebuild', 'on']) {
    await using server = await startServer(env(search));
    const client = await RawClient.greet(server.url, token);
    expect(await found(client, 'first', 1)).toEqual([`${room} 1`]);
    await server.kill();
  }
});

/** Seqs that the index itself gives for a word, whatever the texts say; the server is not running. */
function indexedUnder(dataDir: string, room: string, word: string): number[] {
  const index = new SqliteSearch(dataDirPaths(dataDir).search);
  try {
    const page = index.search({ terms: termsOf(word), rooms: [room], limit: 100 });
    return page.hits.map(({ seq }) => seq).sort((a, b) => a - b);
  } finally {
    index.close();
  }
}

test('[SRC14] edited text is indexed under its new words alone and recalled text under none, also in an index made anew', async () => {
  using dir = tempDir();
  const env = (search: string) => ({ dataDir: dir.path, env: { MAILROOM_SEARCH: search } });
  const words = ['draft', 'final', 'secret', 'later', 'kept'];
  const indexed = () => words.map((word) => indexedUnder(dir.path, room, word));
  const expected = [[], [1, 3], [], [3], [4]];
  let token: string;
  let room: string;
  {
    await using server = await startServer(env('on'));
    const [ann] = await newAccounts(server.url, ['ann']);
    token = ann.token;
    const client = await RawClient.greet(server.url, token);
    room = (await client.ok('rooms.create', {})).room;
    for (const text of ['a draft', 'a secret', 'draft and secret', 'kept']) await client.post(room, text);
    expect(await found(client, 'secret', 2)).toEqual([`${room} 3`, `${room} 2`]);
    await client.ok('messages.edit', { room, seq: 1, nonce: 'e1', body: textBody('better') });
    await client.ok('messages.edit', { room, seq: 1, nonce: 'e2', body: textBody('final') });
    await client.ok('messages.recall', { room, seq: 2, nonce: 'r' });
    await client.ok('messages.react', { room, seq: 4, nonce: 'x', reaction: '👍' });
    await client.ok('messages.edit', { room, seq: 3, nonce: 'e3', body: textBody('final, later') });
    expect(await found(client, 'final', 2)).toEqual([`${room} 3`, `${room} 1`]);
    expect(await found(client, 'secret', 0)).toEqual([]);
    await server.kill();
  }
  expect(indexed()).toEqual(expected);
  for (const search of ['rebuild', 'on']) {
    await using server = await startServer(env(search));
    const client = await RawClient.greet(server.url, token);
    expect(await found(client, 'final', 2)).toEqual([`${room} 3`, `${room} 1`]);
    expect(await found(client, 'kept', 1)).toEqual([`${room} 4`]);
    await server.kill();
    expect(indexed()).toEqual(expected);
  }
});

test('[SRC14] what was changed while there was no index is found by its new words when there is one again', async () => {
  using dir = tempDir();
  const env = (search: string) => ({ dataDir: dir.path, env: { MAILROOM_SEARCH: search } });
  let token: string;
  let room: string;
  {
    await using server = await startServer(env('on'));
    const [ann] = await newAccounts(server.url, ['ann']);
    token = ann.token;
    const client = await RawClient.greet(server.url, token);
    room = (await client.ok('rooms.create', {})).room;
    await client.post(room, 'before');
    expect(await found(client, 'before', 1)).toEqual([`${room} 1`]);
    await server.kill();
  }
  {
    await using server = await startServer(env('off'));
    const client = await RawClient.greet(server.url, token);
    await client.ok('messages.edit', { room, seq: 1, nonce: 'e', body: textBody('after') });
    await server.kill();
  }
  await using server = await startServer(env('on'));
  const client = await RawClient.greet(server.url, token);
  expect(await found(client, 'after', 1)).toEqual([`${room} 1`]);
  await server.kill();
  expect(indexedUnder(dir.path, room, 'before')).toEqual([]);
});

test('[SRC14] who comes back into a room finds what was written meanwhile, where its past is open to them', async () => {
  await using server = await startServer();
  const accounts = await newAccounts(server.url, ['ann', 'bob']);
  const [ann, bob] = [
    await RawClient.greet(server.url, accounts[0].token),
    await RawClient.greet(server.url, accounts[1].token),
  ];
  const open = (await ann.ok('rooms.create', { members: [accounts[1].id] })).room;
  const closed = (await ann.ok('rooms.create', { members: [accounts[1].id] })).room;
  await ann.ok('rooms.update', { room: closed, past: 'joined' });
  for (const room of [open, closed]) {
    await bob.ok('rooms.leave', { room });
    await ann.post(room, 'meanwhile');
    await bob.ok('rooms.join', { room });
    await ann.post(room, 'welcome back');
  }
  await found(ann, 'welcome', 2);
  expect(await found(bob, 'meanwhile', 1)).toEqual([`${open} 1`]);
  expect(await found(bob, 'welcome', 2)).toEqual([`${closed} 2`, `${open} 2`]);
});
