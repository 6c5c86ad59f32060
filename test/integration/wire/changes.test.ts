/** Edits, recalls, reactions and pins: what everybody is told, and what is read afterwards. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { MailroomClient } from '../../../src/client/client.ts';
import { decodeBody } from '../../../src/protocol/frames/body.ts';
import type { Changed, Message, ResumePosition } from '../../../src/protocol/types.ts';
import { tempDir } from '../../contract/temp-dir.ts';
import { type Account, newAccounts } from '../../support/http.ts';
import { RawClient, range, textBody } from '../../support/raw-client.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { openOnEveryThread } from '../../support/threads.ts';
import { TEST_MS, Watchers } from '../../support/wait.ts';

setDefaultTimeout(TEST_MS);

const textOf = ({ body }: Pick<Message, 'body'>): unknown => {
  const decoded = decodeBody(body);
  return decoded?.type === 'text' ? decoded.text : decoded?.type === 'system' && decoded.event;
};

const changesOf = (client: RawClient, room: string): Changed[] =>
  client.all('changed').filter((changed) => changed.room === room);

const untilChange = (client: RawClient, room: string, change: number): Promise<Changed[]> =>
  client.until(`change ${change}`, () => {
    const changes = changesOf(client, room);
    return changes.some((each) => each.change === change) ? changes : undefined;
  });

describe('changes of messages', () => {
  let server: TestServer;
  let accounts: readonly [Account, Account, Account];
  let ann: RawClient;
  let bob: RawClient;
  let room: string;
  beforeAll(async () => {
    server = await startServer();
    accounts = await newAccounts(server.url, ['ann', 'bob', 'cy']);
    ann = await RawClient.greet(server.url, accounts[0].token);
    bob = await RawClient.greet(server.url, accounts[1].token);
    room = (await ann.ok('rooms.create', { members: [accounts[1].id] })).room;
  });
  afterAll(() => server[Symbol.asyncDispose]());

  async function freshRoom(): Promise<string> {
    return (await ann.ok('rooms.create', { members: [accounts[1].id] })).room;
  }
  const nonce = (): string => crypto.randomUUID();
  const edit = (client: RawClient, inRoom: string, seq: number, text: string, of = nonce()) =>
    client.ok('messages.edit', { room: inRoom, seq, nonce: of, body: textBody(text) });
  const message = async (client: RawClient, inRoom: string, seq: number): Promise<Message> => {
    const { messages } = await client.ok('messages.history', { room: inRoom, after: seq - 1, limit: 1 });
    return messages[0] as Message;
  };

  test('[CHG1] every change is told to every socket of every member once, in one order without a hole', async () => {
    const sockets = [ann, bob, ...(await openOnEveryThread(server.url, accounts[1].token))];
    const { seq } = await ann.post(room, 'first');
    expect(await edit(ann, room, seq, 'second', 'e')).toEqual({ change: 1 });
    expect(await bob.ok('messages.react', { room, seq, nonce: 'r', reaction: '👍' })).toEqual({ change: 2 });
    expect(await ann.ok('messages.pin', { room, seq, nonce: 'p', pinned: true })).toEqual({ change: 3 });
    expect(await ann.ok('messages.recall', { room, seq, nonce: 'x' })).toEqual({ change: 4 });
    for (const socket of sockets) {
      const told = await untilChange(socket, room, 4);
      expect(told.map(({ change, kind, seq: of }) => [change, kind, of])).toEqual([
        [1, 'edited', seq],
        [2, 'reacted', seq],
        [3, 'pinned', seq],
        [4, 'recalled', seq],
      ]);
      expect(told[0]).toMatchObject({ from: accounts[0].id, nonce: 'e' });
      expect(textOf(told[0] as Message & Changed)).toBe('second');
      expect(told[1]).toMatchObject({ from: accounts[1].id, reaction: '👍' });
      expect(told[2]).toMatchObject({ pinned: true });
    }
    for (const socket of sockets.slice(2)) await socket.close();
  });

  test('[CHG2] history shows what the changes have made of messages, to each reader in their way', async () => {
    const fresh = await freshRoom();
    for (const text of ['1', '2', '3', '4']) await ann.post(fresh, text);
    await ann.ok('messages.edit', {
      room: fresh,
      seq: 1,
      nonce: 'e',
      body: textBody('one'),
      mentions: [accounts[1].id],
    });
    for (const client of [ann, bob])
      await client.ok('messages.react', { room: fresh, seq: 2, nonce: 'r', reaction: '👍' });
    await bob.ok('messages.react', { room: fresh, seq: 2, nonce: 'r2', reaction: 'ok' });
    await ann.ok('messages.react', { room: fresh, seq: 2, nonce: 'r3', reaction: '👍', remove: true });
    await ann.ok('messages.recall', { room: fresh, seq: 3, nonce: 'x' });
    await ann.ok('messages.pin', { room: fresh, seq: 4, nonce: 'p', pinned: true });
    for (const [client, mine] of [
      [ann, {}],
      [bob, { mine: true }],
    ] as const) {
      const { messages, change } = await client.ok('messages.history', { room: fresh });
      expect(change).toBe(7);
      expect(messages.map(textOf)).toEqual(['one', '2', 'recalled', '4']);
      expect(messages[0]).toMatchObject({ change: 1, mentions: [accounts[1].id] });
      expect(messages[0]?.edited).toBeGreaterThanOrEqual(messages[0]?.at ?? 0);
      expect(messages[1]).toMatchObject({ change: 5 });
      expect(messages[1]?.reactions).toEqual([
        { reaction: '👍', count: 1, ...mine },
        { reaction: 'ok', count: 1, ...mine },
      ]);
      expect(messages[2]).toMatchObject({ recalled: true, from: accounts[0].id, change: 6 });
      expect(messages[3]).toMatchObject({ pinned: true, change: 7 });
    }
    expect(await bob.ok('messages.pins', { room: fresh })).toEqual({
      pins: [{ seq: 4, at: expect.any(Number) as number, by: accounts[0].id }],
      change: 7,
    });
  });

  test('[CHG3] a repeated nonce is the same change: on another socket, while in flight, and apart from posts', async () => {
    const fresh = await freshRoom();
    await ann.post(fresh, 'text', 'same');
    const params = { room: fresh, seq: 1, nonce: 'same', body: textBody('edited') };
    const answers = await Promise.all(
      ann.askAll([
        ['messages.edit', params],
        ['messages.edit', params],
      ]),
    );
    expect(answers.map(({ result }) => result)).toEqual([{ change: 1 }, { change: 1 }]);
    using again = await RawClient.greet(server.url, accounts[0].token);
    expect(await again.ok('messages.edit', params)).toEqual({ change: 1 });
    expect(await edit(ann, fresh, 1, 'once more')).toEqual({ change: 2 });
  });

  test('[CHG4] who may change what is decided by author, role and age', async () => {
    const fresh = await freshRoom();
    const cy = await RawClient.greet(server.url, accounts[2].token);
    await ann.post(fresh, 'of ann');
    await bob.post(fresh, 'of bob');
    const code = async (client: RawClient, method: string, more: object, seq = 1): Promise<string> =>
      (await client.refused(method, { room: fresh, seq, nonce: nonce(), ...more })).code;
    const body = textBody('x');
    expect(await code(bob, 'messages.edit', { body })).toBe('forbidden');
    expect(await code(ann, 'messages.edit', { body }, 2)).toBe('forbidden');
    expect(await code(bob, 'messages.recall', {})).toBe('forbidden');
    expect(await code(bob, 'messages.pin', { pinned: true })).toBe('forbidden');
    expect(await code(cy, 'messages.react', { reaction: 'x' })).toBe('forbidden');
    expect(await code(ann, 'messages.react', { reaction: 'x' }, 9)).toBe('not_found');
    expect(await code(ann, 'messages.react', { reaction: 'x', remove: true })).toBe('conflict');
    expect(await code(ann, 'messages.pin', { pinned: false })).toBe('conflict');
    expect(await code(ann, 'messages.react', { reaction: 'x'.repeat(33) })).toBe('invalid');
    expect(await ann.ok('messages.recall', { room: fresh, seq: 2, nonce: 'x' })).toEqual({ change: 1 });
    expect(await code(bob, 'messages.edit', { body }, 2)).toBe('conflict');
    expect(await code(bob, 'messages.react', { reaction: 'x' }, 2)).toBe('conflict');
    const { room: direct } = await ann.ok('rooms.direct', { user: accounts[1].id });
    await ann.post(direct, 'between us');
    expect(await bob.ok('messages.pin', { room: direct, seq: 1, nonce: 'p', pinned: true })).toEqual({ change: 1 });
    expect((await bob.refused('messages.recall', { room: direct, seq: 1, nonce: 'x' })).code).toBe('forbidden');
  });

  test('[CHG5] changes of one socket keep the order of sending, pipelined, and pages of them make up all', async () => {
    const fresh = await freshRoom();
    await ann.post(fresh, 'text');
    const answers = await Promise.all(
      ann.askAll(
        range(1, 300).map((n) => ['messages.edit', { room: fresh, seq: 1, nonce: `${n}`, body: textBody(`${n}`) }]),
      ),
    );
    expect(answers.map(({ result }) => result)).toEqual(range(1, 300).map((change) => ({ change })));
    const read: Changed[] = [];
    for (let more = true; more; ) {
      const page = await bob.ok('messages.changes', { room: fresh, after: read.length, limit: 77 });
      read.push(...page.changes);
      more = page.more;
    }
    expect(read.map(({ change }) => change)).toEqual(range(1, 300));
    expect(read.map((each) => textOf(each as Message & Changed))).toEqual(range(1, 300).map(String));
    expect(await untilChange(bob, fresh, 300)).toEqual(read);
    expect(textOf(await message(bob, fresh, 1))).toBe('300');
    expect(await bob.ok('messages.changes', { room: fresh, after: 300 })).toEqual({ changes: [], more: false });
  });

  test('[CHG6] after a recall nobody is shown the content, by whatever way', async () => {
    const fresh = await freshRoom();
    await ann.post(fresh, 'secret one');
    await edit(ann, fresh, 1, 'secret two');
    await ann.post(fresh, 'open');
    await ann.ok('messages.recall', { room: fresh, seq: 1, nonce: 'x' });
    const { changes } = await bob.ok('messages.changes', { room: fresh, after: 0 });
    expect(changes.map(({ kind, seq, body }) => [kind, seq, body])).toEqual([
      ['withheld', 1, undefined],
      ['recalled', 1, undefined],
    ]);
    const log = (await bob.ok('rooms.list', {})).rooms.find(({ id }) => id === fresh)?.log;
    const positions: ResumePosition[] = [0, [0, 0, log ?? '']];
    for (const position of positions) {
      using late = await RawClient.greet(server.url, accounts[1].token, { [fresh]: position });
      await late.upTo(fresh, 2);
      expect(late.messages(fresh).map(textOf)).toEqual(['recalled', 'open']);
      if (typeof position !== 'number') await untilChange(late, fresh, 2);
      expect(changesOf(late, fresh).map(({ kind }) => kind)).toEqual(
        typeof position === 'number' ? [] : ['withheld', 'recalled'],
      );
    }
  });

  test('[CHG7] who comes back gets the messages and the changes that were missed, once, in order', async () => {
    const fresh = await freshRoom();
    await ann.post(fresh, '1');
    await edit(ann, fresh, 1, 'one');
    const log = (await bob.ok('rooms.list', {})).rooms.find(({ id }) => id === fresh)?.log ?? '';
    for (const n of range(2, 40)) {
      await ann.post(fresh, `${n}`);
      await edit(ann, fresh, n, `edited ${n}`);
    }
    using back = await RawClient.greet(server.url, accounts[1].token, { [fresh]: [1, 1, log] });
    await edit(ann, fresh, 1, 'last');
    const changes = await untilChange(back, fresh, 41);
    expect(changes.map(({ change }) => change)).toEqual(range(2, 41));
    expect(back.seqs(fresh)).toEqual(range(2, 40));
    const seen = new Set([1]);
    for (const { method, params } of back.notifications) {
      if (params.room !== fresh) continue;
      if (method === 'message') seen.add(params.seq as number);
      if (method === 'changed') expect(seen).toContain(params.seq as number);
    }
  });

  test('[GRP50] where the past is closed, what became of messages from before one joined comes without content, on every way', async () => {
    const closed = await freshRoom();
    await ann.ok('rooms.update', { room: closed, past: 'joined' });
    await ann.post(closed, 'before');
    await edit(ann, closed, 1, 'changed before');
    using cy = await RawClient.greet(server.url, accounts[2].token);
    const { log } = await cy.ok('rooms.join', { room: closed });
    await ann.post(closed, 'after');
    await edit(ann, closed, 1, 'changed later');
    await edit(ann, closed, 2, 'for all');
    await ann.ok('messages.recall', { room: closed, seq: 1, nonce: nonce() });
    const kinds = (changes: readonly Changed[]) =>
      changes.map(({ change, seq, kind }): unknown[] => [change, seq, kind]);
    const ofLater: ReturnType<typeof kinds> = [
      [2, 1, 'withheld'],
      [3, 2, 'edited'],
      [4, 1, 'withheld'],
    ];
    const live = await untilChange(cy, closed, 4);
    expect(kinds(live)).toEqual(ofLater);
    const { changes } = await cy.ok('messages.changes', { room: closed, after: 0 });
    expect(kinds(changes)).toEqual([[1, 1, 'withheld'], ...ofLater]);
    using resumed = await RawClient.greet(server.url, accounts[2].token, { [closed]: [0, 0, log] });
    const replayed = await untilChange(resumed, closed, 4);
    expect(kinds(replayed)).toEqual([[1, 1, 'withheld'], ...ofLater]);
    expect(resumed.seqs(closed)).toEqual([2]);
    for (const change of [...live, ...changes, ...replayed]) {
      if (change.kind === 'withheld') expect(Object.keys(change).sort()).toEqual(['change', 'kind', 'room', 'seq']);
    }
    const others = await untilChange(bob, closed, 4);
    expect(kinds(others)).toEqual([
      [1, 1, 'edited'],
      [2, 1, 'edited'],
      [3, 2, 'edited'],
      [4, 1, 'recalled'],
    ]);
  });

  test('[CHG8] more than 500 missed changes are a gap, which messages.changes fills', async () => {
    const fresh = await freshRoom();
    await ann.post(fresh, '1');
    const log = (await bob.ok('rooms.list', {})).rooms.find(({ id }) => id === fresh)?.log ?? '';
    const reactions = range(1, 501).map((n): [string, object] => [
      'messages.edit',
      { room: fresh, seq: 1, nonce: `${n}`, body: textBody(`${n}`) },
    ]);
    for (const { fault } of await Promise.all(ann.askAll(reactions))) expect(fault).toBeNull();
    using back = await RawClient.greet(server.url, accounts[1].token, { [fresh]: [1, 0, log] });
    const gap = await back.notification('gap', (each) => each.room === fresh);
    expect(gap).toEqual({ room: fresh, stream: 'changes', from: 1, to: 501 });
    await edit(ann, fresh, 1, 'next');
    expect((await untilChange(back, fresh, 502)).map(({ change }) => change)).toEqual([502]);
  });

  test('[CHG9] forwarding copies a message that the user may read, and names its author', async () => {
    const [source, target] = [await freshRoom(), (await ann.ok('rooms.create', {})).room];
    const { at } = await bob.post(source, 'worth it');
    const sent = await ann.ok('messages.forward', { from: { room: source, seq: 1 }, room: target, nonce: 'f' });
    expect(await ann.ok('messages.forward', { from: { room: source, seq: 1 }, room: target, nonce: 'f' })).toEqual(
      sent,
    );
    const copy = await message(ann, target, sent.seq);
    expect(textOf(copy)).toBe('worth it');
    expect(copy.forwarded).toEqual({ room: source, from: accounts[1].id, at });
    const again = await ann.ok('messages.forward', { from: { room: target, seq: 1 }, room: source, nonce: 'g' });
    expect((await message(bob, source, again.seq)).forwarded).toEqual({ room: source, from: accounts[1].id, at });
    const refused = await bob.refused('messages.forward', { from: { room: target, seq: 1 }, room: source, nonce: 'h' });
    expect(refused.code).toBe('forbidden');
    await bob.ok('messages.recall', { room: source, seq: 1, nonce: 'x' });
    const late = await ann.refused('messages.forward', { from: { room: source, seq: 1 }, room: target, nonce: 'i' });
    expect(late.code).toBe('conflict');
  });

  test('[CHG10] windows bound what authors may change, but not what owners may recall', async () => {
    await using strict = await startServer({ env: { MAILROOM_EDIT_WINDOW: '0s', MAILROOM_RECALL_WINDOW: '0s' } });
    const [owner, member] = await newAccounts(strict.url, ['own', 'mem']);
    const a = await RawClient.greet(strict.url, owner.token);
    const b = await RawClient.greet(strict.url, member.token);
    const { room: own } = await a.ok('rooms.create', { members: [member.id] });
    const { at } = await b.post(own, 'x');
    await b.until('the window to be over', () => (Date.now() > at + 1 ? true : undefined));
    expect((await b.refused('messages.edit', { room: own, seq: 1, nonce: 'e', body: textBody('y') })).code).toBe(
      'forbidden',
    );
    expect((await b.refused('messages.recall', { room: own, seq: 1, nonce: 'r' })).code).toBe('forbidden');
    expect(await a.ok('messages.recall', { room: own, seq: 1, nonce: 'r' })).toEqual({ change: 1 });
  });
});

describe('changes in the client library', () => {
  test('[CHG30] changes come once and in order, over a crash of the server and an absence', async () => {
    using dir = tempDir();
    const first = await startServer({ dataDir: dir.path });
    const [carl, dora] = await newAccounts(first.url, ['carl', 'dora']);
    const writer = await RawClient.greet(first.url, carl.token);
    const { room } = await writer.ok('rooms.create', { members: [dora.id] });
    const port = Number(new URL(first.url).port);
    const seen: number[] = [];
    const watchers = new Watchers();
    const client = new MailroomClient({ url: first.url, token: dora.token });
    client.on('changed', ({ change }) => {
      seen.push(change);
      watchers.look();
    });
    const untilSeen = (change: number): Promise<true> =>
      watchers.until(`change ${change} in the client`, () => (seen.includes(change) ? true : undefined));
    client.connect();
    await client.ready();
    await writer.post(room, '1');
    expect(await client.react(room, 1, '👍')).toEqual({ change: 1 });
    await untilSeen(1);
    await first.kill();
    await using second = await startServer({ dataDir: dir.path, port });
    using again = await RawClient.greet(second.url, carl.token);
    for (const n of range(2, 30)) {
      await again.ok('messages.edit', { room, seq: 1, nonce: `${n}`, body: textBody(`${n}`) });
    }
    client.wake();
    await untilSeen(30);
    expect(seen).toEqual(range(1, 30));
    expect(client.positions()[room]).toMatchObject({ seq: 1, change: 30 });
    client.close();
  });
});

describe('changes over a crash', () => {
  test('[CHG11] changes, their order and their nonces survive kill -9, and the store shows what the tail had shown', async () => {
    using dir = tempDir();
    const first = await startServer({ dataDir: dir.path });
    const [carl] = await newAccounts(first.url, ['carl']);
    const writer = await RawClient.greet(first.url, carl.token);
    const { room } = await writer.ok('rooms.create', {});
    for (const text of ['1', '2', '3']) await writer.post(room, text);
    const body = textBody('edited');
    await writer.ok('messages.edit', { room, seq: 1, nonce: 'e', body });
    await writer.ok('messages.react', { room, seq: 1, nonce: 'r', reaction: '👍' });
    await writer.ok('messages.edit', { room, seq: 2, nonce: 'f', body });
    await writer.ok('messages.pin', { room, seq: 3, nonce: 'p', pinned: true });
    await writer.ok('messages.recall', { room, seq: 2, nonce: 'x' });
    const before = await writer.ok('messages.history', { room });
    const changes = await writer.ok('messages.changes', { room, after: 0 });
    const pins = await writer.ok('messages.pins', { room });
    await first.kill();
    await using second = await startServer({ dataDir: dir.path });
    using after = await RawClient.greet(second.url, carl.token);
    expect(after.hello.rooms[0]).toMatchObject({ id: room, seq: 3, change: 5 });
    expect(await after.ok('messages.history', { room })).toEqual(before);
    expect(await after.ok('messages.changes', { room, after: 0 })).toEqual(changes);
    expect(await after.ok('messages.pins', { room })).toEqual(pins);
    expect(await after.ok('messages.edit', { room, seq: 1, nonce: 'e', body })).toEqual({ change: 1 });
    expect((await after.refused('messages.react', { room, seq: 1, nonce: 's', reaction: '👍' })).code).toBe('conflict');
    expect(await after.ok('messages.react', { room, seq: 1, nonce: 't', reaction: '👍', remove: true })).toEqual({
      change: 6,
    });
    expect(await after.ok('messages.pin', { room, seq: 3, nonce: 'q', pinned: false })).toEqual({ change: 7 });
    const messages = (await after.ok('messages.history', { room })).messages;
    expect(messages.map(textOf)).toEqual(['edited', 'recalled', '3']);
    expect(messages.map(({ reactions, pinned }) => [reactions, pinned])).toEqual(
      range(1, 3).map(() => [undefined, undefined]),
    );
  });
});
