/** Profiles, contacts, blocks, settings, presence and typing, over a real server. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { describeWith } from '../../support/back-ends.ts';
import { type Account, newAccounts } from '../../support/http.ts';
import { RawClient, textBody } from '../../support/raw-client.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { openOnEveryThread } from '../../support/threads.ts';
import { TEST_MS } from '../../support/wait.ts';

setDefaultTimeout(TEST_MS);

describe('people', () => peopleOver({}));
describeWith(['mysql', 'redis'], 'people on MySQL and Redis', (variables) =>
  peopleOver({ ...variables, MAILROOM_NAMESPACE: `people-${crypto.randomUUID()}` }),
);

function peopleOver(env: Readonly<Record<string, string>>): void {
  let server: TestServer;
  let accounts: readonly [Account, Account, Account];
  let ann: RawClient;
  let bob: RawClient;
  let eve: RawClient;
  const suffix = crypto.randomUUID().slice(0, 8);
  beforeAll(async () => {
    server = await startServer({ env });
    accounts = await newAccounts(server.url, [`Ann-${suffix}`, `bob-${suffix}`, `eve-${suffix}`]);
    ann = await RawClient.greet(server.url, accounts[0].token);
    bob = await RawClient.greet(server.url, accounts[1].token);
    eve = await RawClient.greet(server.url, accounts[2].token);
  });
  afterAll(() => server?.[Symbol.asyncDispose]());
  const [ANN, BOB, EVE] = [0, 1, 2] as const;
  const idOf = (who: 0 | 1 | 2): string => accounts[who].id;

  test('[PPL10] a profile is changed field by field, and others see it in users.get, users.find and users.search', async () => {
    await ann.ok('users.update', { displayName: 'Annika 👋' });
    const { user } = await ann.ok('users.update', { about: 'hello' });
    expect((await ann.refused('users.update', { avatar: 'f1', about: 'lost' })).code).toBe('not_found');
    expect(user).toEqual({
      id: idOf(ANN),
      username: accounts[ANN].username,
      displayName: 'Annika 👋',
      about: 'hello',
    });
    expect((await bob.ok('users.get', { users: [idOf(ANN)] })).users).toEqual([user]);
    expect(await bob.ok('users.find', { username: accounts[ANN].username })).toEqual({ user });
    expect((await bob.ok('users.search', { query: 'ANNIKA' })).users).toEqual([user]);
    expect((await bob.ok('users.search', { query: `aNN-${suffix}` })).users).toEqual([user]);
    const without = (await ann.ok('users.update', { avatar: '', about: '' })).user;
    expect(without).toEqual({ id: idOf(ANN), username: accounts[ANN].username, displayName: 'Annika 👋' });
    await ann.ok('users.set', { discoverable: false });
    expect((await bob.ok('users.search', { query: 'annika' })).users).toEqual([]);
    expect(await ann.ok('users.settings', {})).toEqual({ presence: 'everyone', receipts: true, discoverable: false });
  });

  test('[PPL11] a request, its acceptance and its end reach all sockets of both', async () => {
    const others = await openOnEveryThread(server.url, accounts[BOB].token);
    const { contact } = await ann.ok('contacts.request', { user: idOf(BOB), note: 'hi' });
    expect(contact).toMatchObject({ state: 'outgoing', note: 'hi' });
    for (const socket of [bob, ...others]) {
      const asked = await socket.notification('contact', ({ state }) => state === 'incoming');
      expect(asked.user.id).toBe(idOf(ANN));
    }
    expect((await bob.ok('contacts.list', { state: 'incoming' })).contacts.map(({ user }) => user.id)).toEqual([
      idOf(ANN),
    ]);
    expect((await ann.refused('contacts.accept', { user: idOf(BOB) })).code).toBe('not_found');
    expect((await bob.ok('contacts.accept', { user: idOf(ANN) })).contact.state).toBe('accepted');
    await ann.notification('contact', ({ state, user }) => state === 'accepted' && user.id === idOf(BOB));
    await bob.ok('contacts.remove', { user: idOf(ANN) });
    await ann.notification('contact', ({ state }) => state === 'none');
    expect((await ann.ok('contacts.list', {})).contacts).toEqual([]);
    expect((await ann.refused('contacts.request', { user: 'nobody' })).code).toBe('not_found');
    expect((await ann.refused('contacts.request', { user: idOf(ANN) })).code).toBe('invalid');
    for (const socket of others) await socket.close();
  });

  test('[PPL12] a block holds at once in an open direct room, from both doors, and not in groups', async () => {
    const { room } = await eve.ok('rooms.direct', { user: idOf(BOB) });
    const group = await bob.ok('rooms.create', { members: [idOf(EVE)] });
    await eve.post(room, 'before');
    await bob.ok('blocks.add', { user: idOf(EVE) });
    const post = { room, nonce: 'n', body: textBody('after') };
    for (const [method, params] of [
      ['messages.post', post],
      ['rooms.typing', { room }],
      ['rooms.direct', { user: idOf(BOB) }],
      ['contacts.request', { user: idOf(BOB) }],
    ] as const) {
      expect([method, (await eve.refused(method, params)).code]).toEqual([method, 'forbidden']);
    }
    expect((await bob.ok('messages.history', { room })).messages).toHaveLength(1);
    await bob.post(room, 'the blocker may');
    await eve.post(group.room, 'in the group');
    expect((await bob.ok('blocks.list', {})).users.map(({ id }) => id)).toEqual([idOf(EVE)]);
    expect((await eve.ok('users.search', { query: `bob-${suffix}` })).users).toEqual([]);
    await bob.ok('blocks.remove', { user: idOf(EVE) });
    await eve.post(room, 'again');
    await bob.ok('blocks.add', { user: idOf(ANN) });
    expect((await ann.refused('rooms.direct', { user: idOf(BOB) })).code).toBe('forbidden');
    await bob.ok('blocks.remove', { user: idOf(ANN) });
    await ann.ok('rooms.direct', { user: idOf(BOB) });
  });

  test('[PRS10] who follows sees who comes, is away and goes, on every thread; who does not follow sees nothing', async () => {
    const watchers = await openOnEveryThread(server.url, accounts[ANN].token);
    const { states } = await (watchers[0] as RawClient).ok('presence.subscribe', { users: [idOf(EVE), 'nobody'] });
    expect([...states].sort((a) => (a.user === idOf(EVE) ? -1 : 1))).toEqual([
      { user: idOf(EVE), state: 'online' },
      { user: 'nobody', state: 'offline' },
    ]);
    for (const watcher of watchers.slice(1)) await watcher.ok('presence.subscribe', { users: [idOf(EVE)] });
    await eve.ok('presence.set', { state: 'away' });
    for (const watcher of watchers) await watcher.notification('presence', ({ state }) => state === 'away');
    const second = await RawClient.greet(server.url, accounts[EVE].token);
    for (const watcher of watchers) await watcher.notification('presence', ({ state }) => state === 'online');
    await second.close();
    await eve.close();
    for (const watcher of watchers) {
      const gone = await watcher.notification('presence', ({ state }) => state === 'offline');
      expect(gone.lastSeen).toBeGreaterThan(0);
    }
    eve = await RawClient.greet(server.url, accounts[EVE].token);
    for (const watcher of watchers) {
      await watcher.until('eve to be back', () =>
        watcher.all('presence').at(-1)?.state === 'online' ? true : undefined,
      );
      await watcher.close();
    }
    expect(bob.all('presence')).toEqual([]);
  });

  test('[PRS11] who may not see is shown nothing, from the moment that the rules or blocks say so', async () => {
    await ann.ok('presence.subscribe', { users: [idOf(EVE)] });
    await eve.ok('users.set', { presence: 'contacts' });
    const hidden = await ann.notification('presence', ({ user, state }) => user === idOf(EVE) && state === 'offline');
    expect(hidden.lastSeen).toBeUndefined();
    await ann.ok('contacts.request', { user: idOf(EVE) });
    await eve.ok('contacts.accept', { user: idOf(ANN) });
    await ann.notification('presence', ({ user, state }) => user === idOf(EVE) && state === 'online');
    ann.notifications.length = 0;
    await eve.ok('blocks.add', { user: idOf(ANN) });
    await ann.notification('presence', ({ user, state }) => user === idOf(EVE) && state === 'offline');
    await eve.ok('blocks.remove', { user: idOf(ANN) });
    await eve.ok('users.set', { presence: 'everyone' });
    expect((await bob.ok('presence.subscribe', { users: [idOf(EVE)] })).states).toEqual([
      { user: idOf(EVE), state: 'online' },
    ]);
    await bob.ok('presence.unsubscribe', {});
  });

  test('[PRS12] typing reaches the members, once however often it is said, and is never in the history', async () => {
    const { room } = await ann.ok('rooms.create', { members: [idOf(BOB)] });
    await bob.notification('room', (change) => change.room === room);
    await Promise.all([1, 2, 3].map(() => ann.ok('rooms.typing', { room })));
    expect(await bob.notification('typing', (typing) => typing.room === room)).toEqual({ room, user: idOf(ANN) });
    await ann.post(room, 'x');
    await bob.upTo(room, 1);
    expect(bob.all('typing').filter((typing) => typing.room === room)).toHaveLength(1);
    expect((await bob.ok('messages.history', { room })).messages).toHaveLength(1);
    expect((await eve.refused('rooms.typing', { room })).code).toBe('forbidden');
  });
}
