/** What the whole engine asks of the disk before it answers a post, and what it keeps off the thread that does. */
import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { newAccount } from '../../support/http.ts';
import { RawClient, range, textBody } from '../../support/raw-client.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { TEST_MS } from '../../support/wait.ts';
import { type Call, cannotTrace, repliesIn, traced } from './trace.ts';

setDefaultTimeout(TEST_MS);

const REASON = cannotTrace();
// Where the suite must be complete, a missing tool is a failure and not a skipped test.
const SKIP = REASON !== undefined && process.env.CI !== 'true';
if (SKIP) console.log(`skipped: group-commit: ${REASON}`);

/** The segment that all posts of these tests fit into; the persister's thread prepares the one after it. */
const WAL = /\/log\/00000001\.db-wal$/;
const isSync = ({ name }: Call): boolean => name === 'fdatasync' || name === 'fsync';
const isSend = ({ name, path }: Call): boolean =>
  name !== 'pread64' && !path.startsWith('/') && !path.includes('eventfd');

interface Room {
  readonly client: RawClient;
  readonly room: string;
}

/** A room that has a message already: what is loaded on a first post is not what is looked at. */
async function warmRoom(server: TestServer): Promise<Room> {
  const { token } = await newAccount(server.url, 'ann');
  const client = await RawClient.greet(server.url, token);
  const { room } = await client.ok('rooms.create', { title: 'room' });
  await client.post(room, 'warm');
  return { client, room };
}

/** The thread that makes posts durable: the only one that appends to the segment. */
function writerOf(calls: readonly Call[]): number {
  const threads = new Set(calls.filter(({ name, path }) => name === 'pwrite64' && WAL.test(path)).map((c) => c.thread));
  expect(threads.size).toBe(1);
  return [...threads][0] as number;
}

/** When each seq was first told to anybody, in an answer or as a message, by the line at which the send was entered. */
function toldAt(calls: readonly Call[]): Map<number, number> {
  const told = new Map<number, number>();
  for (const { data, entered } of calls.filter(isSend)) {
    for (const reply of data.length === 0 ? [] : repliesIn(data)) {
      const facts = reply.type === 'response' ? reply.result : reply.method === 'message' ? reply.params : null;
      const seq = facts?.seq;
      if (typeof seq === 'number' && !told.has(seq)) told.set(seq, entered);
    }
  }
  return told;
}

describe.skipIf(SKIP)('an engine under strace', () => {
  test('[ENGLOG1] each of the posts that come one by one is synced before anybody hears of it', async () => {
    const posts = 50;
    await using server = await startServer();
    const { client, room } = await warmRoom(server);
    const calls = await traced(server.pid, async () => {
      for (const n of range(1, posts)) await client.post(room, `text ${n}`);
    });
    const writer = writerOf(calls);
    const syncs = calls.filter((call) => isSync(call) && call.thread === writer);
    expect(syncs).toHaveLength(posts);
    for (const { path } of syncs) expect(path).toMatch(WAL);
    const told = toldAt(calls);
    expect(told.size).toBe(posts);
    for (const [index, sync] of syncs.entries()) expect(told.get(index + 2)).toBeGreaterThan(sync.left);
  });

  test('[ENGLOG2] posts that are under way together share a sync, and none is told of before its own', async () => {
    const inFlight = 64;
    const rounds = 10;
    await using server = await startServer();
    const { client, room } = await warmRoom(server);
    const calls = await traced(server.pid, async () => {
      for (const round of range(1, rounds)) {
        // One WebSocket message is read at once, so that its posts are under way together on any machine.
        const posts = range(1, inFlight).map((n) => {
          return ['messages.post', { room, nonce: `nonce.${round}.${n}.`, body: textBody('text') }] as const;
        });
        for (const { fault } of await Promise.all(client.askAll(posts))) expect(fault).toBeNull();
      }
    });
    const writer = writerOf(calls);
    const syncs = calls.filter((call) => isSync(call) && call.thread === writer);
    console.log(`${inFlight * rounds} posts, ${inFlight} in flight: ${syncs.length} syncs`);
    expect(syncs.length).toBeLessThan(inFlight * rounds);
    expect(syncs.length).toBeGreaterThanOrEqual(rounds);
    const told = toldAt(calls);
    expect(told.size).toBe(inFlight * rounds);
    const appends = calls.filter(({ name, thread }) => name === 'pwrite64' && thread === writer);
    let found = 0;
    for (const { seq, nonce } of client.messages(room).slice(1)) {
      // A page of the file may cut a nonce in two; it is looked for where it is whole.
      const append = appends.find(({ data }) => data.includes(nonce));
      if (append === undefined) continue;
      const sync = syncs.find(({ entered }) => entered > append.left);
      expect(told.get(seq)).toBeGreaterThan(sync?.left ?? Number.POSITIVE_INFINITY);
      found += 1;
    }
    expect(found).toBeGreaterThan((inFlight * rounds) / 2);
  });

  test('[ENGLOG3] checkpoints and reads of history go on in other threads than that which makes posts durable', async () => {
    // The message store checkpoints at 32 MiB, where the log goes on to its next segment: after some 45 of these rounds.
    const maxRounds = 120;
    let rounds = 0;
    const together = 16;
    const text = 'x'.repeat(50_000);
    await using server = await startServer();
    const { client, room } = await warmRoom(server);
    const store = join(server.dataDir, 'messages.db');
    const before = statSync(store).size;
    const calls = await traced(
      server.pid,
      async () => {
        while (rounds < maxRounds && statSync(store).size === before) {
          rounds += 1;
          await Promise.all(range(1, together).map(() => client.post(room, text)));
          await client.ok('messages.history', { room, before: rounds * together, limit: together });
        }
      },
      { dataBytes: 0 },
    );
    const writer = writerOf(calls);
    const others = calls.filter(({ thread }) => thread !== writer);
    const checkpoints = others.filter(({ name, path }) => name === 'pwrite64' && path.endsWith('/messages.db'));
    const reads = others.filter(({ name, path }) => name === 'pread64' && /\/messages\.db(-wal)?$/.test(path));
    expect(checkpoints.length).toBeGreaterThan(0);
    expect(reads.length).toBeGreaterThan(rounds);
    const files = calls.filter(({ thread, path }) => thread === writer && path.startsWith('/'));
    // A segment is checkpointed by writing to the file beside its WAL.
    const foreign = files.filter(
      ({ name, path }) => !/\/log(\/|$)/.test(path) || (name === 'pwrite64' && /\.db$/.test(path)),
    );
    expect(foreign.map(({ name, path }) => [name, path])).toEqual([]);
  });
});
