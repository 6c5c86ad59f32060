/** Every method that names a room, by everybody, in every kind of room, against the one table of permissions. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import type { TSchema } from '@sinclair/typebox';
import { PERMISSIONS, type RoomAction, refusalFor, type Standing } from '../../../src/actors/room/permissions.ts';
import { INITIAL_FIELDS, type RoomState } from '../../../src/actors/room/state.ts';
import { METHODS } from '../../../src/protocol/schema/catalogue.ts';
import type { Method, ParamsOf } from '../../../src/protocol/types.ts';
import { type Account, newAccounts } from '../../support/http.ts';
import { RawClient, textBody } from '../../support/raw-client.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { TEST_MS } from '../../support/wait.ts';

setDefaultTimeout(TEST_MS);

/** Methods whose params name a room. */
type RoomMethod = { [M in Method]: ParamsOf<M> extends { readonly room: string } ? M : never }[Method];

interface Target {
  readonly room: string;
  /** A plain member, and somebody who is none. */
  readonly member: string;
  readonly stranger: string;
}

interface Row {
  readonly action: RoomAction;
  readonly params: (target: Target) => Readonly<Record<string, unknown>>;
  /** What is refused although the table lets it pass this far: nothing to do it to. */
  readonly otherwise?: string;
}

const LATER = 4_000_000_000_000;
let nonces = 0;
const room = ({ room: id }: Target) => ({ room: id });
const onMember = (target: Target) => ({ room: target.room, user: target.member });
const onStranger = (target: Target) => ({ room: target.room, user: target.stranger });

const ROWS: { readonly [M in RoomMethod]?: Row } = {
  'messages.post': {
    action: 'post',
    params: (target) => ({ ...room(target), nonce: `n${nonces++}`, body: textBody('x') }),
  },
  'rooms.typing': { action: 'type', params: room },
  'messages.history': { action: 'look', params: room },
  'messages.read': { action: 'mark-read', params: (target) => ({ ...room(target), seq: 0 }) },
  'messages.react': {
    action: 'react',
    params: (target) => ({ ...room(target), seq: 1, nonce: `n${nonces++}`, reaction: '!' }),
  },
  'messages.pin': {
    action: 'pin',
    params: (target) => ({ ...room(target), seq: 1, nonce: `n${nonces++}`, pinned: true }),
  },
  'messages.pins': { action: 'look', params: room },
  'messages.changes': { action: 'look', params: (target) => ({ ...room(target), after: 0 }) },
  'messages.readers': { action: 'look', params: (target) => ({ ...room(target), seq: 1 }) },
  'messages.hide': { action: 'mark-read', params: (target) => ({ ...room(target), seqs: [1] }) },
  'messages.hidden': { action: 'look', params: room },
  'rooms.mark': { action: 'mark-read', params: (target) => ({ ...room(target), unread: false }) },
  'rooms.members': { action: 'look', params: room },
  'rooms.get': { action: 'look', params: room },
  'rooms.join': { action: 'join', params: room },
  'rooms.invite': { action: 'invite', params: onStranger },
  'rooms.update': { action: 'update', params: (target) => ({ ...room(target), topic: 'tea' }) },
  'rooms.mute': { action: 'mute', params: (target) => ({ ...onMember(target), until: LATER }) },
  'rooms.unmute': { action: 'mute', params: onMember },
  'rooms.bans': { action: 'ban', params: room },
  'rooms.unban': { action: 'ban', params: onStranger, otherwise: 'not_found' },
  'rooms.requests': { action: 'decide-requests', params: room },
  'rooms.approve': { action: 'decide-requests', params: onStranger, otherwise: 'not_found' },
  'rooms.decline': { action: 'decide-requests', params: onStranger, otherwise: 'not_found' },
  'rooms.link-create': { action: 'manage-links', params: room },
  'rooms.links': { action: 'manage-links', params: room },
  'rooms.link-revoke': {
    action: 'manage-links',
    params: (target) => ({ ...room(target), link: 'none' }),
    otherwise: 'not_found',
  },
  'rooms.role': { action: 'set-role', params: (target) => ({ ...onMember(target), role: 'admin' }) },
  'rooms.kick': { action: 'kick', params: onMember },
  'rooms.ban': { action: 'ban', params: onStranger },
  'rooms.leave': { action: 'leave', params: room },
  'rooms.transfer': { action: 'transfer', params: onMember },
  'rooms.delete': { action: 'delete', params: room },
};

type Form = 'group' | 'channel' | 'announcement' | 'approval' | 'invite' | 'direct' | 'deleted';
const FORMS: readonly Form[] = ['group', 'channel', 'announcement', 'approval', 'invite', 'direct', 'deleted'];
const STANDINGS: readonly Standing[] = ['owner', 'admin', 'member', 'muted', 'none', 'banned'];

/** Whoever wrote the message may, which the rules of changes show. */
const BY_AUTHOR: ReadonlySet<string> = new Set(['messages.edit', 'messages.recall', 'messages.forward']);

/** Params that every method takes which is not there yet. */
const COMPLETE = {
  room: 'r',
  seq: 1,
  seqs: [1],
  nonce: 'n',
  body: textBody('x'),
  reaction: '!',
  pinned: true,
  unread: true,
  after: 0,
  from: { room: 'r', seq: 1 },
} as const;

/** A room of this form as the table sees it. */
function stateOf(form: Form): RoomState {
  const kind = form === 'channel' || form === 'direct' ? form : 'group';
  const joinPolicy = form === 'approval' || form === 'invite' ? form : 'open';
  const fields = { ...INITIAL_FIELDS, title: '', announcement: form === 'announcement', joinPolicy };
  return { kind, fields, deletedAt: form === 'deleted' ? 1 : 0 } as RoomState;
}

describe('permissions', () => {
  let server: TestServer;
  let people: Record<Standing | 'bystander' | 'outsider', Account>;
  let clients: Record<Standing, RawClient>;
  beforeAll(async () => {
    server = await startServer();
    const names = [...STANDINGS, 'bystander', 'outsider'] as const;
    const accounts = await newAccounts(server.url, names);
    people = Object.fromEntries(names.map((name, index) => [name, accounts[index]])) as typeof people;
    const greeted = STANDINGS.map(async (name) => [name, await RawClient.greet(server.url, people[name].token)]);
    clients = Object.fromEntries(await Promise.all(greeted)) as typeof clients;
  });
  afterAll(() => server[Symbol.asyncDispose]());

  /** A new room of this form in which `standing` is what it says. */
  async function make(form: Form, standing: Standing): Promise<Target> {
    const owner = clients.owner;
    const outside = { member: people.bystander.id, stranger: people.outsider.id };
    if (form === 'direct') {
      const inside = standing !== 'none' && standing !== 'banned';
      const by = inside ? clients[standing] : owner;
      const { room: id } = await by.ok('rooms.direct', { user: people.bystander.id });
      await by.post(id, 'the first');
      return { ...outside, room: id };
    }
    const kind = form === 'channel' ? 'channel' : 'group';
    const members = ['admin', 'member', 'muted', 'bystander'] as const;
    const created = await owner.ok('rooms.create', { kind, members: members.map((name) => people[name].id) });
    const target = { ...outside, room: created.room };
    await owner.post(target.room, 'the first');
    await owner.ok('rooms.role', { room: target.room, user: people.admin.id, role: 'admin' });
    await owner.ok('rooms.mute', { room: target.room, user: people.muted.id, until: LATER });
    await owner.ok('rooms.ban', { room: target.room, user: people.banned.id });
    const { announcement, joinPolicy } = stateOf(form).fields;
    await owner.ok('rooms.update', { room: target.room, announcement, joinPolicy });
    if (form === 'deleted') await owner.ok('rooms.delete', { room: target.room });
    return target;
  }

  test('[GRP10] no method that names a room is missing here, but for those that are not there yet', async () => {
    const named = Object.entries<{ readonly params: TSchema }>(METHODS)
      .filter(([, { params }]) => params.required?.includes('room'))
      .map(([method]) => method);
    for (const method of named.filter((each) => !(each in ROWS || BY_AUTHOR.has(each)))) {
      const { fault } = await clients.owner.ask(method, COMPLETE);
      expect({ method, code: fault?.code }).toEqual({ method, code: 'unsupported' });
    }
    expect(Object.keys(ROWS).filter((method) => !named.includes(method))).toEqual([]);
    const spoken = new Set(Object.values(ROWS).map(({ action }) => action));
    expect((Object.keys(PERMISSIONS) as RoomAction[]).filter((action) => !spoken.has(action))).toEqual([
      'open',
      'mention-all',
      'recall-any',
      'enter',
    ]);
  });

  for (const form of FORMS) {
    for (const standing of STANDINGS) {
      test(`[GRP11] the table holds over the wire: ${standing}, ${form}`, async () => {
        const state = stateOf(form);
        let target = await make(form, standing);
        for (const method of Object.keys(ROWS) as RoomMethod[]) {
          const { action, params, otherwise } = ROWS[method] as Row;
          // Who is banned is told so only where they want to come in; to all else they are no member.
          const seen = standing === 'banned' && action !== 'join' ? 'none' : standing;
          const refusal = refusalFor(action, state, seen);
          const { fault } = await clients[standing].ask(method, params(target));
          const expected = refusal ?? (otherwise === undefined ? null : { code: otherwise });
          const code: string | null = fault?.code ?? null;
          expect({ method, code }).toEqual({ method, code: expected?.code ?? null });
          if (refusal !== undefined)
            expect({ method, message: fault?.message }).toEqual({ method, message: refusal.message });
          // What was done changes who is what: the next method meets a room as it was.
          else if (CHANGING.has(method) && form !== 'deleted') target = await make(form, standing);
        }
      });
    }
  }
});

const CHANGING: ReadonlySet<string> = new Set([
  'rooms.join',
  'rooms.invite',
  'rooms.mute',
  'rooms.role',
  'rooms.kick',
  'rooms.ban',
  'rooms.leave',
  'rooms.transfer',
  'rooms.delete',
]);
