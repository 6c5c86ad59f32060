/** What one address, name or user may do at once. */
import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { CLOSE } from '../../../src/protocol/close-codes.ts';
import { expectProblem, type HttpAnswer, http, newAccount, PASSWORD } from '../../support/http.ts';
import { RawClient, range } from '../../support/raw-client.ts';
import { startServer } from '../../support/server.ts';
import { eventually, TEST_MS } from '../../support/wait.ts';

setDefaultTimeout(TEST_MS);

/** Each thread counts by itself, so that two of them let twice as many through. */
const BURST_BY_NAME = 20;
const THREADS = 2;

describe('limits of accounts', () => {
  test('[ENG8] who tries one name too often is told when to come back, and other names are not held up', async () => {
    await using server = await startServer({ env: { MAILROOM_RATE_LIMIT: 'on' } });
    const { token } = await newAccount(server.url, 'bob');
    // No such name is possible, so that nothing is hashed.
    const body = { username: 'ann!', password: PASSWORD };
    const tryOnce = () => http(server.url, 'POST', '/v1/register', { body, headers: { connection: 'close' } });
    const answers: HttpAnswer[] = [];
    while (answers.length < BURST_BY_NAME) answers.push(await tryOnce());
    // All the rest at once: units come back with time, and no machine may be too slow to use them up.
    answers.push(...(await Promise.all(range(1, BURST_BY_NAME * THREADS).map(tryOnce))));
    const refused = answers.filter(({ status }) => status === 429);
    expect(answers.slice(0, BURST_BY_NAME).map(({ status }) => status)).toEqual(new Array(BURST_BY_NAME).fill(400));
    expect(refused.length).toBeGreaterThan(0);
    for (const answer of refused) {
      expectProblem(answer, 429, 'rate_limited');
      expect(answer.json.retryAfter).toBeWithin(1, 60_001);
      expect(Number(answer.headers.get('retry-after'))).toBe(Math.ceil(answer.json.retryAfter / 1_000));
    }
    expect((await http(server.url, 'GET', '/v1/me', { token })).status).toBe(200);
    const other = await http(server.url, 'POST', '/v1/login', { body: { username: 'bob', password: PASSWORD } });
    expect(other.status).toBe(200);
  });

  test('[ENG7] a user has at most so many sockets; one more is refused, and a closed one makes room', async () => {
    await using server = await startServer({ env: { MAILROOM_MAX_SOCKETS_PER_USER: '3' } });
    const { token } = await newAccount(server.url, 'ann');
    const bob = await newAccount(server.url, 'bob');
    const open = [];
    for (let count = 0; count < 3; count++) open.push(await RawClient.greet(server.url, token));
    const tooMany = await RawClient.open(server.url);
    expect(await tooMany.refused('hello', { token })).toMatchObject({ code: 'rate_limited', retryAfter: 10_000 });
    expect(await tooMany.closeCode()).toBe(CLOSE.tooFast);
    using other = await RawClient.greet(server.url, bob.token);
    expect(await other.ok('ping', {})).toEqual({});
    await open[0]?.close();
    using again = await eventually('room for another socket', () => greeted(server.url, token), isGreeted);
    expect(await again?.ok('ping', {})).toEqual({});
  });

  test('[ENG7] sockets that vanish while they say hello count no more', async () => {
    await using server = await startServer({ env: { MAILROOM_MAX_SOCKETS_PER_USER: '3' } });
    const { token } = await newAccount(server.url, 'ann');
    for (let count = 0; count < 20; count++) {
      const client = await RawClient.open(server.url);
      client.send(client.prepare('hello', { token }).frame);
      client.vanish();
    }
    const greetings = [];
    for (let count = 0; count < 3; count++) {
      greetings.push(await eventually('room for a socket', () => greeted(server.url, token), isGreeted));
    }
    for (const client of greetings) expect(await client?.ok('ping', {})).toEqual({});
  });
});

async function greeted(url: string, token: string): Promise<RawClient | undefined> {
  const client = await RawClient.open(url);
  const { fault } = await client.ask('hello', { token });
  return fault === null ? client : undefined;
}

function isGreeted(client: RawClient | undefined): boolean {
  return client !== undefined;
}
