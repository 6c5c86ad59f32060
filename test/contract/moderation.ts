/** What every driver of moderation does, whatever it is made of. */
import { describe, expect, test } from 'bun:test';
import {
  deletedName,
  FOREVER,
  type Moderation,
  type NewAudit,
  type NewReport,
  PLAIN,
} from '../../src/storage/ports/moderation.ts';
import type { Records, TokenRecord } from '../../src/storage/ports/records.ts';
import { faultOf } from './fault-of.ts';

/** Without a row in them; on the same users. */
export interface ModerationDriver extends AsyncDisposable {
  open(): OpenModeration | Promise<OpenModeration>;
}

export interface OpenModeration {
  readonly records: Records;
  readonly moderation: Moderation;
}

const ann = { id: 'id of ann', username: 'ann', passwordHash: 'secret', createdAt: 1 };
const bob = { id: 'id of bob', username: 'bob', passwordHash: 'secret', createdAt: 1 };

const did = (action: string, target: string, at = 100): NewAudit => ({
  at,
  actor: bob.id,
  action,
  target,
  detail: '{}',
});
const tokenOf = (tokenHash: string, createdAt = 10): TokenRecord => ({
  userId: ann.id,
  username: ann.username,
  device: tokenHash,
  tokenHash,
  createdAt,
  expiresAt: 1_000,
});
const reported: NewReport = {
  reporter: bob.id,
  user: ann.id,
  room: 'room',
  seq: 3,
  reason: 'änderte „alles“',
  evidence: Uint8Array.of(0, 255, 7),
  createdAt: 50,
};

export function moderationContract(name: string, makeDriver: () => ModerationDriver | Promise<ModerationDriver>): void {
  const open = async (): Promise<OpenModeration & AsyncDisposable> => {
    const driver = await makeDriver();
    const { records, moderation } = await driver.open();
    await records.createUser(ann);
    await records.createUser(bob);
    return {
      records,
      moderation,
      async [Symbol.asyncDispose]() {
        await moderation.close();
        await records.close();
        await driver[Symbol.asyncDispose]();
      },
    };
  };

  describe(`moderation: ${name}`, () => {
    standingRules(open);
    deletionRules(open);
    reportRules(open);
    auditRules(open);
  });
}

type Open = () => Promise<OpenModeration & AsyncDisposable>;

const actionsOf = async (moderation: Moderation): Promise<string[]> =>
  (await moderation.audit(FOREVER, 100)).map(({ action, target }) => `${action} ${target}`);

function standingRules(open: Open): void {
  test('[MOD1] who is nothing has the plain standing, and a right is granted and taken once, each with its entry', async () => {
    await using opened = await open();
    const { moderation } = opened;
    expect(await moderation.standing(ann.id)).toEqual(PLAIN);
    expect(await moderation.standing('nobody')).toEqual(PLAIN);
    expect(await moderation.setAdmin(ann.id, true, did('grant', ann.id))).toBe(true);
    expect(await moderation.setAdmin(ann.id, true, did('again', ann.id))).toBe(false);
    expect(await moderation.standing(ann.id)).toEqual({ ...PLAIN, admin: true });
    expect(await moderation.setAdmin(ann.id, false, did('revoke', ann.id))).toBe(true);
    expect(await moderation.setAdmin(bob.id, false, did('nothing', bob.id))).toBe(false);
    expect(await faultOf(() => moderation.setAdmin('nobody', true, did('grant', 'nobody')))).toBe('refused');
    expect(await moderation.standing(ann.id)).toEqual(PLAIN);
    expect(await actionsOf(moderation)).toEqual([`revoke ${ann.id}`, `grant ${ann.id}`]);
  });

  test('[MOD2] a suspension ends all tokens as deaths that are told, and none is issued until it is over', async () => {
    await using opened = await open();
    const { records, moderation } = opened;
    await records.saveToken(tokenOf('a'), 'device', 10);
    await records.saveToken(tokenOf('b'), 'device', 10);
    const gone = await moderation.suspend(ann.id, 500, 'spam', did('suspend', ann.id));
    expect([...gone].sort()).toEqual(['a', 'b']);
    expect(await records.devicesOf(ann.id)).toEqual([]);
    const { tokens } = await records.deadTokens(0, 10);
    expect(tokens.map(({ tokenHash }) => tokenHash).sort()).toEqual(['a', 'b']);
    expect(await moderation.standing(ann.id)).toEqual({ ...PLAIN, suspendedUntil: 500, reason: 'spam' });
    expect(await faultOf(() => records.saveToken(tokenOf('c', 499), 'device', 10))).toBe('refused');
    expect(await records.devicesOf(ann.id)).toEqual([]);
    expect(await records.saveToken(tokenOf('d', 500), 'device', 10)).toEqual([]);
    expect(await faultOf(() => moderation.suspend('nobody', 500, '', did('suspend', 'nobody')))).toBe('refused');
  });

  test('[MOD2] a suspension may be for ever, replaced, and lifted once', async () => {
    await using opened = await open();
    const { records, moderation } = opened;
    await moderation.suspend(ann.id, 500, 'first', did('suspend', ann.id));
    expect(await moderation.suspend(ann.id, FOREVER, 'second', did('suspend', ann.id))).toEqual([]);
    expect(await moderation.standing(ann.id)).toEqual({ ...PLAIN, suspendedUntil: FOREVER, reason: 'second' });
    expect(await moderation.lift(ann.id, did('lift', ann.id))).toBe(true);
    expect(await moderation.lift(ann.id, did('lift', ann.id))).toBe(false);
    expect(await moderation.standing(ann.id)).toEqual(PLAIN);
    expect(await records.saveToken(tokenOf('c'), 'device', 10)).toEqual([]);
    expect(await actionsOf(moderation)).toEqual([`lift ${ann.id}`, `suspend ${ann.id}`, `suspend ${ann.id}`]);
  });

  test('[BOT1] a bot is a user with a name of its own that is no other’s', async () => {
    await using opened = await open();
    const { records, moderation } = opened;
    const bot = { id: 'id of bot', username: 'helper', passwordHash: 'unknown', createdAt: 5 };
    expect(await moderation.createBot(bot, did('bot', bot.id))).toBe(true);
    expect(await moderation.createBot({ ...bot, id: 'other' }, did('bot', 'other'))).toBe(false);
    expect(await records.userByName('helper')).toEqual(bot);
    expect(await records.userById('other')).toBeNull();
    expect(await moderation.standing(bot.id)).toEqual({ ...PLAIN, bot: true });
    expect(await actionsOf(moderation)).toEqual([`bot ${bot.id}`]);
  });
}

function deletionRules(open: Open): void {
  test('[EXP1] a deleted account has no name, no password and no token, and never gets one again', async () => {
    await using opened = await open();
    const { records, moderation } = opened;
    await records.saveToken(tokenOf('a'), 'device', 10);
    await moderation.setAdmin(ann.id, true, did('grant', ann.id));
    expect(await moderation.deleteAccount(ann.id, did('delete', ann.id, 77))).toEqual(['a']);
    expect(await moderation.deleteAccount(ann.id, did('delete', ann.id, 88))).toEqual([]);
    expect(await moderation.standing(ann.id)).toEqual({ ...PLAIN, deletedAt: 77 });
    expect(await records.userByName('ann')).toBeNull();
    expect(await records.userById(ann.id)).toEqual({ ...ann, username: deletedName(ann.id), passwordHash: '' });
    const late = { ...tokenOf('b', FOREVER - 1), username: deletedName(ann.id) };
    expect(await faultOf(() => records.saveToken(late, 'device', 10))).toBe('refused');
    expect(await records.createUser({ ...ann, id: 'another' })).toBe(true);
    expect(await faultOf(() => moderation.deleteAccount('nobody', did('delete', 'nobody')))).toBe('refused');
    expect(await actionsOf(moderation)).toEqual([`delete ${ann.id}`, `grant ${ann.id}`]);
  });
}

function reportRules(open: Open): void {
  test('[MOD3] a report is kept with its evidence byte for byte, and once while it is open', async () => {
    await using opened = await open();
    const { moderation } = opened;
    const first = await moderation.report(reported);
    expect(first).toBeGreaterThan(0);
    expect(await moderation.report({ ...reported, reason: 'the same again' })).toBe(0);
    expect(await moderation.report({ ...reported, seq: 4 })).toBeGreaterThan(first);
    expect(await moderation.report({ ...reported, reporter: ann.id })).toBeGreaterThan(0);
    expect([await moderation.openReportsOf(bob.id), await moderation.openReportsOf('nobody')]).toEqual([2, 0]);
    const [, , oldest] = await moderation.reports('open', FOREVER, 10);
    const unresolved = { state: 'open' as const, resolvedBy: '', resolvedAt: 0, note: '' };
    expect(oldest).toEqual({ ...reported, id: first, ...unresolved });
  });

  test('[MOD3] reports are read newest first by cursor, and a resolved one may be filed anew', async () => {
    await using opened = await open();
    const { moderation } = opened;
    const ids: number[] = [];
    for (let seq = 1; seq <= 5; seq += 1) ids.unshift(await moderation.report({ ...reported, seq }));
    const page = await moderation.reports('open', FOREVER, 2);
    expect(page.map(({ id }) => id)).toEqual(ids.slice(0, 2));
    const rest = await moderation.reports('open', page[1]?.id ?? 0, 10);
    expect(rest.map(({ id }) => id)).toEqual(ids.slice(2));
    const target = ids[4] as number;
    expect(await moderation.resolve(target, 'done', did('resolve', String(target), 60))).toBe(true);
    expect(await moderation.resolve(target, 'again', did('resolve', String(target)))).toBe(false);
    expect(await moderation.resolve(1_000_000, 'none', did('resolve', 'none'))).toBe(false);
    const [resolved] = await moderation.reports('resolved', FOREVER, 10);
    expect([resolved?.id, resolved?.resolvedBy, resolved?.resolvedAt, resolved?.note]).toEqual([
      target,
      bob.id,
      60,
      'done',
    ]);
    expect(await moderation.report({ ...reported, seq: 1 })).toBeGreaterThan(0);
    expect(await actionsOf(moderation)).toEqual([`resolve ${target}`]);
  });
}

function auditRules(open: Open): void {
  test('[MOD4] the log of actions ascends, is read by cursor, and keeps what it was given', async () => {
    await using opened = await open();
    const { moderation } = opened;
    const detail = JSON.stringify({ reason: 'a “quoted” reason', emoji: '🦉' });
    for (let at = 1; at <= 4; at += 1) await moderation.log({ ...did('note', `room/${at}`, at), detail });
    const page = await moderation.audit(FOREVER, 3);
    expect(page.map(({ at, target }) => [at, target])).toEqual([
      [4, 'room/4'],
      [3, 'room/3'],
      [2, 'room/2'],
    ]);
    expect(page[0]).toEqual({ ...did('note', 'room/4', 4), detail, id: page[0]?.id ?? 0 });
    expect((await moderation.audit(page[2]?.id ?? 0, 3)).map(({ at }) => at)).toEqual([1]);
  });
}
