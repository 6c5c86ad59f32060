import { describe, expect, test } from 'bun:test';
import { encodeNotification } from '../protocol/frames/rpc.ts';
import { bodyOf, textOf, World } from './testing/world.ts';

describe('messages', () => {
  test('[CLI1] messages are delivered once each and in order, repeats on the wire notwithstanding', async () => {
    const world = new World();
    world.server.room('r', 'ann');
    world.server.meddler = { copies: () => 2 };
    const { messages } = await world.connected('ann');
    for (let n = 1; n <= 20; n++) world.server.store('r', 'bob', `n${n}`, bodyOf(`${n}`));
    await world.until(() => messages.length >= 20);
    await world.clock.advance(1_000);
    expect(messages.map((message) => message.seq)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
  });

  test('[CLI2] a hole is filled from history before what follows it is delivered', async () => {
    const world = new World();
    world.server.room('r', 'ann');
    const { messages } = await world.connected('ann');
    let sent = 0;
    world.server.meddler = { copies: () => (++sent === 2 || sent === 3 ? 0 : 1) };
    for (const text of ['one', 'two', 'three', 'four', 'five']) world.server.store('r', 'bob', text, bodyOf(text));
    await world.until(() => messages.length === 5);
    expect(messages.map(textOf)).toEqual(['one', 'two', 'three', 'four', 'five']);
    expect(world.server.seen.filter((call) => call.method === 'messages.history')).toHaveLength(1);
  });

  test('[CLI3] a gap is fetched page by page, with what comes meanwhile after it', async () => {
    const world = new World();
    world.server.room('r', 'ann');
    const { messages } = await world.connected('ann');
    world.server.meddler = { copies: () => 0 };
    for (let n = 1; n <= 450; n++) world.server.store('r', 'bob', `n${n}`, bodyOf(`${n}`));
    world.server.meddler = {};
    world.sockets('ann')[0]?.send(encodeNotification('gap', { room: 'r', stream: 'messages', from: 1, to: 450 }));
    world.server.store('r', 'bob', 'live', bodyOf('live'));
    await world.until(() => messages.length === 451);
    expect(messages.map((message) => message.seq)).toEqual(Array.from({ length: 451 }, (_, index) => index + 1));
  });

  test('[CLI4] a reconnect resumes each room from its last delivered message', async () => {
    const world = new World();
    world.server.room('r', 'ann');
    const { client, messages } = await world.connected('ann');
    world.server.store('r', 'bob', 'a', bodyOf('a'));
    await world.until(() => messages.length === 1);
    world.sockets('ann')[0]?.cut();
    world.server.store('r', 'bob', 'b', bodyOf('b'));
    await world.until(() => messages.length === 2);
    const hello = world.server.seen.filter((call) => call.method === 'hello').at(-1);
    expect(hello?.params).toMatchObject({ resume: { r: [1, 0, 'log-1'] } });
    expect(client.positions()).toEqual({ r: { seq: 2, change: 0, log: 'log-1' } });
  });

  test('[CLI4] a later client goes on from the positions of an earlier one', async () => {
    const world = new World();
    world.server.room('r', 'ann');
    for (const text of ['a', 'b', 'c']) world.server.store('r', 'bob', text, bodyOf(text));
    const { messages } = await world.connected('ann', { positions: { r: { seq: 1, change: 0, log: 'log-1' } } });
    await world.until(() => messages.length === 2);
    expect(messages.map(textOf)).toEqual(['b', 'c']);
  });

  test('[CLI4] rooms beyond those that a greeting may name catch up from history', async () => {
    const world = new World();
    world.server.pageSize = 2_000;
    const ids = Array.from({ length: 1_003 }, (_, index) => `room-${index}`);
    for (const id of ids) world.server.room(id, 'ann');
    const { messages } = await world.connected('ann');
    world.sockets('ann')[0]?.cut();
    for (const id of ids) world.server.store(id, 'bob', id, bodyOf(id));
    await world.until(() => messages.length === ids.length, 5_000);
    expect(world.server.seen.filter((call) => call.method === 'messages.history')).toHaveLength(3);
    expect(new Set(messages.map((message) => message.room)).size).toBe(ids.length);
  });

  test('[CLI5] a room with another log is reported for reload, and its stream goes on from the new head', async () => {
    const world = new World();
    const room = world.server.room('r', 'ann');
    for (const text of ['a', 'b', 'c']) world.server.store('r', 'bob', text, bodyOf(text));
    const { client, messages } = await world.connected('ann');
    const reloads: string[] = [];
    client.on('reload', (event) => reloads.push(event.room));
    room.log = 'log-2';
    room.messages = room.messages.slice(0, 1);
    world.sockets('ann')[0]?.cut();
    await world.until(() => reloads.length === 1 && client.state.kind === 'ready');
    world.server.store('r', 'bob', 'd', bodyOf('d'));
    await world.until(() => messages.length === 1);
    expect(messages.map((message) => [message.seq, textOf(message)])).toEqual([[2, 'd']]);
  });

  test('[CLI6] of a longer absence than the client wants to fetch, the older part is told as a gap', async () => {
    const world = new World();
    world.server.room('r', 'ann');
    const { client, messages } = await world.connected('ann', { maxFillMessages: 10 });
    const gaps: object[] = [];
    client.on('gap', (gap) => gaps.push(gap));
    world.sockets('ann')[0]?.cut();
    world.server.meddler = { onResume: () => 'gap' };
    for (let n = 1; n <= 100; n++) world.server.store('r', 'bob', `n${n}`, bodyOf(`${n}`));
    await world.until(() => messages.length === 10);
    expect(gaps).toEqual([{ room: 'r', from: 1, to: 90 }]);
    expect(messages[0]?.seq).toBe(91);
  });

  test('[CLI7] a tail that the server failed to push on resume is fetched within ten seconds', async () => {
    const world = new World();
    world.server.room('r', 'ann');
    const { client, messages } = await world.connected('ann');
    world.sockets('ann')[0]?.cut();
    world.server.store('r', 'bob', 'a', bodyOf('a'));
    world.server.meddler = { onResume: () => 'nothing' };
    await world.until(() => client.state.kind === 'ready');
    expect(messages).toEqual([]);
    await world.until(() => messages.length === 1, 11_000);
    expect(messages.map(textOf)).toEqual(['a']);
  });
});

describe('rooms', () => {
  test('[CLI8] the room list is complete over pages, and a room that is no longer listed goes', async () => {
    const world = new World();
    world.server.pageSize = 2;
    for (const id of ['a', 'b', 'c', 'd', 'e']) world.server.room(id, 'ann');
    const { client } = await world.connected('ann');
    await world.until(() => client.rooms.size === 5);
    world.sockets('ann')[0]?.cut();
    world.server.rooms.get('d')?.members.delete('ann');
    await world.until(() => client.rooms.size === 4);
    expect([...client.rooms.keys()].sort()).toEqual(['a', 'b', 'c', 'e']);
  });

  test('[CLI9] unread counts what others wrote after the read position', async () => {
    const world = new World();
    world.server.room('r', 'ann');
    const { client, messages } = await world.connected('ann');
    world.server.store('r', 'bob', 'a', bodyOf('a'));
    world.server.store('r', 'bob', 'b', bodyOf('b'));
    await world.until(() => messages.length === 2);
    expect(client.rooms.get('r')?.unread).toBe(2);
    client.markRead('r', 2);
    expect(client.rooms.get('r')?.unread).toBe(0);
    client.post('r', bodyOf('mine'));
    await world.until(() => messages.length === 3);
    expect(client.rooms.get('r')?.unread).toBe(0);
  });

  test('[CLI10] read positions go out one at a time and the newest counts', async () => {
    const world = new World();
    const room = world.server.room('r', 'ann');
    const { client } = await world.connected('ann');
    for (let seq = 1; seq <= 50; seq++) client.markRead('r', seq);
    await world.until(() => room.read.get('ann') === 50);
    expect(world.server.seen.filter((call) => call.method === 'messages.read')).toHaveLength(2);
  });

  test('[CLI11] leaving a room ends its messages', async () => {
    const world = new World();
    world.server.room('r', 'ann');
    const { client, messages } = await world.connected('ann');
    const left = client.leaveRoom('r');
    await world.until(() => client.rooms.size === 0);
    await left;
    world.server.store('r', 'bob', 'a', bodyOf('a'));
    await world.clock.advance(1_000);
    expect(messages).toEqual([]);
  });
});

test('[CLI12] what a handler throws reaches the error handler and stops no other', async () => {
  const world = new World();
  world.server.room('r', 'ann');
  const errors: unknown[] = [];
  const { client, messages } = await world.connected('ann', { onHandlerError: (error) => errors.push(error) });
  const seen: string[] = [];
  client.on('message', () => {
    throw new Error('a careless handler');
  });
  client.on('message', (message) => seen.push(textOf(message)));
  world.server.store('r', 'bob', 'a', bodyOf('a'));
  await world.until(() => messages.length === 1);
  expect(seen).toEqual(['a']);
  expect(errors).toHaveLength(1);
});
