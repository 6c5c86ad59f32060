/** Who sends too much: told so, then closed, and nobody else is slowed down. */
import { describe, expect, test } from 'bun:test';
import { CLOSE } from '../../../src/protocol/close-codes.ts';
import { concat, encode } from '../../../src/protocol/frames/rpc.ts';
import { http, newAccounts } from '../../support/http.ts';
import { RawClient, range, textBody } from '../../support/raw-client.ts';
import { startServer } from '../../support/server.ts';

/** Requests that a socket may make at once before the rate counts. */
const BURST = 500;

describe('floods', () => {
  test('[ENG52] requests over the rate are refused with `retryAfter`; a client that heeds it is served again', async () => {
    await using server = await startServer({ env: { MAILROOM_RATE_LIMIT: 'on' } });
    const [ann] = await newAccounts(server.url, ['ann']);
    using client = await RawClient.greet(server.url, ann.token);
    const answers = (
      await Promise.all(range(1, 3).map(() => Promise.all(client.askAll(range(1, 400).map((n) => ['ping', { n }])))))
    ).flat();
    const refused = answers.flatMap(({ fault }) => (fault === null ? [] : [fault]));
    expect(answers.length - refused.length).toBeGreaterThanOrEqual(BURST);
    expect(refused.length).toBeGreaterThan(0);
    for (const fault of refused) expect(fault).toMatchObject({ code: 'rate_limited', retryAfter: expect.any(Number) });
    await Bun.sleep(Math.max(...refused.map(({ retryAfter = 0 }) => retryAfter)));
    expect(await client.ok('ping', {})).toEqual({});
  });

  test('[ENG52] a client that goes on is closed with 4429, posts of others stay quick, and none is lost', async () => {
    await using server = await startServer({ env: { MAILROOM_RATE_LIMIT: 'on' } });
    const [ann, bob, eve] = await newAccounts(server.url, ['ann', 'bob', 'eve']);
    using writer = await RawClient.greet(server.url, ann.token);
    using reader = await RawClient.greet(server.url, bob.token);
    const { room } = await writer.ok('rooms.create', { members: [bob.id, eve.id] });
    const flooder = await RawClient.greet(server.url, eve.token);
    let isClosed = false;
    const closed = flooder.closed.then((event) => {
      isClosed = true;
      return event;
    });
    const batch = concat(
      range(1, 200).map((n) => encode([0, n, 'messages.post', [{ room, nonce: '', body: textBody('x') }]])),
    );
    for (let seq = 1; !isClosed; seq++) {
      expect(seq).toBeLessThan(200);
      for (let sent = 0; sent < 3; sent++) flooder.send(batch);
      expect((await writer.post(room, `${seq}`)).seq).toBe(seq);
      await reader.upTo(room, seq);
    }
    expect((await closed).code).toBe(CLOSE.tooFast);
    expect((await http(server.url, 'GET', '/readyz')).status).toBe(200);
  }, 15_000);

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
      expect(fault).toMatchObject({
        code: expect.stringMatching(/^(overloaded|unavailable)$/),
        retryAfter: expect.any(Number),
      });
    }
    const done = answers.length - refused.length;
    expect(done).toBeGreaterThan(0);
    expect(await client.upTo(room, done)).toEqual(range(1, done));
  }, 15_000);

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
  }, 15_000);
});
