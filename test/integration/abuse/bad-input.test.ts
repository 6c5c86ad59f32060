/** Input that breaks the protocol: its close code or its error, and nobody else is disturbed. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { CLOSE } from '../../../src/protocol/close-codes.ts';
import { concat, encode, encodeRequest } from '../../../src/protocol/frames/rpc.ts';
import { LIMITS } from '../../../src/protocol/limits.ts';
import { type Account, newAccounts, ready } from '../../support/http.ts';
import { RawClient, range, textBody } from '../../support/raw-client.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { TcpSocket } from '../../support/tcp-socket.ts';
import { TEST_MS } from '../../support/wait.ts';

setDefaultTimeout(TEST_MS);

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const PING = encode([0, 1, 'ping', [{}]]);

const MALFORMED: readonly (readonly [name: string, bytes: Uint8Array])[] = [
  ['nothing', new Uint8Array(0)],
  ['a number', hex('05')],
  ['nil', hex('c0')],
  ['the unused byte', hex('c1')],
  ['a map', encode({ method: 'ping' })],
  ['an empty array', encode([])],
  ['a response', encode([1, 1, null, {}])],
  ['an unknown kind', encode([3, 1, 'ping', [{}]])],
  ['a request that is too short', encode([0, 1, 'ping'])],
  ['a request that is too long', encode([0, 1, 'ping', [{}], 0])],
  ['a negative id', encode([0, -1, 'ping', [{}]])],
  ['an id of 33 bits', encode([0, 2 ** 32, 'ping', [{}]])],
  ['an id that is text', encode([0, '1', 'ping', [{}]])],
  ['a fractional id', encode([0, 1.5, 'ping', [{}]])],
  ['a method that is a number', encode([0, 1, 5, [{}]])],
  ['params that are a map', encode([0, 1, 'ping', {}])],
  ['params of two maps', encode([0, 1, 'ping', [{}, {}]])],
  ['params of nil', encode([0, 1, 'ping', [null]])],
  ['no params', encode([0, 1, 'ping', []])],
  ['a truncated request', PING.subarray(0, -1)],
  ['bytes behind the request', concat([PING, hex('c1')])],
  ['half a request behind a whole one', concat([PING, PING.subarray(0, 5)])],
  ['an extension type', concat([hex('94 00 01 a4 70696e67 91 81 a1 61'), hex('d4 01 00')])],
  ['a timestamp', concat([hex('94 00 01 a4 70696e67 91 81 a1 61'), hex('d6 ff 00000000')])],
  ['a key twice', hex('94 00 01 a4 70696e67 91 82 a1 61 01 a1 61 02')],
  ['the key __proto__', hex('94 00 01 a4 70696e67 91 81 a9 5f5f70726f746f5f5f 01')],
  ['a key that is a number', hex('94 00 01 a4 70696e67 91 81 01 01')],
  ['text that is no UTF-8', hex('94 00 01 a4 70696e67 91 81 a1 61 a2 c3 28')],
  ['a declared length of 4 GiB', hex('94 00 01 a4 70696e67 91 81 a1 61 c6 ffffffff')],
  ['a declared array of 4 G elements', hex('94 00 01 a4 70696e67 91 81 a1 61 dd ffffffff')],
  ['an integer beyond 2^53', hex('94 00 01 a4 70696e67 91 81 a1 61 cf 0020000000000001')],
  ['nesting of 17', encode([0, 1, 'ping', [nested(LIMITS.maxDepth - 1)]])],
  ['nesting of a million', concat([hex('94 00 01 a4 70696e67'), new Uint8Array(1_000_000).fill(0x91)])],
];

const TOO_LARGE: readonly (readonly [name: string, bytes: Uint8Array])[] = [
  ['more than 1 MiB', new Uint8Array(LIMITS.maxSocketMessageBytes + 1)],
  ['more than 1,000 messages', concat(range(1, LIMITS.maxMessagesPerSocketMessage + 1).map(() => PING))],
  ['more than 65,536 values', encode([0, 1, 'ping', [{ values: new Array(LIMITS.maxElements + 1).fill(0) }]])],
];

describe('bad input', () => {
  let server: TestServer;
  let ann: Account;
  let bob: Account;
  let witness: RawClient;
  let room: string;
  beforeAll(async () => {
    server = await startServer();
    [ann, bob] = await newAccounts(server.url, ['ann', 'bob']);
    witness = await RawClient.greet(server.url, ann.token);
    room = (await witness.ok('rooms.create', { members: [bob.id] })).room;
  });
  afterAll(() => server[Symbol.asyncDispose]());

  async function expectUndisturbed(): Promise<void> {
    const { seq } = await witness.post(room, 'still here');
    expect(await witness.upTo(room, seq)).toEqual(range(1, seq));
    await ready(server.url);
  }

  test.each(MALFORMED)('[ENG50] %s is malformed: 4400, before hello and after', async (_, bytes) => {
    const early = await RawClient.open(server.url);
    early.send(bytes);
    expect(await early.closeCode()).toBe(CLOSE.malformed);
    const late = await RawClient.greet(server.url, bob.token);
    late.send(bytes);
    expect(await late.closeCode()).toBe(CLOSE.malformed);
  });

  test.each(TOO_LARGE)('[ENG51] %s is too large: 4413', async (_, bytes) => {
    const early = await RawClient.open(server.url);
    early.send(bytes);
    expect(await early.closeCode()).toBe(CLOSE.tooLarge);
    const late = await RawClient.greet(server.url, bob.token);
    late.send(bytes);
    expect(await late.closeCode()).toBe(CLOSE.tooLarge);
  });

  test('[ENG51] a message of exactly 1 MiB, and one of exactly 1,000 requests, are read', async () => {
    using client = await RawClient.greet(server.url, bob.token);
    const ping = (padding: number): Uint8Array => encode([0, 9_999, 'ping', [{ padding: new Uint8Array(padding) }]]);
    const overhead = ping(LIMITS.maxSocketMessageBytes - 1_000).length - (LIMITS.maxSocketMessageBytes - 1_000);
    const exact = ping(LIMITS.maxSocketMessageBytes - overhead);
    expect(exact.length).toBe(LIMITS.maxSocketMessageBytes);
    client.send(exact);
    await client.until('the answer', () => client.answered.includes(9_999) || undefined);
    const answers = await Promise.all(client.askAll(range(1, 1_000).map((n) => ['ping', { n }] as const)));
    expect(answers.length).toBe(1_000);
    expect(answers.filter(({ fault }) => fault !== null && fault.code !== 'overloaded')).toEqual([]);
  });

  test.each([
    '',
    'ping',
    'pong',
    '{"method":"ping"}',
    '[0,1,"ping",[{}]]',
    '5',
    'null',
    'true',
    '2020-01-01',
    '\u0000',
  ])('[ENG50] the text message %p is malformed: 4400', async (text) => {
    const client = await RawClient.greet(server.url, bob.token);
    client.send(text);
    expect(await client.closeCode()).toBe(CLOSE.malformed);
  });

  test('[ENG50] a broken message spoils those before it in the same WebSocket message', async () => {
    const client = await RawClient.greet(server.url, bob.token);
    const post = encodeRequest(7, 'messages.post', { room, nonce: 'spoiled', body: textBody('never') });
    client.send(concat([post, hex('c1')]));
    expect(await client.closeCode()).toBe(CLOSE.malformed);
    const { messages } = await witness.ok('messages.history', { room });
    expect(messages.map(({ nonce }) => nonce)).not.toContain('spoiled');
  });

  test('[ENG51] what exceeds the transport’s own limit is cut off, and nobody else notices', async () => {
    const client = await RawClient.greet(server.url, bob.token);
    client.send(new Uint8Array(17 * 1024 * 1024));
    expect(await client.closeCode()).toBeGreaterThan(1_000);
    await expectUndisturbed();
  });

  test('[ENG50] broken WebSocket frames and broken HTTP end their connection only', async () => {
    const headers = 'GET /v1/ws HTTP/1.1\r\nHost: x\r\n';
    for (const bytes of [
      hex('ff ff ff ff ff ff'),
      hex('82 05 01 02 03 04 05'),
      hex('83 80 00 00 00 00'),
      hex('88 81 00 00 00 00 01'),
    ]) {
      using socket = await TcpSocket.open(server.url);
      socket.sendRaw(bytes);
      expect(await socket.closed).toBeGreaterThan(1_000);
    }
    using socket = await TcpSocket.open(server.url);
    socket.sendRaw(headers);
    await expectUndisturbed();
  });

  test('[ENG50] after all of it the others still talk and the engine is ready', expectUndisturbed);
});

function nested(depth: number): object {
  let value: object = {};
  for (let level = 1; level < depth; level++) value = { value };
  return value;
}
