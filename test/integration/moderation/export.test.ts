/** One's own data as a file. */
import { expect, setDefaultTimeout, test } from 'bun:test';
import { gunzipSync } from 'node:zlib';
import { expectProblem, http, newAccounts } from '../../support/http.ts';
import { RawClient, range } from '../../support/raw-client.ts';
import { startServer } from '../../support/server.ts';
import { TEST_MS } from '../../support/wait.ts';

setDefaultTimeout(TEST_MS);

type Line = Readonly<Record<string, unknown>>;

async function exported(url: string, token: string): Promise<readonly Line[]> {
  const response = await fetch(`${url}/v1/me/export`, { headers: { authorization: `Bearer ${token}` } });
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/gzip']);
  const text = gunzipSync(new Uint8Array(await response.arrayBuffer())).toString('utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

test('[EXP3] an export holds profile, devices, rooms and every own message, and nobody else’s', async () => {
  await using server = await startServer();
  const [ann, bob] = await newAccounts(server.url, ['ann', 'bob']);
  using socket = await RawClient.greet(server.url, ann.token);
  using other = await RawClient.greet(server.url, bob.token);
  const { room } = await socket.ok('rooms.create', { title: 'Many', members: [bob.id] });
  const direct = await socket.ok('rooms.direct', { user: bob.id });
  // More than two pages of history, in turns.
  for (const number of range(1, 250)) {
    await Promise.all([socket.post(room, `mine ${number}`), other.post(room, `theirs ${number}`)]);
  }
  await socket.post(direct.room, 'mine alone');
  const lines = await exported(server.url, ann.token);
  const of = (type: string): readonly Line[] => lines.filter((line) => line.type === type);
  expect(of('profile').map(({ user }) => user)).toEqual([{ id: ann.id, username: 'ann' }]);
  expect(of('profile')[0]?.settings).toMatchObject({ discoverable: true });
  expect(of('device').map(({ name }) => name)).toEqual(['test']);
  expect(
    of('room')
      .map(({ room: id, title }) => [id, title])
      .sort(),
  ).toEqual(
    [
      [room, 'Many'],
      [direct.room, ''],
    ].sort(),
  );
  const texts = of('message').map(({ text }) => text);
  expect(texts.filter((text) => text !== 'mine alone')).toEqual(range(1, 250).map((number) => `mine ${number}`));
  expect(texts).toContain('mine alone');
  expect(lines.at(-1)).toEqual({ type: 'end', rooms: 2, messages: 251 });
  expect((await exported(server.url, bob.token)).at(-1)).toEqual({ type: 'end', rooms: 2, messages: 250 });
  expectProblem(await http(server.url, 'GET', '/v1/me/export'), 401, 'unauthenticated');
});

test('[EXP4] a user exports three times in a row, and then has to wait', async () => {
  await using server = await startServer({ env: { MAILROOM_RATE_LIMIT: 'on', MAILROOM_THREADS: '1' } });
  const [ann] = await newAccounts(server.url, ['ann', 'bob']);
  for (const _ of range(1, 3)) await exported(server.url, ann.token);
  const refused = await http(server.url, 'GET', '/v1/me/export', { token: ann.token });
  expectProblem(refused, 429, 'rate_limited');
  expect(refused.json.retryAfter).toBeGreaterThan(3_000_000);
});
