import { describe, expect, test } from 'bun:test';
import { LIMITS } from '../../protocol/limits.ts';
import { evenPlacement, pinnedId } from '../../runtime/placement.ts';
import type { Reply } from '../../runtime/reply.ts';
import type { TokenRecord } from '../../storage/ports/records.ts';
import { Probe } from '../../testkit/probe.ts';
import { TestShard } from '../../testkit/test-shard.ts';
import { sessionKind } from '../session/messages.ts';
import { recordsKind } from '../storage/records.ts';
import { type AttachedSession, userKind } from './messages.ts';
import { SESSION_LEASE_MS } from './open-sessions.ts';
import { user } from './user.ts';

const LOST = { code: 'unavailable', message: 'no answer', retryAfter: 500 };
const ANN = { id: 'ann', username: 'Ann', passwordHash: '', createdAt: 0 };
const MAX_SOCKETS = 2;

/** Ann's actor, with records that know the tokens in `tokens` and the rooms in `rooms`; slow ones leave tokens to the test. */
function bed({ slowTokens = false } = {}) {
  const shard = new TestShard({ placement: evenPlacement(1, { records: 0 }) });
  const tokens = new Set(['old']);
  const rooms = new Set(['lobby']);
  const records = new Probe(shard, recordsKind, 'all');
  const session = new Probe(shard, sessionKind, pinnedId(0, 0));
  const tokenOf = (tokenHash: string): TokenRecord => ({
    userId: 'ann',
    username: 'Ann',
    device: 'd',
    tokenHash,
    createdAt: 0,
    expiresAt: Number.MAX_SAFE_INTEGER,
  });
  records.answer('usersById', () => [ANN]);
  records.answer('membershipsOf', () => [...rooms].map((room) => ({ room, role: 'member', read: 0 })));
  const lookUp = (hash: string): TokenRecord | null => (tokens.has(hash) ? tokenOf(hash) : null);
  if (!slowTokens) records.answer('tokenByHash', ({ args }) => lookUp(String(args[1])));
  shard.register(userKind, user({ policy: 'device', tokenTtlMs: 1e12, maxTokens: 8, maxSockets: MAX_SOCKETS }));
  const ann = shard.ref(userKind, 'ann');
  const attach = (socket: number, tokenHash = 'old'): Promise<Reply<AttachedSession>> =>
    shard.ask(ann, { type: 'attach', session: { thread: 0, socket }, tokenHash });
  return { shard, tokens, rooms, records, session, ann, attach, tokenOf };
}

describe('open sessions', () => {
  test('[USR1] a session that ended unheard is forgotten after its lease; one that attaches again is not', async () => {
    const { shard, attach } = bed();
    await attach(1);
    await attach(2);
    expect(await attach(3)).toMatchObject({ ok: false, fault: { code: 'rate_limited' } });
    for (let beats = 0; beats < 6; beats++) {
      shard.advance(LIMITS.heartbeatMs);
      expect((await attach(1)).ok).toBe(true);
    }
    expect(SESSION_LEASE_MS).toBeLessThan(LIMITS.heartbeatMs * 6);
    expect((await attach(3)).ok).toBe(true);
    expect((await attach(4)).ok).toBe(false);
    expect((await attach(1)).ok).toBe(true);
  });

  test('[USR5] a session that asks again before it was answered is attached all the same; one that ended meanwhile is not', async () => {
    const { shard, records, ann, attach, tokenOf } = bed({ slowTokens: true });
    const [first, again, ended] = [attach(1), attach(1), attach(2)];
    for (const type of ['usersById', 'membershipsOf'] as const) records.expect(type);
    const asked = [1, 2, 3].map(() => records.expectAsk('tokenByHash'));
    shard.tell(ann, { type: 'detach', session: { thread: 0, socket: 2 } });
    shard.settle();
    for (const { replyTo } of asked) replyTo?.settle(tokenOf('old'), undefined);
    shard.settle();
    expect([await first, await again].map((reply) => reply?.ok)).toEqual([true, true]);
    expect(await ended).toMatchObject({ ok: false, fault: { code: 'unauthenticated' } });
  });

  test('[USR1] silent sessions do not keep a user in memory', async () => {
    const { shard, ann, attach } = bed();
    await attach(1);
    shard.advance(SESSION_LEASE_MS - 5_000);
    expect(shard.shard.activeCell(ann)).toBeDefined();
    shard.advance(120_000);
    expect(shard.shard.activeCell(ann)).toBeUndefined();
  });

  test('[USR2] a kick is repeated until the session has answered, and not for longer than the session may live', async () => {
    const { shard, tokens, records, session, ann, attach } = bed();
    await attach(1);
    records.answer('deleteToken', () => tokens.delete('old'));
    expect((await shard.ask(ann, { type: 'revoke-token', tokenHash: 'old' })).ok).toBe(true);
    for (let time = 0; time < 5; time++) {
      session.expectAsk('kick').replyTo?.settle(undefined, LOST);
      session.expectNothing();
      shard.advance(500);
    }
    session.expectAsk('kick').replyTo?.settle({}, undefined);
    shard.advance(10_000);
    session.expectNothing();

    tokens.add('new');
    await attach(2, 'new');
    await shard.ask(ann, { type: 'revoke-token', tokenHash: 'new' });
    session.fail('kick', LOST);
    shard.advance(SESSION_LEASE_MS + 5_000);
    const tried = session.waiting.length;
    expect(tried).toBeGreaterThan(10);
    shard.advance(60_000);
    expect(session.waiting).toHaveLength(tried);
  });
});

describe('tokens', () => {
  test('[USR3] a login whose outcome is unknown leaves no dead token alive: each is looked up again', async () => {
    const { shard, tokens, records, session, ann, attach } = bed();
    await attach(1);
    // The records have replaced the token, and the answer was lost.
    records.fail('saveToken', LOST);
    tokens.delete('old');
    tokens.add('lost');
    const login = await shard.ask(ann, { type: 'issue-token', tokenHash: 'lost', device: 'd' });
    expect(login).toMatchObject({ ok: false, fault: { code: 'unavailable' } });
    session.expectAsk('kick').replyTo?.settle({}, undefined);
    expect(await attach(1)).toMatchObject({ ok: false, fault: { code: 'unauthenticated' } });
  });

  test('[USR3] while the records are away it is tried again; a token that is still there lives on', async () => {
    const { shard, records, session, ann, attach } = bed();
    await attach(1);
    for (const type of ['saveToken', 'tokenByHash'] as const) records.fail(type, LOST);
    await shard.ask(ann, { type: 'issue-token', tokenHash: 'lost', device: 'd' });
    shard.advance(3_000);
    session.expectNothing();
    expect((await attach(1)).ok).toBe(true);
  });
});

describe('tokens that others ended', () => {
  test('[USR6] their sessions are closed and they are known no more, however often it is told; others live on', async () => {
    const { shard, tokens, records, session, ann, attach } = bed();
    tokens.add('other');
    await attach(1);
    await attach(2, 'other');
    tokens.delete('old');
    for (let time = 0; time < 3; time++) shard.tell(ann, { type: 'tokens-died', hashes: ['old', 'never known'] });
    session.expectAsk('kick').replyTo?.settle({}, undefined);
    session.expectNothing();
    expect(await attach(1)).toMatchObject({ ok: false, fault: { code: 'unauthenticated' } });
    const asked = records.waiting.length;
    expect((await attach(2, 'other')).ok).toBe(true);
    expect(records.waiting).toHaveLength(asked);
  });

  test('[USR6] a token that was read while it lived, and is answered after its death was told, dies when it is told again', async () => {
    const { shard, records, session, ann, attach, tokenOf } = bed({ slowTokens: true });
    const attached = attach(1);
    for (const type of ['usersById', 'membershipsOf'] as const) records.expect(type);
    const asked = records.expectAsk('tokenByHash');
    shard.tell(ann, { type: 'tokens-died', hashes: ['old'] });
    shard.settle();
    asked.replyTo?.settle(tokenOf('old'), undefined);
    shard.settle();
    expect((await attached).ok).toBe(true);
    session.expectNothing();
    shard.tell(ann, { type: 'tokens-died', hashes: ['old'] });
    expect(session.expect('kick').code).toBe(4403);
  });

  test('[USR7] the old hash of a renewal dies before the renewal is answered: its sessions live on', async () => {
    const { shard, tokens, records, session, ann, attach } = bed();
    await attach(1);
    while (records.waiting.length > 0) records.expect(records.waiting[0]?.message.type ?? 'room');
    const renewed = shard.ask(ann, { type: 'renew-token', tokenHash: 'old', newTokenHash: 'new' });
    const asked = records.expectAsk('renewToken');
    tokens.delete('old');
    tokens.add('new');
    shard.tell(ann, { type: 'tokens-died', hashes: ['old'] });
    shard.tell(ann, { type: 'look-again' });
    shard.settle();
    session.expectNothing();
    asked.replyTo?.settle(true, undefined);
    shard.settle();
    expect((await renewed).ok).toBe(true);
    shard.tell(ann, { type: 'tokens-died', hashes: ['old'] });
    expect(session.expect('token-renewed').tokenHash).toBe('new');
    session.expectNothing();
  });

  test('[USR7] one that died before it could be renewed closes its sessions', async () => {
    const { shard, tokens, records, session, ann, attach } = bed();
    await attach(1);
    while (records.waiting.length > 0) records.expect(records.waiting[0]?.message.type ?? 'room');
    const renewed = shard.ask(ann, { type: 'renew-token', tokenHash: 'old', newTokenHash: 'new' });
    const asked = records.expectAsk('renewToken');
    tokens.delete('old');
    asked.replyTo?.settle(false, undefined);
    shard.settle();
    expect(await renewed).toMatchObject({ ok: false, fault: { code: 'unauthenticated' } });
    expect(session.expect('kick').code).toBe(4403);
  });

  test('[USR8] who has to look again keeps what the records still have, and asks until they answer', async () => {
    const { shard, tokens, records, session, ann, attach } = bed();
    tokens.add('other');
    await attach(1);
    await attach(2, 'other');
    tokens.delete('old');
    records.fail('tokenByHash', LOST);
    shard.tell(ann, { type: 'look-again' });
    shard.advance(2_000);
    session.expectNothing();
    records.answer('tokenByHash', ({ args }) => (tokens.has(String(args[1])) ? { tokenHash: args[1] } : null));
    shard.advance(500);
    const kicked = session.expectAsk('kick');
    expect(kicked.id).toBe(pinnedId(0, 1));
    kicked.replyTo?.settle({}, undefined);
    session.expectNothing();
    expect((await attach(2, 'other')).ok).toBe(true);
  });
});

describe('memberships', () => {
  test('[USR4] one that no room lived to tell of is found when a session attaches again, and the others are told', async () => {
    const { shard, rooms, session, attach } = bed();
    await attach(1);
    rooms.add('den');
    rooms.delete('lobby');
    expect(await attach(1)).toMatchObject({ value: { rooms: ['lobby'] } });
    session.expectNothing();
    shard.advance(LIMITS.heartbeatMs);
    await attach(1);
    expect(session.expect('room-entered').room).toBe('den');
    expect(await attach(1)).toMatchObject({ value: { rooms: ['den'] } });
  });

  test('[USR4] what a room tells while they are read again counts more than what was read', async () => {
    const { shard, rooms, records, session, ann, attach } = bed();
    await attach(1);
    const before = [...rooms].map((room) => ({ room, role: 'member', read: 0 }));
    records.answer('membershipsOf', () => {
      shard.tell(ann, { type: 'entered', room: 'den' });
      shard.tell(ann, { type: 'left', room: 'lobby' });
      return before;
    });
    shard.advance(LIMITS.heartbeatMs);
    await attach(1);
    expect(session.expect('room-entered').room).toBe('den');
    expect(await attach(1)).toMatchObject({ value: { rooms: ['den'] } });
  });
});

describe('while storage is away', () => {
  test('[USR9] a user who cannot be loaded refuses at once, does not fail, and is there when storage is', async () => {
    const { shard, rooms, records, attach } = bed();
    records.fail('usersById', LOST);
    expect(await attach(1)).toMatchObject({ ok: false, fault: { code: 'unavailable' } });
    records.answer('usersById', () => [ANN]);
    records.fail('membershipsOf', LOST);
    shard.advance(20_000);
    expect(await attach(1)).toMatchObject({ ok: false, fault: { code: 'unavailable' } });
    records.answer('membershipsOf', () => [...rooms].map((room) => ({ room, role: 'member', read: 0 })));
    shard.advance(6_000);
    expect(await attach(1)).toMatchObject({ ok: true, value: { rooms: ['lobby'] } });
    expect(shard.log.lines).toEqual([]);
  });
});
