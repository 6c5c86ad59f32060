/** How the engine ends: asked to, asked twice, and asked while clients keep it busy or do not listen. */

import { expect, setDefaultTimeout, test } from 'bun:test';
import { connect, type Socket } from 'node:net';
import { tempDir } from '../../contract/temp-dir.ts';
import { newAccount } from '../../support/http.ts';
import { RawClient, range, textBody } from '../../support/raw-client.ts';
import { TEST_MS, within } from '../../support/wait.ts';
import { engineOn } from './engine.ts';

setDefaultTimeout(TEST_MS);

/** Of one client. All together are far fewer than a slow machine answers in the 3 s that are left for them. */
const POSTS = 50;

/** A socket that opens and never reads again: its window is full, and no goodbye reaches it. */
async function deafSocket(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  const upgraded = new Promise<void>((resolve) => {
    socket.once('data', () => {
      socket.pause();
      resolve();
    });
  });
  socket.on('error', () => {});
  socket.write(
    `GET /v1/ws HTTP/1.1\r\nHost: ${hostname}:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
  );
  await within('the upgrade', upgraded);
  return socket;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`[LIFE2] ${signal} drains: posts under way are answered, each client hears goaway, then 4503, then exit 0`, async () => {
    using dir = tempDir();
    await using engine = engineOn(dir.path);
    const url = await engine.url();
    const { token } = await newAccount(url, 'ann');
    const clients = await Promise.all(range(1, 6).map(() => RawClient.greet(url, token)));
    const { room } = await (clients[0] as RawClient).ok('rooms.create', { title: 'room' });
    // What one WebSocket message holds is taken at once: an answered ping says that the posts behind it are under way.
    const post = (client: number, n: number): readonly [string, unknown] => {
      return ['messages.post', { room, nonce: `${client}.${n}`, body: textBody(`${n}`) }];
    };
    const asked = clients.map((client, index) =>
      client.askAll([['ping', {}], ...range(1, POSTS).map((n) => post(index, n))]),
    );
    await Promise.all(asked.map(([ping]) => ping));
    const { code, stderr } = await engine.end(signal);
    expect(code).toBe(0);
    expect(stderr).not.toContain('"level":"error"');
    const waits = clients.map((client) => client.all('goaway').map(({ retryAfter }) => retryAfter));
    for (const wait of waits) {
      expect(wait).toHaveLength(1);
      expect(wait[0]).toBeWithin(1_000, 6_001);
    }
    expect(new Set(waits.flat()).size).toBeGreaterThan(1);
    for (const client of clients) expect(await client.closeCode()).toBe(4503);
    const answered = await Promise.all(asked.flatMap((ofClient) => ofClient.slice(1)));
    for (const { fault } of answered) expect(fault).toBeNull();
    const given = answered.map(({ result }) => (result as { seq: number }).seq);
    expect(given.sort((a, b) => a - b)).toEqual(range(1, POSTS * clients.length));

    await using again = engineOn(dir.path);
    using reader = await RawClient.greet(await again.url(), token);
    const seqs: number[] = [];
    while (seqs.length < answered.length) {
      const { messages } = await reader.ok('messages.history', { room, after: seqs.length, limit: 200 });
      expect(messages.length).toBeGreaterThan(0);
      seqs.push(...messages.map(({ seq }) => seq));
    }
    expect(seqs).toEqual(range(1, answered.length));
  });
}

test('[LIFE3] a client that does not read does not keep the engine from ending', async () => {
  using dir = tempDir();
  await using engine = engineOn(dir.path);
  const url = await engine.url();
  const deaf = await deafSocket(url);
  const { code } = await engine.end('SIGTERM');
  deaf.destroy();
  expect(code).toBe(0);
});

test('[LIFE4] a second signal ends the engine at once, and nothing that was acknowledged is lost by it', async () => {
  using dir = tempDir();
  await using engine = engineOn(dir.path);
  const url = await engine.url();
  const { token } = await newAccount(url, 'ann');
  using client = await RawClient.greet(url, token);
  const { room } = await client.ok('rooms.create', { title: 'room' });
  await client.post(room, 'kept');
  engine.signal('SIGTERM');
  const { code } = await engine.end('SIGTERM');
  // The first may have been through before the second came.
  expect([0, 70]).toContain(code);

  await using again = engineOn(dir.path);
  using reader = await RawClient.greet(await again.url(), token);
  expect((await reader.ok('messages.history', { room })).messages).toHaveLength(1);
});
