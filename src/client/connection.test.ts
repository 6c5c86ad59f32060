import { describe, expect, test } from 'bun:test';
import { encodeNotification } from '../protocol/frames/rpc.ts';
import { LIMITS } from '../protocol/limits.ts';
import { backoffDelay, reconnectBackoff } from './backoff.ts';
import type { ConnectionState } from './connection.ts';
import { asMailroomError } from './errors.ts';
import { World } from './testing/world.ts';
import { packFrames } from './wire.ts';

describe('reconnecting', () => {
  test('[CLI31] the back-off doubles up to its bound, is jittered, and respects the wish of the server', () => {
    const low = Array.from({ length: 12 }, (_, attempt) => backoffDelay(attempt, reconnectBackoff, () => 0));
    const high = Array.from({ length: 12 }, (_, attempt) => backoffDelay(attempt, reconnectBackoff, () => 1));
    expect(high.slice(0, 4)).toEqual([250, 500, 1_000, 2_000]);
    expect(high.at(-1)).toBe(30_000);
    expect(low.map((delay) => delay * 2)).toEqual(high);
    expect(backoffDelay(2_000, reconnectBackoff, () => 1)).toBe(30_000);
    expect(backoffDelay(0, reconnectBackoff, () => 0, 4_000)).toBe(4_000);
    expect(backoffDelay(0, reconnectBackoff, () => 1, 4_000)).toBe(6_000);
  });

  test('[CLI31] a connection that held starts the back-off anew', async () => {
    const world = new World();
    const { client } = await world.connected('ann');
    for (let round = 0; round < 8; round++) {
      await world.clock.advance(15_000);
      world.sockets('ann')[0]?.cut();
      await world.until(() => client.state.kind === 'waiting');
      const { state } = client;
      expect(state.kind === 'waiting' ? state.untilMs - world.clock.now() : 0).toBeLessThanOrEqual(250);
      await world.until(() => client.state.kind === 'ready');
    }
  });

  test.each([1006, 4408, 4429, 4503, 4999])('[CLI32] the client comes back after a close with %i', async (code) => {
    const world = new World();
    const { client } = await world.connected('ann');
    world.sockets('ann')[0]?.close(code, 'bye');
    await world.until(() => client.state.kind === 'waiting');
    await world.until(() => client.state.kind === 'ready');
    expect(client.user?.id).toBe('ann');
  });

  test.each([
    [4400, 'refused'],
    [4401, 'unauthenticated'],
    [4403, 'unauthenticated'],
    [4413, 'refused'],
  ])('[CLI33] the client stops after a close with %i', async (code, reason) => {
    const world = new World();
    const { client } = await world.connected('ann');
    world.sockets('ann')[0]?.close(code, 'bye');
    await world.until(() => client.state.kind === 'stopped');
    expect(client.state).toEqual({ kind: 'stopped', reason: { code: reason as 'refused', message: 'bye' } });
    await expect(client.history('r')).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('[CLI33] a token that is not valid stops the client, and a good one starts it again', async () => {
    const world = new World();
    let token = 'bad';
    const client = world.client('ann', { token: () => token });
    client.connect();
    const ready = asPromiseOfCode(client.ready());
    await world.until(() => client.state.kind === 'stopped');
    expect(await ready).toBe('unauthenticated');
    token = 'ann';
    client.connect();
    await world.until(() => client.state.kind === 'ready');
    expect(client.user?.id).toBe('ann');
  });

  test('[CLI34] a session that is kicked is told so and stops', async () => {
    const world = new World();
    const { client } = await world.connected('ann');
    const kicks: object[] = [];
    client.on('kicked', (kick) => kicks.push(kick));
    world.sockets('ann')[0]?.send(encodeNotification('kicked', { code: 4403, reason: 'logged in elsewhere' }));
    await world.until(() => client.state.kind === 'stopped');
    expect(kicks).toEqual([{ code: 4403, reason: 'logged in elsewhere' }]);
  });

  test('[CLI35] after goaway the client waits as long as it was asked to', async () => {
    const world = new World();
    const { client } = await world.connected('ann');
    const socket = world.sockets('ann')[0];
    socket?.send(encodeNotification('goaway', { retryAfter: 7_000 }));
    socket?.close(4503, 'draining');
    await world.until(() => client.state.kind === 'waiting');
    const from = world.clock.now();
    await world.until(() => client.state.kind === 'connecting');
    expect(world.clock.now() - from).toBeGreaterThanOrEqual(7_000);
  });

  test('[CLI36] a greeting that is refused for now is repeated when the server wants it', async () => {
    const world = new World();
    let refusals = 2;
    world.server.meddler = {
      before: (method) =>
        method === 'hello' && refusals-- > 0
          ? { code: 'overloaded', message: 'too many at once', retryAfter: 3_000 }
          : undefined,
    };
    const start = world.clock.now();
    await world.connected('ann');
    expect(world.clock.now() - start).toBeGreaterThanOrEqual(6_000);
  });

  test('[CLI37] a peer that has gone silent is noticed by a ping without an answer', async () => {
    const world = new World();
    const { client } = await world.connected('ann');
    world.sockets('ann')[0]?.freeze();
    const from = world.clock.now();
    await world.until(() => client.state.kind === 'waiting');
    expect(world.clock.now() - from).toBeLessThanOrEqual(world.server.heartbeatMs / 2 + 10_000);
    await world.until(() => client.state.kind === 'ready');
  });

  test('[CLI37] an idle connection sends something twice in each heartbeat', async () => {
    const world = new World();
    await world.connected('ann');
    await world.clock.advance(world.server.heartbeatMs * 5);
    expect(world.server.seen.filter((call) => call.method === 'ping').length).toBeGreaterThanOrEqual(9);
    expect(world.server.sessions.size).toBe(1);
  });

  test('[CLI38] waking ends a wait at once, and probes an open connection', async () => {
    const world = new World();
    const { client } = await world.connected('ann');
    const states: ConnectionState['kind'][] = [];
    client.on('state', (state) => states.push(state.kind));
    world.sockets('ann')[0]?.freeze();
    client.wake();
    await world.until(() => client.state.kind === 'waiting', 5_000);
    client.wake();
    expect(client.state.kind).toBe('connecting');
    await world.until(() => client.state.kind === 'ready', 100);
    expect(states).toEqual(['waiting', 'connecting', 'ready']);
  });

  test('[CLI39] bytes that are no message of ours end the connection, and the client comes back', async () => {
    const world = new World();
    const { client } = await world.connected('ann');
    world.sockets('ann')[0]?.send(Uint8Array.of(0xc1));
    await world.until(() => client.state.kind === 'waiting');
    await world.until(() => client.state.kind === 'ready');
  });

  test('[CLI40] an address that no socket takes is reported at once, and leaves nothing behind', async () => {
    const world = new World();
    const client = world.client('ann', {
      connect: () => {
        throw new SyntaxError('not an address');
      },
    });
    expect(() => client.connect()).toThrow('not an address');
    await world.clock.advance(60_000);
    expect(client.state).toEqual({ kind: 'idle' });
  });

  test('[CLI40] a closed client stays closed, whatever the old socket still says', async () => {
    const world = new World();
    const { client } = await world.connected('ann');
    client.close();
    await world.clock.advance(60_000);
    expect(client.state).toMatchObject({ kind: 'stopped', reason: { code: 'closed' } });
    expect(world.server.sessions.size).toBe(0);
  });
});

describe('requests', () => {
  test('[CLI41] the requests of one turn leave in one WebSocket message', async () => {
    const world = new World();
    world.server.room('r', 'ann');
    const { client } = await world.connected('ann');
    const before = world.server.seen.length;
    void Promise.all([client.history('r'), client.history('r', { limit: 1 }), client.history('r', { before: 3 })]);
    await world.until(() => world.server.seen.length === before + 3);
    expect(new Set(world.server.seen.slice(before).map((call) => call.batch)).size).toBe(1);
  });

  test('[CLI41] a turn that says too much for one WebSocket message is split, in order', () => {
    const small = Array.from({ length: 2_500 }, (_, index) => Uint8Array.of(index & 0xff));
    expect(packFrames(small).map((batch) => batch.length)).toEqual([1_000, 1_000, 500]);
    const large = Array.from({ length: 5 }, (_, index) => new Uint8Array(400_000).fill(index));
    const packed = packFrames(large);
    expect(packed.map((batch) => batch.length)).toEqual([800_000, 800_000, 400_000]);
    expect(packed.every((batch) => batch.length <= LIMITS.maxSocketMessageBytes)).toBe(true);
    expect(packed[1]?.[0]).toBe(2);
  });

  test('[CLI42] a request without an answer fails with `unavailable` at its deadline', async () => {
    const world = new World();
    const { client } = await world.connected('ann');
    world.sockets('ann')[0]?.freeze();
    const outcome = asPromiseOfCode(client.request('ping', {}, { deadlineMs: 300 }));
    await world.clock.advance(300);
    expect(await outcome).toBe('unavailable');
  });

  test('[CLI43] after a loss reads are repeated, and of other requests the outcome is unknown', async () => {
    const world = new World();
    world.server.room('r', 'ann');
    const { client } = await world.connected('ann');
    const read = client.history('r');
    const write = asPromiseOfCode(client.createRoom('new'));
    world.sockets('ann')[0]?.cut();
    await world.until(() => client.state.kind === 'ready' && client.state.sinceMs === world.clock.now());
    await world.clock.advance(1_000);
    expect((await read).messages).toEqual([]);
    expect(await write).toBe('unavailable');
  });

  test('[CLI44] a request made while connecting goes out after the greeting', async () => {
    const world = new World();
    world.server.room('r', 'ann');
    const client = world.client('ann');
    client.connect();
    const page = client.history('r');
    await world.until(() => client.state.kind === 'ready');
    await world.clock.advance(100);
    expect((await page).more).toBe(false);
    expect(world.server.seen.map((call) => call.method)).toEqual(['hello', 'messages.history']);
  });
});

async function asPromiseOfCode(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'no error';
  } catch (error) {
    return asMailroomError(error).code;
  }
}
