/** Every method with params that are wrong, and with rooms and users that the caller has no part in. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { LIMITS } from '../../../src/protocol/limits.ts';
import { METHODS } from '../../../src/protocol/schema/catalogue.ts';
import { type Account, newAccounts } from '../../support/http.ts';
import { RawClient, range, textBody } from '../../support/raw-client.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { TEST_MS } from '../../support/wait.ts';

setDefaultTimeout(TEST_MS);

const body = textBody('x');
const ID65 = 'x'.repeat(65);
const post = (change: object) => ['messages.post', { room: 'r', nonce: 'n', body, ...change }] as const;
const history = (change: object) => ['messages.history', { room: 'r', ...change }] as const;

/** Params that any of the changing methods takes, but for these. */
function changing(method: string, wrong: object): readonly [string, object] {
  const good = { room: 'r', seq: 1, nonce: 'n', body: new Uint8Array(1), reaction: 'x', pinned: true };
  return [method, { ...good, ...wrong }];
}

/** Each is refused with `invalid` for its form alone. */
const INVALID: readonly (readonly [method: string, params: unknown])[] = [
  ...['rooms.join', 'rooms.leave', 'rooms.members', 'rooms.invite', 'messages.history', 'messages.read'].flatMap(
    (method) => [undefined, 5, '', 'with space', ID65, null, ['r']].map((room) => [method, { room, seq: 1 }] as const),
  ),
  ['devices.revoke', {}],
  ['devices.revoke', { device: 5 }],
  ['devices.revoke', { device: '' }],
  ['reports.create', {}],
  ['reports.create', { user: 'u', reason: '' }],
  ['reports.create', { user: ID65, reason: 'spam' }],
  ['reports.create', { room: 'r', seq: 0, reason: 'spam' }],
  ['rooms.create', { title: 5 }],
  ['rooms.create', { title: 'x'.repeat(LIMITS.maxTitleLength + 1) }],
  ['rooms.create', { members: 'ann' }],
  ['rooms.create', { members: [5] }],
  ['rooms.create', { members: range(0, LIMITS.maxMembersInCreate).map((n) => `u${n}`) }],
  ['rooms.direct', {}],
  ['rooms.direct', { user: 5 }],
  ['rooms.direct', { user: ID65 }],
  ['rooms.invite', { room: 'r' }],
  ['rooms.invite', { room: 'r', user: null }],
  ['rooms.members', { room: 'r', cursor: 5 }],
  ['rooms.list', { cursor: '' }],
  ['rooms.list', { cursor: 'x'.repeat(LIMITS.maxCursorLength + 1) }],
  ['users.find', {}],
  ['users.find', { username: '' }],
  ['users.find', { username: 'x'.repeat(65) }],
  ['users.get', {}],
  ['users.get', { users: [null] }],
  ['users.get', { users: range(0, LIMITS.maxUsersInGet).map((n) => `u${n}`) }],
  post({ room: undefined }),
  post({ nonce: undefined }),
  post({ nonce: '' }),
  post({ nonce: 5 }),
  post({ nonce: 'ü'.repeat(33) }),
  post({ body: undefined }),
  post({ body: 'text' }),
  post({ body: { type: 'text', text: 'x' } }),
  post({ body: new Uint8Array(0) }),
  post({ replyTo: 0 }),
  post({ replyTo: 1.5 }),
  post({ replyTo: '1' }),
  post({ mentions: 'ann' }),
  post({ mentions: [5] }),
  post({ mentions: range(0, LIMITS.maxMentions).map((n) => `u${n}`) }),
  post({ files: [5] }),
  post({ files: range(0, LIMITS.maxFiles).map((n) => `f${n}`) }),
  history({ limit: 0 }),
  history({ limit: 201 }),
  history({ limit: '50' }),
  history({ before: -1 }),
  history({ after: 0.5 }),
  history({ after: 2 ** 53 }),
  history({ before: 5, after: 1 }),
  ['rooms.create', { kind: 'direct' }],
  ['rooms.get', {}],
  ['rooms.update', { room: 'r', topic: 'x'.repeat(LIMITS.maxTopicLength + 1) }],
  ['rooms.update', { room: 'r', avatar: 'no id' }],
  ['rooms.update', { room: 'r', announcement: 1 }],
  ['rooms.update', { room: 'r', slowMode: LIMITS.maxSlowModeSeconds + 1 }],
  ['rooms.update', { room: 'r', slowMode: 0.5 }],
  ['rooms.update', { room: 'r', joinPolicy: 'closed' }],
  ['rooms.update', { room: 'r', past: 'some' }],
  ['rooms.kick', { room: 'r' }],
  ['rooms.ban', { room: 'r', user: 'u', until: 1 }],
  ['rooms.ban', { room: 'r', user: 'u', reason: 'x'.repeat(LIMITS.maxReasonLength + 1) }],
  ['rooms.unban', { room: 'r' }],
  ['rooms.bans', { room: 'r', cursor: '' }],
  ['rooms.mute', { room: 'r', user: 'u' }],
  ['rooms.mute', { room: 'r', user: 'u', until: 1 }],
  ['rooms.unmute', { user: 'u' }],
  ['rooms.role', { room: 'r', user: 'u', role: 'owner' }],
  ['rooms.transfer', { room: 'r' }],
  ['rooms.requests', { room: '' }],
  ['rooms.approve', { room: 'r' }],
  ['rooms.decline', { room: 'r' }],
  ['rooms.link-create', { room: 'r', expiresAt: 1 }],
  ['rooms.link-create', { room: 'r', maxUses: -1 }],
  ['rooms.links', {}],
  ['rooms.link-revoke', { room: 'r' }],
  ['rooms.link-join', { token: 'short' }],
  ['rooms.delete', {}],
  ['rooms.members', { room: 'r', role: 'muted' }],
  ...['edit', 'recall', 'react', 'pin'].flatMap((what) => [
    changing(`messages.${what}`, { room: 'with space' }),
    changing(`messages.${what}`, { seq: 0 }),
    changing(`messages.${what}`, { seq: undefined }),
    changing(`messages.${what}`, { nonce: 'ü'.repeat(33) }),
  ]),
  changing('messages.edit', { body: 'text' }),
  changing('messages.edit', { mentions: [5] }),
  changing('messages.react', { reaction: '' }),
  changing('messages.react', { reaction: 'ü'.repeat(17) }),
  changing('messages.react', { remove: 1 }),
  changing('messages.pin', { pinned: undefined }),
  ['messages.pins', { room: 5 }],
  ['messages.changes', { room: 'r' }],
  ['messages.changes', { room: 'r', after: -1 }],
  ['messages.changes', { room: 'r', after: 0, limit: 201 }],
  ['messages.forward', { room: 'r', nonce: 'n' }],
  ['messages.forward', { room: 'r', nonce: 'n', from: { room: 'r', seq: 0 } }],
  ['messages.forward', { room: 'r', nonce: '', from: { room: 'r', seq: 1 } }],
  ['messages.read', { room: 'r' }],
  ['messages.read', { room: 'r', seq: -1 }],
  ['messages.read', { room: 'r', seq: Number.POSITIVE_INFINITY }],
  ['messages.readers', { room: 'r', seq: 0 }],
  ['messages.hide', { room: 'r' }],
  ['messages.hide', { room: 'r', seqs: [0] }],
  ['messages.hidden', {}],
  ['rooms.mark', { room: 'r' }],
  ['users.update', { displayName: 'x'.repeat(LIMITS.maxDisplayNameLength + 1) }],
  ['users.update', { avatar: 'with space' }],
  ['users.update', { about: 5 }],
  ['users.search', { query: '' }],
  ['users.search', { query: 'x', cursor: 5 }],
  ['users.set', { presence: 'friends' }],
  ['users.set', { receipts: 'off' }],
  ['contacts.request', { user: 'u', note: 'x'.repeat(LIMITS.maxContactNoteLength + 1) }],
  ...['request', 'accept', 'decline', 'withdraw', 'remove'].map((verb) => [`contacts.${verb}`, { user: 5 }] as const),
  ['contacts.list', { state: 'none' }],
  ['blocks.add', {}],
  ['blocks.remove', { user: '' }],
  ['blocks.list', { cursor: 5 }],
  ['presence.subscribe', { users: range(0, LIMITS.maxPresenceUsers).map((n) => `u${n}`) }],
  ['presence.unsubscribe', { users: 'u' }],
  ['presence.set', { state: 'offline' }],
  ['rooms.typing', {}],
  ['messages.search', {}],
  ['messages.search', { query: '' }],
  ['messages.search', { query: 'x'.repeat(LIMITS.maxQueryLength + 1) }],
  ['messages.search', { query: 'x', limit: LIMITS.maxSearchHits + 1 }],
];

describe('methods', () => {
  let server: TestServer;
  let ann: Account;
  let bob: Account;
  let eve: Account;
  let member: RawClient;
  let stranger: RawClient;
  let group: string;
  let direct: string;
  beforeAll(async () => {
    server = await startServer();
    [ann, bob, eve] = await newAccounts(server.url, ['ann', 'bob', 'eve']);
    member = await RawClient.greet(server.url, ann.token);
    stranger = await RawClient.greet(server.url, eve.token);
    group = (await member.ok('rooms.create', { title: 'Closed', members: [bob.id] })).room;
    direct = (await member.ok('rooms.direct', { user: bob.id })).room;
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test.each(INVALID.map(([method, params]) => [method, short(params), params] as const))(
    '[ENG24] %s with %s is invalid',
    async (method, _, params) => {
      const fault = await member.refused(method, params);
      expect(fault.code).toBe('invalid');
      expect(fault.message).not.toBeEmpty();
    },
  );

  test('[ENG24] after all of it the socket still works', async () => {
    expect(await member.ok('ping', {})).toEqual({});
  });

  test('[ENG24] an unknown method is unsupported', async () => {
    for (const method of ['', 'no.such', '__proto__', 'constructor', 'toString']) {
      expect((await member.refused(method, {})).code).toBe('unsupported');
    }
  });

  test('[ENG24] keys that a method does not know are let pass', async () => {
    expect(await member.ok('ping', { later: [1, { two: 2 }] } as object)).toEqual({});
  });

  test('[ENG25] who is no member of a group may do nothing in it', async () => {
    for (const [method, params] of [
      ['messages.post', { room: group, nonce: 'n', body }],
      ['messages.history', { room: group }],
      ['messages.read', { room: group, seq: 0 }],
      ['rooms.members', { room: group }],
      ['rooms.invite', { room: group, user: eve.id }],
      ['rooms.leave', { room: group }],
    ] as const) {
      expect({ method, code: (await stranger.refused(method, params)).code }).toEqual({ method, code: 'forbidden' });
    }
    const { members } = await member.ok('rooms.members', { room: group });
    expect(members.map(({ user }) => user)).toEqual([ann.id, bob.id]);
    expect((await member.ok('messages.history', { room: group })).messages).toEqual([]);
  });

  test('[ENG25] a room that does not exist is not found', async () => {
    for (const client of [member, stranger]) {
      for (const [method, params] of roomCalls('no-such-room', eve.id)) {
        expect({ method, code: (await client.refused(method, params)).code }).toEqual({ method, code: 'not_found' });
      }
    }
  });

  test('[ENG25] a direct room of others is as if it did not exist', async () => {
    for (const [method, params] of roomCalls(direct, eve.id)) {
      expect({ method, code: (await stranger.refused(method, params)).code }).toEqual({ method, code: 'not_found' });
    }
  });

  test('[ENG25] a direct room cannot be joined by a third, invited into, or left', async () => {
    expect((await member.refused('rooms.invite', { room: direct, user: eve.id })).code).toBe('forbidden');
    expect((await member.refused('rooms.leave', { room: direct })).code).toBe('forbidden');
    const { members } = await member.ok('rooms.members', { room: direct });
    expect(members.map(({ user }) => user).sort()).toEqual([ann.id, bob.id].sort());
  });

  test('[ENG25] unknown users are not found, and no room comes of it', async () => {
    const before = (await member.ok('rooms.list', {})).rooms.length;
    expect((await member.refused('rooms.create', { members: [bob.id, 'nobody'] })).code).toBe('not_found');
    expect((await member.refused('rooms.direct', { user: 'nobody' })).code).toBe('not_found');
    expect((await member.refused('rooms.invite', { room: group, user: 'nobody' })).code).toBe('not_found');
    expect((await member.refused('rooms.direct', { user: ann.id })).code).toBe('invalid');
    expect((await member.refused('users.find', { username: 'nobody' })).code).toBe('not_found');
    expect((await member.ok('rooms.list', {})).rooms.length).toBe(before);
  });

  test('[ENG24] users are found by name and named by id; unknown ids are left out', async () => {
    expect(await member.ok('users.find', { username: 'eve' })).toEqual({ user: { id: eve.id, username: 'eve' } });
    const { users } = await member.ok('users.get', { users: [ann.id, 'nobody', bob.id, ann.id] });
    expect(users.map(({ username }) => username).sort()).toEqual(['ann', 'bob']);
    expect(await member.ok('users.get', { users: [] })).toEqual({ users: [] });
  });

  test('[ENG24] a body over the limit is too large, and one of exactly the limit is posted and read back', async () => {
    const largest = crypto.getRandomValues(new Uint8Array(LIMITS.maxBodyBytes));
    const over = { room: group, nonce: 'over', body: new Uint8Array(LIMITS.maxBodyBytes + 1) };
    expect((await member.refused('messages.post', over)).code).toBe('too_large');
    const { seq } = await member.ok('messages.post', { room: group, nonce: 'largest', body: largest });
    const delivered = await member.notification('message', (message) => message.room === group && message.seq === seq);
    expect(Buffer.from(delivered.body).equals(largest)).toBe(true);
    const { messages } = await member.ok('messages.history', { room: group, limit: 1 });
    expect(Buffer.from(messages[0]?.body as Uint8Array).equals(largest)).toBe(true);
  });

  test('[ENG24] all methods of the catalogue were spoken of here', () => {
    const tested = new Set([...INVALID.map(([method]) => method), 'hello', 'ping', 'users.settings', 'devices.list']);
    expect(Object.keys(METHODS).filter((method) => !tested.has(method))).toEqual([]);
  });
});

function roomCalls(room: string, user: string): readonly (readonly [method: string, params: object])[] {
  return [
    ['messages.post', { room, nonce: 'n', body }],
    ['messages.history', { room }],
    ['messages.read', { room, seq: 0 }],
    ['messages.readers', { room, seq: 1 }],
    ['messages.hide', { room, seqs: [] }],
    ['messages.hidden', { room }],
    ['rooms.mark', { room, unread: true }],
    ['rooms.typing', { room }],
    ['messages.search', { room, query: 'text' }],
    ['rooms.members', { room }],
    ['rooms.invite', { room, user }],
    ['rooms.join', { room }],
    ['rooms.leave', { room }],
  ];
}

function short(params: unknown): string {
  const text =
    JSON.stringify(params, (_, value) => (value instanceof Uint8Array ? `bytes(${value.length})` : value)) ?? '';
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
