/** A hundred thousand frames out of one seed, while others go on talking. */
import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { decodeReplies } from '../../../src/protocol/envelope.ts';
import { encodeRequest } from '../../../src/protocol/frames/rpc.ts';
import { Dice, fuzzMessage, verdictOf } from '../../support/fuzz-frames.ts';
import { type Account, newAccounts, ready } from '../../support/http.ts';
import { RawClient, range } from '../../support/raw-client.ts';
import { startServer } from '../../support/server.ts';
import { within } from '../../support/wait.ts';

const MESSAGES = 100_000;
const FUZZ_MS = 900_000;
const SOCKETS_AT_ONCE = 8;
const MOST_PER_SOCKET = 150;
/** Generous: the engine’s own caches and heap may grow, a leak of what was sent would be far more. */
const MOST_GROWTH_BYTES = 256 * 1024 * 1024;
/** Posts of others that the fuzzing lasts for at least. */
const LEAST_POSTS = 20;

test(
  '[ENG55] 100,000 fuzzed frames close their sockets with the right code or are answered once each, and disturb nobody',
  async () => {
    const seed = Number(process.env.MAILROOM_FUZZ_SEED ?? crypto.getRandomValues(new Uint32Array(1))[0]);
    console.info(`fuzzing with MAILROOM_FUZZ_SEED=${seed}`);
    await using server = await startServer();
    const [ann, bob, ...fuzzers] = await newAccounts(server.url, ['ann', 'bob', 'fuzz1', 'fuzz2', 'fuzz3', 'fuzz4']);
    const talk = await startTalk(server.url, ann, bob);
    using host = await RawClient.greet(server.url, fuzzers[0].token);
    const { room } = await host.ok('rooms.create', { members: fuzzers.map(({ id }) => id) });

    const tally: Tally = { sent: 0, closed: 0, answered: 0, codes: new Map() };
    const lanes = range(1, SOCKETS_AT_ONCE).map((lane) => new Dice(seed + lane * 7_919));
    const fuzz = async (limit: number, leastPosts: number): Promise<void> => {
      const one = async (dice: Dice): Promise<void> => {
        while (tally.sent < limit || talk.posts() < leastPosts)
          await fuzzSocket(server.url, dice, room, dice.pick(fuzzers), tally);
      };
      await Promise.all(lanes.map(one));
    };
    await fuzz(MESSAGES / 5, 0);
    const before = residentBytes(server.pid);
    await fuzz(MESSAGES, LEAST_POSTS);
    const growth = residentBytes(server.pid) - before;
    const { slowestMs, posts } = await talk.end();

    console.info({ ...tally, codes: Object.fromEntries(tally.codes), growth, slowestMs, posts });
    expect(tally.sent).toBeGreaterThanOrEqual(MESSAGES);
    expect(tally.closed).toBeGreaterThan(MESSAGES / 50);
    expect([...tally.codes.keys()]).not.toContain('internal');
    expect(growth).toBeLessThan(MOST_GROWTH_BYTES);
    await ready(server.url);
    expect(server.errors()).not.toContain('"level":"error"');
  },
  FUZZ_MS,
);

interface Tally {
  sent: number;
  closed: number;
  answered: number;
  readonly codes: Map<string, number>;
}

/** One socket's life: messages up to the first that must close it, or up to a number of them; every answer is counted. */
async function fuzzSocket(url: string, dice: Dice, room: string, user: Account, tally: Tally): Promise<void> {
  const isGreeted = dice.next() < 0.85;
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/v1/ws`, ['mailroom.v1']);
  socket.binaryType = 'arraybuffer';
  let answers = 0;
  let look = (): void => undefined;
  socket.addEventListener('message', ({ data }) => {
    for (const reply of decodeReplies(new Uint8Array(data as ArrayBuffer))) {
      if (reply.type === 'notification') continue;
      answers += 1;
      const code = reply.fault?.code ?? 'done';
      tally.codes.set(code, (tally.codes.get(code) ?? 0) + 1);
    }
    look();
  });
  const closed = new Promise<number>((resolve) => {
    socket.addEventListener('close', ({ code }) => resolve(code));
  });
  await within('a socket to open', new Promise((resolve) => socket.addEventListener('open', resolve)));
  let expected = 0;
  const answered = (): Promise<void> => {
    const all = new Promise<void>((resolve) => {
      look = () => answers >= expected && resolve();
      look();
    });
    return within(`${expected} answers`, all);
  };
  if (isGreeted) {
    expected = 1;
    socket.send(encodeRequest(1, 'hello', { token: user.token }) as Uint8Array<ArrayBuffer>);
    // Half of them go on before they are known.
    if (dice.next() < 0.5) await answered();
  }
  for (let count = 0; count < MOST_PER_SOCKET; count++) {
    const message = fuzzMessage(dice, room, user.id);
    const verdict = verdictOf(message);
    // Before hello a hello would be taken at its word, and refused with a code of its own.
    if (!isGreeted && 'requests' in verdict && Buffer.from(message).includes('hello')) continue;
    socket.send(message as Uint8Array<ArrayBuffer>);
    tally.sent += 1;
    if ('closeCode' in verdict) {
      const code = await within('a socket to be closed', closed);
      expect({ message: Buffer.from(message).toString('hex'), code }).toEqual({
        message: Buffer.from(message).toString('hex'),
        code: verdict.closeCode,
      });
      tally.closed += 1;
      tally.answered += answers;
      return;
    }
    expected += verdict.requests;
  }
  await answered();
  expect(answers).toBe(expected);
  tally.answered += answers;
  socket.close();
}

/** Two who talk in a room of their own, one word after the other, until they are told to end. */
async function startTalk(url: string, ann: Account, bob: Account) {
  const clients = [await RawClient.greet(url, ann.token), await RawClient.greet(url, bob.token)] as const;
  const { room } = await clients[0].ok('rooms.create', { members: [bob.id] });
  let isOver = false;
  let slowestMs = 0;
  let seq = 0;
  const talking = (async () => {
    while (!isOver) {
      const startMs = performance.now();
      const posted = await (clients[seq % 2] as RawClient).post(room, `${++seq}`);
      expect(posted.seq).toBe(seq);
      for (const client of clients) await client.upTo(room, seq);
      slowestMs = Math.max(slowestMs, performance.now() - startMs);
      await Bun.sleep(5);
    }
    for (const client of clients) expect(client.seqs(room)).toEqual(range(1, seq));
    return seq;
  })();
  let hasFailed = false;
  talking.catch(() => {
    hasFailed = true;
  });
  return {
    /** Nobody waits for more of them once one has failed; the end tells how. */
    posts: () => (hasFailed ? Number.POSITIVE_INFINITY : seq),
    async end() {
      isOver = true;
      const posts = await talking;
      for (const client of clients) await client.close();
      return { posts, slowestMs };
    },
  };
}

function residentBytes(pid: number): number {
  const kilobytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) * 1_024;
}
