/** A client that stops reading: it is dropped, it delays nobody, and it loses nothing. */
import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { encodeRequest } from '../../../src/protocol/frames/rpc.ts';
import { LIMITS } from '../../../src/protocol/limits.ts';
import { http, newAccounts, ready } from '../../support/http.ts';
import { RawClient, range } from '../../support/raw-client.ts';
import { startServer } from '../../support/server.ts';
import { TcpSocket } from '../../support/tcp-socket.ts';
import { eventually, TEST_MS } from '../../support/wait.ts';

setDefaultTimeout(TEST_MS);

/** Two shards, the log, the persister and the records: each counts its sockets. */
const THREADS = 5;
/** Well above what the kernel's buffers and the server's bound hold together. */
const MOST_MESSAGES = 1_200;

describe('slow readers', () => {
  test('[ENG54] a member that stops reading is dropped, others are not delayed, and it resumes without loss', async () => {
    await using server = await startServer();
    const [ann, bob, eve] = await newAccounts(server.url, ['ann', 'bob', 'eve']);
    using writer = await RawClient.greet(server.url, ann.token);
    using reader = await RawClient.greet(server.url, bob.token);
    const { room } = await writer.ok('rooms.create', { members: [bob.id, eve.id] });
    using slow = await TcpSocket.open(server.url);
    slow.send(encodeRequest(1, 'hello', { token: eve.token }));
    await slow.until('the hello to be answered', () => slow.replies[0]);
    const sockets = (): Promise<number | undefined> => openSockets(server.url);
    await eventually('all sockets to be counted', sockets, (open) => open === 3);
    slow.stopReading();
    const body = new Uint8Array(LIMITS.maxBodyBytes).fill(7);
    let seq = 0;
    while ((await sockets()) !== 2) {
      expect(seq).toBeLessThan(MOST_MESSAGES);
      await Promise.all(range(1, 20).map(() => writer.ok('messages.post', { room, nonce: `n${++seq}`, body })));
      await reader.upTo(room, seq);
    }
    expect(reader.seqs(room)).toEqual(range(1, seq));
    slow.readOn();
    await slow.closed;
    const got = slow.replies.flatMap((reply) =>
      reply.type === 'notification' && reply.method === 'message' ? [Number(reply.params.seq)] : [],
    );
    expect(got).toEqual(range(1, got.length));
    expect(got.length).toBeLessThan(seq);
    using back = await RawClient.greet(server.url, eve.token, { [room]: got.length });
    const missed: number[] = [];
    for (let more = true; more; ) {
      const page = await back.ok('messages.history', { room, after: missed.at(-1) ?? got.length, limit: 200 });
      missed.push(...page.messages.map((message) => message.seq));
      more = page.more;
    }
    expect([...got, ...missed]).toEqual(range(1, seq));
    const next = await writer.post(room, 'next');
    await back.upTo(room, next.seq);
    await ready(server.url);
  });

  test('[ENG54] a client that asks for much and reads nothing is dropped, and the memory stays bounded', async () => {
    await using server = await startServer();
    const [ann] = await newAccounts(server.url, ['ann']);
    using writer = await RawClient.greet(server.url, ann.token);
    const { room } = await writer.ok('rooms.create', {});
    const body = new Uint8Array(LIMITS.maxBodyBytes).fill(7);
    for (const n of range(1, 8)) await writer.ok('messages.post', { room, nonce: `n${n}`, body });
    using slow = await TcpSocket.open(server.url);
    slow.send(encodeRequest(1, 'hello', { token: ann.token }));
    await slow.until('the hello to be answered', () => slow.replies[0]);
    slow.stopReading();
    let asked = 1;
    await eventually(
      'the greedy socket to be dropped',
      () => {
        for (let count = 0; count < 8; count++) {
          slow.send(encodeRequest(++asked, 'messages.history', { room, limit: 200 }));
        }
        return openSockets(server.url);
      },
      (open) => open === 1,
    );
    expect(await writer.ok('ping', {})).toEqual({});
  });
});

/** Undefined where a thread was too busy to say how many it has. */
async function openSockets(url: string): Promise<number | undefined> {
  const { text } = await http(url, 'GET', '/metrics');
  const counts = [...text.matchAll(/^mailroom_sockets\{[^}]*\} (\d+)$/gm)].map(([, count]) => Number(count));
  return counts.length < THREADS ? undefined : counts.reduce((sum, count) => sum + count, 0);
}
