/** The devices of a user: seen, revoked, and in step with each other. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { CLOSE } from '../../../src/protocol/close-codes.ts';
import { expectProblem, http, logIn, newAccount, newAccounts } from '../../support/http.ts';
import { RawClient, range } from '../../support/raw-client.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { TEST_MS } from '../../support/wait.ts';

setDefaultTimeout(TEST_MS);

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

describe('devices', () => {
  test('[DEV1] devices are listed with what is open on them, over HTTP and over the wire', async () => {
    const before = Date.now();
    const { token: phone } = await newAccount(server.url, 'dev1', 'phone');
    const desk = await logIn(server.url, 'dev1', 'desk');
    const sockets = await Promise.all(range(1, 3).map(() => RawClient.greet(server.url, desk)));
    const listed = await http(server.url, 'GET', '/v1/devices', { token: phone });
    expect(listed.status).toBe(200);
    expect(
      listed.json.devices.map((each: Record<string, unknown>) => [each.device, each.sockets, each.current]),
    ).toEqual([
      ['desk', 3, false],
      ['phone', 0, true],
    ]);
    for (const { createdAt, lastSeen, expiresAt } of listed.json.devices) {
      expect(createdAt).toBeGreaterThanOrEqual(before);
      expect(lastSeen).toBeGreaterThanOrEqual(createdAt);
      expect(expiresAt).toBeGreaterThan(lastSeen);
    }
    const overWire = await (sockets[0] as RawClient).ok('devices.list', {});
    expect(overWire.devices.map(({ device, sockets: open, current }) => [device, open, current])).toEqual([
      ['desk', 3, true],
      ['phone', 0, false],
    ]);
    for (const socket of sockets) socket[Symbol.dispose]();
  });

  test('[DEV2] a revoked device is dead everywhere at once, and only that one', async () => {
    const { token: phone } = await newAccount(server.url, 'dev2', 'phone');
    const desk = await logIn(server.url, 'dev2', 'desk');
    const lost = await logIn(server.url, 'dev2', 'a lost & found tablet');
    const doomed = await Promise.all(range(1, 4).map(() => RawClient.greet(server.url, lost)));
    using kept = await RawClient.greet(server.url, phone);
    const path = `/v1/devices/${encodeURIComponent('a lost & found tablet')}`;
    expect((await http(server.url, 'DELETE', path, { token: phone })).status).toBe(204);
    for (const socket of doomed) expect(await socket.closeCode()).toBe(CLOSE.revoked);
    expectProblem(await http(server.url, 'GET', '/v1/me', { token: lost }), 401, 'unauthenticated');
    expectProblem(await http(server.url, 'DELETE', path, { token: phone }), 404, 'not_found');
    expect(await kept.ok('devices.revoke', { device: 'desk' })).toEqual({});
    expect((await kept.refused('devices.revoke', { device: 'desk' })).code).toBe('not_found');
    expectProblem(await http(server.url, 'GET', '/v1/me', { token: desk }), 401, 'unauthenticated');
    expect((await kept.ok('devices.list', {})).devices.map(({ device }) => device)).toEqual(['phone']);
  });

  test('[DEV2] a device may revoke itself, and nobody revokes the devices of others', async () => {
    const [ann, bob] = await newAccounts(server.url, ['dev2ann', 'dev2bob']);
    using socket = await RawClient.greet(server.url, ann.token);
    expectProblem(await http(server.url, 'DELETE', '/v1/devices/elsewhere', { token: bob.token }), 404, 'not_found');
    expect((await http(server.url, 'DELETE', '/v1/devices/test', { token: bob.token })).status).toBe(204);
    expect(await socket.ok('ping', {})).toEqual({});
    expect((await http(server.url, 'DELETE', '/v1/devices/test', { token: ann.token })).status).toBe(204);
    expect(await socket.closeCode()).toBe(CLOSE.revoked);
    expectProblem(await http(server.url, 'GET', '/v1/devices', {}), 401, 'unauthenticated');
  });

  test('[DEV3] what is done on one device shows on the others', async () => {
    const { token, id } = await newAccount(server.url, 'dev3', 'phone');
    const friend = await newAccount(server.url, 'dev3friend');
    using phone = await RawClient.greet(server.url, token);
    using desk = await RawClient.greet(server.url, await logIn(server.url, 'dev3', 'desk'));
    const { room } = await phone.ok('rooms.create', { title: 'Everywhere', members: [friend.id] });
    const entered = await desk.notification('room', (event) => event.room === room && event.event === 'joined');
    expect([entered.title, entered.user, entered.role]).toEqual(['Everywhere', id, 'owner']);
    await phone.post(room, 'from the phone');
    expect(await desk.upTo(room, 1)).toEqual([1]);
    await desk.post(room, 'from the desk');
    expect(await phone.upTo(room, 2)).toEqual([1, 2]);
    using other = await RawClient.greet(server.url, friend.token);
    await other.post(room, 'from a friend');
    await phone.upTo(room, 3);
    await phone.ok('messages.read', { room, seq: 3 });
    await desk.notification('read', (read) => read.room === room && read.user === id && read.seq === 3);
    await desk.ok('rooms.join', { room: (await other.ok('rooms.create', { title: 'Elsewhere' })).room });
    await phone.notification('room', (event) => event.title === 'Elsewhere');
  });
});
