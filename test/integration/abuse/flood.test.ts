/** Who sends too much: told so, then closed, and nobody else is slowed down. */
import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { CLOSE } from '../../../src/protocol/close-codes.ts';
import type { Fault } from '../../../src/protocol/faults.ts';
import { concat, encode } from '../../../src/protocol/frames/rpc.ts';
import { newAccounts, ready } from '../../support/http.ts';
import { RawClient, range, textBody } from '../../support/raw-client.ts';
import { startServer } from '../../support/server.ts';
import { TEST_MS } from '../../support/wait.ts';

setDefaultTimeout(TEST_MS);

/** Requests that a socket may make at once before the rate counts. */
const BURST = 500;
/** Requests that one WebSocket message may hold. They are heard at one moment, so that no time passes between them. */
const PACKED = 1_000;

describe('floods', () => {
  test('[ENG52] requests over the rate are refused with `retryAfter`; a client that heeds it is served again', async () => {
    await using server = await startServer({ env: { MAILROOM_RATE_LIMIT: 'on' } });
    const [ann] = await newAccounts(server.url, ['ann']);
    using client = await RawClient.greet(server.url, ann.token);
    const answers = await Promise.all(client.askAll(range(1, PACKED).map((n) => ['ping', { n }])));
    expect(answers.slice(0, BURST).map(({ fault }) => fault)).toEqual(new Array(BURST).fill(null));
    for (const { fault } of answers.slice(BURST)) expectRateLimited(fault);
    // A timer that fires early is refused once more, with what is left to wait.
    for (let fault = answers.at(-1)?.fault ?? null; fault !== null; fault = (await client.ask('ping', {})).fault) {
      expectRateLimited(fault);
      await Bun.sleep(fault.retryAfter ?? 0);
    }
  });

  test('[ENG52] a client that goes on is closed with 4429, and of the posts of others none is refused or lost', async () => {
    const rounds = 30;
    await using server = await startServer({ env: { MAILROOM_RATE_LIMIT: 'on' } });
    const [ann, bob, eve] = await newAccounts(server.url, ['ann', 'bob', 'eve']);
    using writer = await RawClient.greet(server.url, ann.token);
    using reader = await RawClient.greet(server.url, bob.token);
    const { room } = await writer.ok('rooms.create', { members: [bob.id, eve.id] });
    const flooder = await RawClient.greet(server.url, eve.token);
    const batch = concat(
      range(1, PACKED).map((n) => encode([0, n, 'messages.post', [{ room, nonce: '', body: textBody('x') }]])),
    );
    for (const seq of range(1, rounds)) {
      for (let sent = 0; sent < 3; sent++) flooder.send(batch);
      expect((await writer.post(room, `${seq}`)).seq).toBe(seq);
      await reader.upTo(room, seq);
    }
    expect(await flooder.closeCode()).toBe(CLOSE.tooFast);
    expect(reader.seqs(room)).toEqual(range(1, rounds));
    await ready(server.url);
  });

  test('[ENG53] without rate limits a burst of single requests is answered: each done, or refused as overload', async () => {
    await using server = await startServer();
    const [ann] = await newAccounts(server.url, ['ann']);
    using client = await RawClient.greet(server.url, ann.token);
    const { room } = await client.ok('rooms.create', {});
    const answers = await Promise.all(
      range(1, 2_000).map((n) => client.ask('messages.post', { room, nonce: `n${n}`, body: textBody(`${n}`) })),
    );
    const refused = answers.flatMap(({ fault }) => (fault === null ? [] : [fault]));
    for (const fault of refused) {
      expect(fault.code).toBeOneOf(['overloaded', 'unavailable']);
      expect(fault.retryAfter).toBeGreaterThan(0);
    }
    const done = answers.length - refused.length;
    expect(done).toBeGreaterThan(0);
    expect(await client.upTo(room, done)).toEqual(range(1, done));
  });

  test('[ENG53] before hello, and while it is answered, a flood is bounded too', async () => {
    await using server = await startServer();
    const [ann] = await newAccounts(server.url, ['ann']);
    const client = await RawClient.open(server.url);
    const flood = range(1, 20).flatMap(() => client.askAll(range(1, 500).map((n) => ['ping', { n }])));
    for (const { fault } of await Promise.all(flood)) expect(fault?.code).toBe('unauthenticated');
    const [hello, ...behind] = client.askAll([
      ['hello', { token: ann.token }],
      ...range(1, 900).map((n) => ['ping', { n }] as const),
    ]);
    expect((await (hello as NonNullable<typeof hello>)).fault).toBeNull();
    for (const { fault } of await Promise.all(behind)) expect(fault?.code ?? 'overloaded').toBe('overloaded');
    expect(await client.ok('ping', {})).toEqual({});
  });
});

/** Without `toMatchObject`, which writes a matcher that fits into the object itself: nobody could heed it any more. */
function expectRateLimited(fault: Fault | null): void {
  expect(fault?.code).toBe('rate_limited');
  expect(fault?.retryAfter).toBeGreaterThan(0);
}
